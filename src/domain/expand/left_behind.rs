//! Published files that nothing in the manifest has any more: an edit of a path left them where they were.
//!
//! Invariant: an edited path takes nothing away. The list that says what belongs to a history or a selection may fail
//! just when its path is edited; its files are then known by what they are, and move to their new places.

use std::collections::BTreeSet;

use super::Expander;
use super::named::slot_files;
use crate::domain::desired::SyncSpec;
use crate::domain::object::{Source, VersionId};
use crate::domain::path::RelativePath;
use crate::domain::payload::FileRecord;

/// A file of one object that no entry has.
pub(super) struct LeftBehind<'f> {
    pub(super) path: &'f RelativePath,
    pub(super) record: &'f FileRecord,
    pub(super) source: &'f Source,
    pub(super) version: &'f VersionId,
}

impl<'f> Expander<'f> {
    /// The published files of single objects at places that no entry has, the first slots first.
    pub(super) fn left_behind(&self) -> Vec<LeftBehind<'f>> {
        let named = self.named.get_or_init(|| named(self.spec));
        let files = self.facts.published.files().filter_map(|(path, file)| {
            let (source, version) = file.record.object()?;
            let is_selected = || {
                let mut selections = self.spec.selections.iter();
                selections
                    .any(|spec| spec.vault == source.object.vault && spec.may_have(&source.object, path))
            };
            (!named.contains(path) && !is_selected()).then_some(LeftBehind {
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

/// The paths that the manifest names; of a history, all that it may have.
fn named(spec: &SyncSpec) -> BTreeSet<RelativePath> {
    let objects = spec.objects.iter().flat_map(|object| match object.history {
        None => object.files.clone(),
        Some(count) => (0..count.get().into())
            .flat_map(|slot| slot_files(&object.files, slot))
            .collect(),
    });
    let templates = spec.templates.iter().map(|template| template.path.clone());
    objects.map(|file| file.path).chain(templates).collect()
}
