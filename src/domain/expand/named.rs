//! Objects that the manifest names, their histories, and templates.

use std::num::NonZeroU16;

use super::versions::{Resolved, Versions, allowed, exact, latest, none};
use super::{Expander, Facts};
use crate::domain::entry::{Body, Entry, EntryId, Group};
use crate::domain::listed::ListedVersion;
use crate::domain::object::{Source, VersionSelector};
use crate::domain::payload::Input;
use crate::domain::query::Query;
use crate::domain::spec::{Content, FileSpec, ObjectSpec, PasswordSource, TemplateSpec};

impl Expander<'_> {
    /// The entries of a named object: one, or one for each version of its history.
    pub(super) fn object(&mut self, spec: &ObjectSpec) -> Vec<Entry> {
        if let Some(count) = spec.history {
            return self.history(spec, count);
        }
        let resolved = self.resolve(&spec.wanted);
        vec![self.entry(spec, resolved, spec.files.clone())]
    }

    fn history(&mut self, spec: &ObjectSpec, count: NonZeroU16) -> Vec<Entry> {
        let object = &spec.wanted.object;
        let query = Query::Versions(object.clone());
        self.wanted.insert(query.clone());
        let Versions { list, failure } = self.versions(object);
        let mut blocked = failure.map(|failure| (failure.clone(), query.clone()));
        let versions = list.map(|list| self.versions_of_history(spec, list));
        if let (Some(list), Some([])) = (list, versions.as_deref()) {
            blocked = blocked.or_else(|| Some((none(&spec.wanted, list), query.clone())));
        }
        let slots: Vec<(usize, Source)> = match versions {
            Some(versions) if !versions.is_empty() => {
                let newest = versions.into_iter().take(count.get().into());
                newest
                    .map(|version| exact(object, &version.version))
                    .enumerate()
                    .collect()
            }
            // That there is none is no reason to take away what is published.
            Some(_) | None => self.published_slots(spec, count),
        };
        // Without any version, one entry stands for the history.
        let slots = if slots.is_empty() {
            vec![(0, latest(object))]
        } else {
            slots
        };
        let used = slots.len();
        let slots = slots.into_iter().map(|(slot, source)| {
            let undecided = list.is_none() || matches!(source.version, VersionSelector::Latest);
            let resolved = Resolved {
                source,
                blocked: blocked.clone(),
                undecided,
                decided_by: vec![query.clone()],
            };
            self.entry(spec, resolved, slot_files(&spec.files, slot))
        });
        let mut slots: Vec<_> = slots.collect();
        // A history that gets shorter does so when the rest of it moves.
        if let Some(first) = slots.first_mut().filter(|first| !first.undecided) {
            let beyond = (used..count.get().into()).flat_map(|slot| slot_files(&spec.files, slot));
            let published = beyond.filter(|file| self.facts.published.at(&file.path).is_some());
            first.leaving = published.map(|file| file.path).collect();
        }
        slots
    }

    /// The versions of a list that belong into a history, the newest first.
    fn versions_of_history<'l>(
        &mut self,
        spec: &ObjectSpec,
        list: &'l [ListedVersion],
    ) -> Vec<&'l ListedVersion> {
        let current = latest(&spec.wanted.object);
        let Facts {
            known, remembered, ..
        } = self.facts;
        let told = known.object(&current).and_then(Result::ok);
        let told = told.map(|object| &object.version);
        let newest = told.or_else(|| remembered.current(&current.object));
        let versions = allowed(&spec.wanted, list, newest);
        if let [first, second, ..] = versions.as_slice()
            && first.created == second.created
        {
            self.wanted.insert(Query::Object(current));
        }
        versions
    }

    /// The slots that the volume has of a history, and their versions. One of them may have been lost or altered.
    ///
    /// What there is of another object, or of the same one in another vault, stays until a list tells what takes its
    /// place; its version is none of the object's.
    fn published_slots(&self, spec: &ObjectSpec, count: NonZeroU16) -> Vec<(usize, Source)> {
        let wanted = &spec.wanted.object;
        let version = |slot| {
            let mut files = slot_files(&spec.files, slot).into_iter();
            let found = files.find_map(|file| self.facts.published.at(&file.path))?;
            let source = match found.record.object() {
                Some((source, version)) if source.object == *wanted => exact(wanted, version),
                Some(_) | None => latest(wanted),
            };
            Some((slot, source))
        };
        (0..count.get().into()).filter_map(version).collect()
    }

    fn entry(&mut self, spec: &ObjectSpec, resolved: Resolved, files: Vec<FileSpec>) -> Entry {
        let Resolved {
            source,
            mut blocked,
            mut undecided,
            mut decided_by,
        } = resolved;
        let passwords = files.iter().filter_map(|file| match &file.content {
            Content::Certificate(content) => content.password(),
            Content::Secret(_) | Content::Key(_) | Content::Metadata | Content::Template(_) => None,
        });
        let passwords: Vec<_> = passwords
            .map(|password| {
                let input = match password {
                    PasswordSource::File(path) => Input::File(path.clone()),
                    PasswordSource::Secret(wanted) => {
                        let resolved = self.resolve(wanted);
                        blocked = blocked.take().or(resolved.blocked);
                        undecided |= resolved.undecided;
                        decided_by.extend(resolved.decided_by);
                        Input::Object(resolved.source)
                    }
                };
                (password.clone(), input)
            })
            .collect();
        let of_history = spec
            .history
            .and_then(|_| spec.files.first())
            .map(|file| Group::History(file.path.clone()));
        Entry {
            id: EntryId::Object(source.clone()),
            required: spec.required,
            group: spec.group.clone().map(Group::Named).or(of_history),
            body: Body::Object(source, passwords),
            files,
            blocked,
            undecided,
            decided_by,
            leaving: Vec::new(),
        }
    }

    /// The entry of a template.
    pub(super) fn template(&mut self, spec: &TemplateSpec) -> Entry {
        let mut blocked = None;
        let mut undecided = false;
        let mut decided_by = Vec::new();
        let inputs = spec.inputs.iter().map(|(reference, wanted)| {
            let resolved = self.resolve(wanted);
            blocked = blocked.take().or(resolved.blocked);
            undecided |= resolved.undecided;
            decided_by.extend(resolved.decided_by);
            (reference.clone(), resolved.source)
        });
        let inputs = inputs.collect();
        let file = FileSpec {
            path: spec.path.clone(),
            content: Content::Template(spec.template.digest()),
            mode: spec.mode,
        };
        Entry {
            id: EntryId::Template(spec.path.clone()),
            required: spec.required,
            group: spec.group.clone().map(Group::Named),
            body: Body::Template(spec.template.clone(), inputs),
            files: vec![file],
            blocked,
            undecided,
            decided_by,
            leaving: Vec::new(),
        }
    }
}

/// The files of one version of a history.
fn slot_files(files: &[FileSpec], slot: usize) -> Vec<FileSpec> {
    let of_slot = |file: &FileSpec| FileSpec {
        path: file.path.join(&slot.to_string()),
        ..file.clone()
    };
    files.iter().map(of_slot).collect()
}
