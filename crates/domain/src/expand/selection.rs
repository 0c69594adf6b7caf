//! Secrets that a rule picks.
//!
//! Invariant: a published secret leaves a selection on the vault's word about that secret only: its GET says that it
//! is gone, or that its tags no longer fit. That a list does not have it says nothing; lists come back short.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::Expander;
use super::exodus::{Gone, Held, Leaving};
use super::left_behind::LeftBehind;
use super::versions::latest;
use crate::desired::{Content, FileSpec, SelectionSpec};
use crate::entry::{Body, Entry, EntryId, Group};
use crate::failure::{Failure, Reason};
use crate::listed::ListedObject;
use crate::object::{ObjectId, ObjectKind, ObjectName, Source};
use crate::path::RelativePath;
use crate::path_set::PathSet;
use crate::payload::{FileRecord, Selected};
use crate::query::Query;

impl Expander<'_> {
    /// The entry of the selection itself, and one for each secret.
    pub(super) fn selection(&mut self, spec: &SelectionSpec, paths: &mut PathSet) -> Vec<Entry> {
        let query = Query::Secrets(spec.vault.clone());
        self.want(query.clone(), spec.interval);
        let (list, failure) = match self.facts.answers.secrets(&spec.vault) {
            Some(Ok(list)) => (Some(list), None),
            Some(Err(failure)) => (self.facts.lists.secrets(&spec.vault), Some(failure)),
            None => (
                self.facts.lists.secrets(&spec.vault),
                self.facts.timing.failure(&query),
            ),
        };
        let Found {
            files: published,
            any_of_the_vault,
        } = self.published_of(spec, list.unwrap_or_default(), paths);
        let (mut picked, mut refused) = pick(spec, list.unwrap_or_default(), &published);
        let picks_none_of = list
            .filter(|_| picked.is_empty() && refused.is_empty())
            .map(<[_]>::len);
        let mut failure = failure.cloned();
        let served = published.len();
        if picked.len() > spec.limit {
            failure = failure.or_else(|| Some(too_many(spec, picked.len())));
            picked.clear();
        }
        let mut removals = Vec::new();
        let unlisted = published.into_iter().filter(|(name, _)| {
            let mut picked = picked.keys();
            !picked.any(|other| same_name(other, name))
        });
        let unlisted: Vec<_> = unlisted.collect();
        let held = self.held(spec, served, list.is_some(), &unlisted);
        for (name, Place { now, wanted }) in unlisted {
            let stays =
                held.since.contains_key(&name) || list.is_none() || self.leaving(spec, &name).is_none();
            if stays {
                picked.insert(name, wanted);
            } else {
                removals.push(now);
            }
        }
        failure = failure.or_else(|| held.failure(spec));
        let whole = Entry {
            id: EntryId::Selection {
                vault: spec.vault.clone(),
                rule: spec.rule.to_string(),
                path: spec.path.clone(),
            },
            required: spec.required,
            group: spec.group.clone().map(Group::Named),
            body: Body::Selection {
                known: list.is_some() || any_of_the_vault,
                listed: list.is_some(),
                picks_none_of,
            },
            inputs: Vec::new(),
            files: Vec::new(),
            interval: spec.interval,
            obstacle: failure.map(|failure| (failure, query.clone())),
            unresolved: false,
            depends_on: vec![query.clone()],
            selected: None,
            removals,
        };
        let mut entries = vec![whole];
        for (name, path) in picked {
            match paths.claim(&path) {
                Ok(()) => {
                    let held_since = held.since.get(&name).copied();
                    entries.push(member(spec, name, path, held_since));
                }
                Err(taken) => refused.push(path_taken(spec, &name, &taken)),
            }
        }
        // One is told; the others show when it is mended.
        if let (None, Some(failure)) = (&entries[0].obstacle, refused.into_iter().next()) {
            entries[0].obstacle = Some((failure, query));
        }
        entries
    }

    /// The secrets of the selection that the volume has, known by their paths, or by what they are where an edit of the
    /// manifest left them behind.
    ///
    /// They are of the selection's vault, or were when its name meant another one, and are nobody else's now: then they
    /// stay until the vault tells, too.
    fn published_of(&self, spec: &SelectionSpec, list: &[ListedObject], paths: &PathSet) -> Found {
        let mut found = Found::default();
        for (path, file) in self.facts.published.files() {
            let Some((Source { object, .. }, _)) = file.record.object() else {
                continue;
            };
            let is_of_the_vault = object.vault == spec.vault;
            let was_of_its_name = object.vault.name == spec.vault.name;
            if !(is_of_the_vault || was_of_its_name) || !spec.may_have(object, path) {
                continue;
            }
            if is_of_the_vault || paths.in_the_way(path).is_none() && !self.spec.may_select(object, path) {
                found.any_of_the_vault |= is_of_the_vault;
                let place = Place {
                    now: path.clone(),
                    wanted: path.clone(),
                };
                found.files.insert(object.name.clone(), place);
            }
        }
        for file in self.left_behind() {
            let name = &file.source.object.name;
            if let Some(wanted) = wanted_path(spec, list, &file) {
                found.any_of_the_vault = true;
                found.files.entry(name.clone()).or_insert_with(|| Place {
                    now: file.path.clone(),
                    wanted,
                });
            }
        }
        found
    }

    /// Which of the published secrets that no list has are held although they are gone.
    fn held(
        &self,
        spec: &SelectionSpec,
        served: usize,
        is_listed: bool,
        unlisted: &[(ObjectName, Place)],
    ) -> Held {
        let gone = unlisted.iter().filter_map(|(name, place)| {
            let record = &self.facts.published.at(&place.now)?.record;
            let selected = record.selected.as_ref();
            let gone = Gone {
                held_since: selected.and_then(|selected| selected.held_since),
                told: self.leaving(spec, name).filter(|_| is_listed),
            };
            let counts = gone.told.is_some() && !self.leaves_by_edit(spec, name, record)
                || gone.held_since.is_some() && !self.is_back(spec, name);
            counts.then(|| (name.clone(), gone))
        });
        Held::of(spec, served, &gone.collect(), self.facts.now)
    }

    /// Whether a file goes because the manifest was edited: what an edited rule leaves out goes at once, and so does what
    /// another vault does not have.
    fn leaves_by_edit(&self, spec: &SelectionSpec, name: &ObjectName, record: &FileRecord) -> bool {
        let answer = self.facts.answers.object(&source(spec, name.clone()));
        let selected = record.selected.as_ref();
        let same_rule = selected.is_some_and(|selected| selected.rule == spec.rule.to_string());
        let same_vault = record
            .object()
            .is_some_and(|(source, _)| source.object.vault == spec.vault);
        !same_vault || answer.is_some_and(|answer| answer.is_ok()) && !same_rule
    }

    /// Whether the vault says of a secret that it has it, and that it fits.
    fn is_back(&self, spec: &SelectionSpec, name: &ObjectName) -> bool {
        let answer = self.facts.answers.object(&source(spec, name.clone()));
        answer.is_some_and(|answer| answer.is_ok_and(|object| spec.rule.fits_tags(&object.attributes.tags)))
    }

    /// How a published secret leaves the selection, where the vault says that it is not in it any more.
    fn leaving(&self, spec: &SelectionSpec, name: &ObjectName) -> Option<Leaving> {
        let source = source(spec, name.clone());
        match self.facts.answers.object(&source)? {
            Ok(object) => (!spec.rule.fits_tags(&object.attributes.tags)).then_some(Leaving::OtherTags),
            Err(failure) => (failure.reason == Reason::NotFound).then_some(Leaving::Deleted),
        }
    }
}

