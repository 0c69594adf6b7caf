//! Objects that the manifest names, their histories, and templates.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use super::versions::{Resolved, Versions, allowed, exact, latest, none};
use super::{Expander, Facts};
use crate::desired::{Content, FileSpec, ObjectSpec, PasswordSource, TemplateSpec};
use crate::entry::{Body, Entry, EntryId, Group};
use crate::listed::ListedVersion;
use crate::object::{Source, VersionSelector};
use crate::payload::Input;
use crate::query::Query;

impl Expander<'_> {
    /// The entries of a named object: one, or one for each version of its history.
    pub(super) fn object(&mut self, spec: &ObjectSpec) -> Vec<Entry> {
        if let Some(count) = spec.history {
            return self.history(spec, count);
        }
        let resolved = self.resolve(&spec.wanted, spec.interval);
        vec![self.entry(spec, resolved, spec.files.clone())]
    }

    fn history(&mut self, spec: &ObjectSpec, count: NonZeroU16) -> Vec<Entry> {
        let object = &spec.wanted.object;
        let query = Query::Versions(object.clone());
        self.want(query.clone(), spec.interval);
        let Versions { list, failure } = self.versions(object);
        let mut obstacle = failure.map(|failure| (failure.clone(), query.clone()));
        let versions = list.map(|list| self.versions_of_history(spec, list));
        if let (Some(list), Some([])) = (list, versions.as_deref()) {
            obstacle = obstacle.or_else(|| Some((none(&spec.wanted, list), query.clone())));
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
            let unresolved = list.is_none() || matches!(source.version, VersionSelector::Latest);
            let resolved = Resolved {
                source,
                obstacle: obstacle.clone(),
                unresolved,
                depends_on: vec![query.clone()],
            };
            self.entry(spec, resolved, slot_files(&spec.files, slot))
        });
        let mut slots: Vec<_> = slots.collect();
        // A history that gets shorter does so when the rest of it moves.
        if let Some(first) = slots.first_mut().filter(|first| !first.unresolved) {
            let beyond = (used..count.get().into()).flat_map(|slot| slot_files(&spec.files, slot));
            let published = beyond.filter(|file| self.facts.published.at(&file.path).is_some());
            first.removals = published.map(|file| file.path).collect();
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
        let Facts { answers, lists, .. } = self.facts;
        let told = answers.object(&current).and_then(Result::ok);
        let newest = told.map_or_else(|| lists.current(&current.object), |object| Some(&object.version));
        let versions = allowed(&spec.wanted, list, newest);
        if let [first, second, ..] = versions.as_slice()
            && first.created == second.created
        {
            self.want(Query::Object(current), spec.interval);
        }
        versions
    }

    /// The slots that the volume has of a history, and their versions: those at its path, if one of them is of its object; else
    /// those that it had at another path. One of them may have been lost or altered.
    ///
    /// If there are neither, what there is of another object, or of the same one in another vault, stays until a list says
    /// what takes its place. Its version is none of the object's.
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
        let slots: Vec<_> = (0..count.get().into()).filter_map(version).collect();
        if slots.iter().any(|(_, source)| *source != latest(wanted)) {
            return slots;
        }
        let left_behind = self.slots_left_behind(spec, count);
        if left_behind.is_empty() {
            slots
        } else {
            left_behind
        }
    }

    /// The slots that the history had at another path, and their versions. A file without a slot is of an entry of one version,
    /// so it comes after them.
    fn slots_left_behind(&self, spec: &ObjectSpec, count: NonZeroU16) -> Vec<(usize, Source)> {
        let wanted = &spec.wanted.object;
        let mut seen = BTreeSet::new();
        let mut left_behind = self.left_behind();
        left_behind.sort_by_key(|file| file.path.slot().is_none());
        let files = left_behind.into_iter().filter(|file| {
            let is_form = spec
                .files
                .iter()
                .any(|wanted| wanted.content == file.record.content);
            is_form && file.source.object == *wanted && seen.insert(file.version)
        });
        let versions = files.map(|file| exact(wanted, file.version));
        versions.take(count.get().into()).enumerate().collect()
    }

    fn entry(&mut self, spec: &ObjectSpec, resolved: Resolved, files: Vec<FileSpec>) -> Entry {
        let Resolved {
            source,
            mut obstacle,
            mut unresolved,
            mut depends_on,
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
                        let resolved = self.resolve(wanted, spec.interval);
                        obstacle = obstacle.take().or(resolved.obstacle);
                        unresolved |= resolved.unresolved;
                        depends_on.extend(resolved.depends_on);
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
        let id = EntryId::Object(source.clone());
        let body = Body::Object(source, passwords);
        Entry {
            id,
            required: spec.required,
            group: spec.group.clone().map(Group::Named).or(of_history),
            inputs: body.inputs(),
            body,
            files,
            interval: spec.interval,
            obstacle,
            unresolved,
            depends_on,
            selected: None,
            removals: Vec::new(),
        }
    }

    /// The entry of a template.
    pub(super) fn template(&mut self, spec: &TemplateSpec) -> Entry {
        let mut obstacle = None;
        let mut unresolved = false;
        let mut depends_on = Vec::new();
        let inputs = spec.inputs.iter().map(|(reference, wanted)| {
            let resolved = self.resolve(wanted, spec.interval);
            obstacle = obstacle.take().or(resolved.obstacle);
            unresolved |= resolved.unresolved;
            depends_on.extend(resolved.depends_on);
            (reference.clone(), resolved.source)
        });
        let body = Body::Template(spec.template.clone(), inputs.collect());
        let file = FileSpec {
            path: spec.path.clone(),
            content: Content::Template(spec.template.digest()),
            mode: spec.mode,
        };
        Entry {
            id: EntryId::Template(spec.path.clone()),
            required: spec.required,
            group: spec.group.clone().map(Group::Named),
            inputs: body.inputs(),
            body,
            files: vec![file],
            interval: spec.interval,
            obstacle,
            unresolved,
            depends_on,
            selected: None,
            removals: Vec::new(),
        }
    }
}

/// The files of one version of a history.
pub(super) fn slot_files(files: &[FileSpec], slot: usize) -> Vec<FileSpec> {
    let files = files.iter().map(|file| FileSpec {
        path: file.path.join(&slot.to_string()),
        ..file.clone()
    });
    files.collect()
}
