//! What a file says does not get lost when its path is edited: it is at the new path, or still at the old one, until the
//! manifest or the vault says that it goes.

use std::collections::BTreeSet;

use super::expected::Publish;
use crate::domain::desired::{Content, ObjectSpec, SelectionSpec, VersionPolicy};
use crate::domain::object::{ObjectId, VersionId};
use crate::domain::path::RelativePath;
use crate::domain::payload::FileRecord;

/// A file: where it is, and of which version.
type At<'f> = (&'f RelativePath, &'f VersionId);

impl Publish<'_> {
    pub(super) fn content_is_kept(&self) {
        if self.records_lost {
            return;
        }
        for object in &self.spec.objects {
            match object.history {
                None => self.one_version_is_kept(object),
                Some(count) => self.a_history_is_kept(object, count.get().into()),
            }
        }
        for selection in &self.spec.selections {
            self.a_selection_is_kept(selection);
        }
    }

    /// The files of an object in a form, before.
    fn had(&self, object: &ObjectId, content: &Content) -> Vec<At<'_>> {
        let files = self.before.iter();
        let of_object = files.filter_map(|(path, (_, record))| {
            let version = version_of(record, object, content)?;
            Some((path, version))
        });
        of_object.collect()
    }

    /// Whether there are bytes of it still, in this version or in any.
    fn has(&self, object: &ObjectId, content: &Content, wanted: Option<&VersionId>) -> bool {
        let mut records = self.after.values().map(|(_, record)| record);
        records.any(|record| {
            let version = version_of(record, object, content);
            version.is_some_and(|version| wanted.is_none_or(|wanted| wanted == version))
        })
    }

    fn one_version_is_kept(&self, object: &ObjectSpec) {
        let wanted = &object.wanted;
        for file in &object.files {
            let mut had = self.had(&wanted.object, &file.content);
            match &wanted.version {
                VersionPolicy::Exact(pinned) => had.retain(|(_, version)| *version == pinned),
                VersionPolicy::Latest | VersionPolicy::LatestEnabled | VersionPolicy::CreatedBefore(_) => {}
            }
            let there = self.after.get(&file.path);
            let is_there =
                there.is_some_and(|(_, record)| version_of(record, &wanted.object, &file.content).is_some());
            let stays = if wanted.version == VersionPolicy::Latest {
                had.iter().any(|(at, _)| self.after.contains_key(*at))
            } else {
                // Another entry of the object may have had it, and this one may ask for another version.
                self.has(&wanted.object, &file.content, None)
            };
            assert!(
                is_there || stays || had.is_empty(),
                "the bytes for {} got lost: {had:?}",
                file.path
            );
        }
    }

    fn a_history_is_kept(&self, object: &ObjectSpec, count: usize) {
        let ObjectSpec { wanted, files, .. } = object;
        let slots = |path: &RelativePath| {
            let mut slots = (0..count).map(|slot| files[0].path.join(&slot.to_string()));
            slots.any(|slot| slot == *path)
        };
        let mut had = self.had(&wanted.object, &files[0].content);
        had.retain(|(at, _)| is_slot(at));
        let at_its_path: BTreeSet<_> = had
            .iter()
            .filter(|(at, _)| slots(at))
            .map(|(_, of)| *of)
            .collect();
        let all: BTreeSet<_> = had.iter().map(|(_, version)| *version).collect();
        let kept: BTreeSet<&VersionId> = match self.told_versions(object, count) {
            Some(told) => all.into_iter().filter(|version| told.contains(version)).collect(),
            None if at_its_path.is_empty() => {
                // Identifiers of later versions are greater here.
                all.into_iter().rev().take(count).collect()
            }
            None => at_its_path,
        };
        for version in kept {
            assert!(
                self.has(&wanted.object, &files[0].content, Some(version)),
                "{version} of {wanted} got lost"
            );
        }
    }

    /// The versions that the vault said last belong to a history; none when it did not say, or when it has none that may.
    fn told_versions(&self, object: &ObjectSpec, count: usize) -> Option<Vec<VersionId>> {
        let list = self.lists.versions(&object.wanted.object)?;
        let allowed = list
            .iter()
            .filter(|version| version.enabled && object.wanted.version.allows(version.created));
        let mut allowed: Vec<_> = allowed.collect();
        allowed.sort_by_key(|version| std::cmp::Reverse(version.created));
        let newest = allowed.into_iter().take(count);
        let newest: Vec<_> = newest.map(|version| version.version.clone()).collect();
        Some(newest).filter(|newest| !newest.is_empty())
    }

    fn a_selection_is_kept(&self, selection: &SelectionSpec) {
        let content = Content::Secret(selection.form.clone());
        for (_, record) in self.before.values() {
            let Some((source, _)) = record.object() else {
                continue;
            };
            let object = &source.object;
            let name = &object.name;
            let is_its_own = object.vault == selection.vault && record.content == content;
            if !is_its_own || !selection.rule.fits_name(name) || self.is_gone(name.as_str()) {
                continue;
            }
            assert!(self.has(object, &content, None), "{name} of {selection} got lost");
        }
    }

    fn is_gone(&self, name: &str) -> bool {
        self.world
            .secrets
            .get(name)
            .is_none_or(|secret| secret.state == super::world::State::Gone)
    }
}

/// Whether a history put it there: the last part of its path is a number.
fn is_slot(path: &RelativePath) -> bool {
    let last = path.as_str().rsplit('/').next();
    last.is_some_and(|last| last.parse::<u16>().is_ok())
}

/// The version of a file, when it is of this object and in this form.
fn version_of<'f>(record: &'f FileRecord, object: &ObjectId, content: &Content) -> Option<&'f VersionId> {
    let (source, version) = record.object()?;
    (source.object == *object && record.content == *content).then_some(version)
}