/// What the volume has of a selection.
#[derive(Default)]
struct Found {
    files: BTreeMap<ObjectName, Place>,
    /// Whether any of it came from the vault that the manifest means now.
    any_of_the_vault: bool,
}

/// Where a published file of a selection is, and where the selection puts it.
struct Place {
    now: RelativePath,
    wanted: RelativePath,
}

/// Where the selection would put a file that was left behind; `None` when it is none of its files, as far as is known.
/// A list that has the secret and says that it does not fit is believed: it may have been an entry of its own.
fn wanted_path(spec: &SelectionSpec, list: &[ListedObject], file: &LeftBehind<'_>) -> Option<RelativePath> {
    let object = &file.source.object;
    let may_be = object.vault == spec.vault
        && object.kind == ObjectKind::Secret
        && file.record.content == Content::Secret(spec.form.clone())
        && spec.rule.fits_name(&object.name)
        && !list.iter().any(|listed| {
            same_name(&listed.name, &object.name) && (listed.managed || !spec.rule.fits_tags(&listed.tags))
        });
    spec.path_of(&object.name).ok().filter(|_| may_be)
}

/// The secrets of a list that the rule picks. A disabled one is picked when it is published: its file stays then, and
/// the failure to fetch it is told.
fn pick(
    spec: &SelectionSpec,
    list: &[ListedObject],
    published: &BTreeMap<ObjectName, Place>,
) -> (BTreeMap<ObjectName, RelativePath>, Vec<Failure>) {
    let mut refused = Vec::new();
    let mut picked = BTreeMap::new();
    for listed in list {
        let known = published.keys().any(|name| same_name(name, &listed.name));
        let fits = spec.rule.fits_name(&listed.name) && spec.rule.fits_tags(&listed.tags);
        if listed.managed || !fits || !(listed.enabled || known) {
            continue;
        }
        match path_of(spec, &listed.name) {
            Ok(path) => {
                picked.insert(listed.name.clone(), path);
            }
            Err(failure) => refused.push(failure),
        }
    }
    (picked, refused)
}

