//! Published files whose places the manifest does not give to their objects any more: an edit of a path left them where they were.
//!
//! Invariant: an edited path takes nothing away. The list that says what belongs to a history or a selection may fail
//! just when its path is edited; its files are then known by what they are, and move to their new places.

use std::collections::BTreeMap;

use super::Expander;
use super::named::slot_files;
use crate::desired::SyncSpec;
use crate::object::{ObjectId, Source, VersionId};
use crate::path::RelativePath;
use crate::payload::FileRecord;

/// A file of one object that no entry of that object has.
pub(super) struct LeftBehind<'f> {
    pub(super) path: &'f RelativePath,
    pub(super) record: &'f FileRecord,
    pub(super) source: &'f Source,
    pub(super) version: &'f VersionId,
}

impl<'f> Expander<'f> {
    /// The published files of single objects at places that are another object's now or nobody's, the first slots first.
    pub(super) fn left_behind(&self) -> Vec<LeftBehind<'f>> {
        let named = self.named.get_or_init(|| named(self.spec));
        let files = self.facts.published.files().filter_map(|(path, file)| {
            let (source, version) = file.record.object()?;
            let is_left =
                is_left(named.get(path), &source.object) && !self.spec.may_select(&source.object, path);
            is_left.then_some(LeftBehind {
                path,
                record: &file.record,
                source,
                version,
            })
        });
        let mut files: Vec<_> = files.collect();
        files.sort_by_key(|file| file.path.slot());
        files
    }
}

/// Whether a file of an object is where the manifest does not want it. Whose a template's place is, the template says.
fn is_left(place: Option<&Option<ObjectId>>, object: &ObjectId) -> bool {
    match place {
        None => true,
        Some(wanted) => wanted.as_ref().is_some_and(|wanted| wanted != object),
    }
}

/// The paths that the manifest names, each with its object; of a history, all that it may have.
fn named(spec: &SyncSpec) -> BTreeMap<RelativePath, Option<ObjectId>> {
    let objects = spec.objects.iter().flat_map(|object| {
        let files = match object.history {
            None => object.files.clone(),
            Some(count) => (0..count.get().into())
                .flat_map(|slot| slot_files(&object.files, slot))
                .collect(),
        };
        let id = Some(&object.wanted.object);
        files.into_iter().map(move |file| (file.path, id.cloned()))
    });
    let templates = spec
        .templates
        .iter()
        .map(|template| (template.path.clone(), None));
    objects.chain(templates).collect()
}
