//! Objects that the manifest names, their histories, and templates.

use std::num::NonZeroU16;

use super::Expander;
use super::versions::{Resolved, Versions, allowed, exact, latest, none};
use crate::domain::entry::{Body, Entry, EntryId, Group};
use crate::domain::failure::Failure;
use crate::domain::object::Source;
use crate::domain::payload::Input;
use crate::domain::query::Query;
use crate::domain::spec::{Content, FileSpec, ObjectSpec, PasswordSource, TemplateSpec};

type Blocked = Option<(Failure, Query)>;

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
        let Versions { list, failure } = self.versions(object);
        let query = Query::Versions(object.clone());
        let mut blocked = failure.map(|failure| (failure.clone(), query.clone()));
        let sources: Vec<Source> = match list {
            Some(list) => {
                let current = latest(object);
                let told = self.facts.known.object(&current).and_then(Result::ok);
                let versions = allowed(&spec.wanted, list, told.map(|object| &object.version));
                if let [first, second, ..] = versions.as_slice()
                    && first.created == second.created
                {
                    self.wanted.insert(Query::Object(current));
                }
                if versions.is_empty() {
                    blocked = blocked.or_else(|| Some((none(&spec.wanted, list), query)));
                }
                let newest = versions.into_iter().take(count.get().into());
                newest.map(|version| exact(object, &version.version)).collect()
            }
            None => self.published_slots(spec, count),
        };
        // Without any version, one entry stands for the history.
        let sources = if sources.is_empty() {
            vec![latest(object)]
        } else {
            sources
        };
        let slots = sources.into_iter().enumerate().map(|(slot, source)| {
            let resolved = Resolved {
                source,
                blocked: blocked.clone(),
                undecided: list.is_none(),
            };
            self.entry(spec, resolved, slot_files(&spec.files, slot))
        });
        slots.collect()
    }

    /// The versions that the volume has of a history, as far as they go without a gap.
    fn published_slots(&self, spec: &ObjectSpec, count: NonZeroU16) -> Vec<Source> {
        let version = |slot| {
            let files = slot_files(&spec.files, slot);
            let found = self.facts.published.at(&files.first()?.path)?;
            let (source, version) = found.record.object()?;
            (source.object == spec.wanted.object).then(|| exact(&source.object, version))
        };
        (0..count.get().into()).map_while(version).collect()
    }

    fn entry(&mut self, spec: &ObjectSpec, resolved: Resolved, files: Vec<FileSpec>) -> Entry {
        let Resolved {
            source,
            mut blocked,
            mut undecided,
        } = resolved;
        let passwords = files.iter().filter_map(|file| match &file.content {
            Content::Certificate(content) => content.password(),
            Content::Secret(_) | Content::Key(_) | Content::Metadata | Content::Template(_) => None,
        });
        let passwords: Vec<_> = passwords
            .map(|password| {
                let (input, stopped, unknown) = self.password(password);
                blocked = blocked.take().or(stopped);
                undecided |= unknown;
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
        }
    }

    fn password(&mut self, password: &PasswordSource) -> (Input, Blocked, bool) {
        match password {
            PasswordSource::Secret(wanted) => {
                let resolved = self.resolve(wanted);
                (
                    Input::Object(resolved.source),
                    resolved.blocked,
                    resolved.undecided,
                )
            }
            PasswordSource::File(path) => (Input::File(path.clone()), None, false),
        }
    }

    /// The entry of a template.
    pub(super) fn template(&mut self, spec: &TemplateSpec) -> Entry {
        let mut blocked = None;
        let mut undecided = false;
        let inputs = spec.inputs.iter().map(|(reference, wanted)| {
            let resolved = self.resolve(wanted);
            blocked = blocked.take().or(resolved.blocked);
            undecided |= resolved.undecided;
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