/// Names of Key Vault do not differ by case, and a list may write them otherwise than a fetch did.
fn same_name(one: &ObjectName, other: &ObjectName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

fn path_of(spec: &SelectionSpec, name: &ObjectName) -> Result<RelativePath, Failure> {
    spec.path_of(name).map_err(|error| {
        let detail = format!("{spec}: secret {name} can have no file: {error}");
        Failure::new(Reason::PathTaken, detail, "change `pathTemplate`, or the rule")
    })
}

fn member(
    spec: &SelectionSpec,
    name: ObjectName,
    path: RelativePath,
    held_since: Option<OffsetDateTime>,
) -> Entry {
    let source = source(spec, name);
    let file = FileSpec {
        path,
        content: Content::Secret(spec.form.clone()),
        mode: spec.mode,
    };
    let id = EntryId::Object(source.clone());
    let body = Body::Object(source, Vec::new());
    Entry {
        id,
        required: spec.required,
        group: spec.group.clone().map(Group::Named),
        inputs: body.inputs(),
        body,
        files: vec![file],
        interval: spec.interval,
        obstacle: None,
        unresolved: false,
        depends_on: Vec::new(),
        selected: Some(Selected {
            rule: spec.rule.to_string(),
            held_since,
        }),
        removals: Vec::new(),
    }
}

fn source(spec: &SelectionSpec, name: ObjectName) -> Source {
    latest(&ObjectId {
        vault: spec.vault.clone(),
        kind: ObjectKind::Secret,
        name,
    })
}

fn too_many(spec: &SelectionSpec, found: usize) -> Failure {
    Failure::new(
        Reason::TooManySelected,
        format!("{spec}: the rule picks {found} secrets, more than {}", spec.limit),
        "narrow the rule, or raise `limit`; the files that are there stay",
    )
}

fn path_taken(spec: &SelectionSpec, name: &ObjectName, taken: &str) -> Failure {
    Failure::new(
        Reason::PathTaken,
        format!("{spec}: the file of secret {name} would be in the way of `{taken}`"),
        "change `pathTemplate`, or the other entry's path",
    )
}
