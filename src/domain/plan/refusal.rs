//! Paths that the volume refuses: something foreign is in the way.
//!
//! A certificate must not move while its key cannot, so an entry of which one path is refused stays as it is, and its
//! group with it. Its bytes stay where they are, also when the manifest wants them elsewhere by now; so whatever wants
//! their place has to wait as well.

use std::collections::{BTreeMap, BTreeSet};

use super::make::planned;
use super::{Outcome, Plan, PlannedEntry};
use crate::domain::entry::{Entry, Group};
use crate::domain::failure::{Failure, Reason};
use crate::domain::path::RelativePath;
use crate::domain::path_set::PathSet;
use crate::domain::payload::{FileBytes, Payload, PayloadFile, RefusedName};
use crate::domain::published::{Found, Published, is_form_of};
use crate::domain::query::Query;

/// What messages call a file that stays in the place of another one.
const KEPT: &str = "a published file whose own new path is refused";

/// The paths at which a plan puts new bytes.
pub fn moving(plan: &Plan) -> BTreeSet<RelativePath> {
    let moves = |(path, file): &(&RelativePath, &PayloadFile)| match &file.bytes {
        FileBytes::Write(_) => true,
        FileBytes::Published(at) => at != *path,
    };
    let moving = plan.payload.files.iter().filter(moves);
    moving.map(|(path, _)| path.clone()).collect()
}

/// Takes what stands in the way of an entry; gives the entry's failure.
pub fn name_taken(refused: &RefusedName) -> Failure {
    Failure::new(
        Reason::NameTaken,
        format!("{} stands at `{}` in the volume", refused.found, refused.name),
        format!("move `{}` away, or give the object another path", refused.name),
    )
}

/// What becomes of an entry in whose way something stands.
pub(super) fn entry(entry: &Entry, published: &Published<'_>, failure: Failure) -> PlannedEntry {
    let outcome = Outcome::Failed {
        failure,
        kept: false,
        again: entry.inputs().iter().map(Query::from).collect(),
    };
    let validity = last_good(entry, published).next();
    let validity = validity.map(|(_, found)| found.record.validity);
    planned(entry, outcome, validity.unwrap_or_default())
}

/// The entries that stay as and where they are.
#[derive(Debug, Default)]
pub(super) struct Staying {
    /// By number: those in whose way something stands.
    failures: BTreeMap<usize, Failure>,
    /// Those, and what moves together with them.
    members: BTreeSet<usize>,
}

impl Staying {
    /// Takes what the volume refuses; finds all that has to stay for it.
    pub(super) fn new(entries: &[Entry], published: &Published<'_>, refused: &[RefusedName]) -> Self {
        let mut staying = Self::default();
        for (number, entry) in entries.iter().enumerate() {
            let covers = |refused: &&RefusedName| entry.files.iter().any(|file| refused.covers(&file.path));
            if let Some(refused) = refused.iter().find(covers) {
                staying.failures.insert(number, name_taken(refused));
            }
        }
        while staying.add_members(entries) {
            staying.add_those_in_the_way(entries, published);
        }
        staying
    }

    /// Why an entry stays, if something stands in its own way.
    pub(super) fn failure(&self, number: usize) -> Option<&Failure> {
        self.failures.get(&number)
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.members.contains(&number)
    }

    /// Adds what moves together with those that stay; says whether there was any.
    fn add_members(&mut self, entries: &[Entry]) -> bool {
        let before = self.members.len();
        self.members.extend(self.failures.keys());
        let groups: BTreeSet<&Group> = self
            .members
            .iter()
            .filter_map(|&number| entries.get(number)?.group.as_ref())
            .collect();
        let in_group = |entry: &Entry| entry.group.as_ref().is_some_and(|group| groups.contains(group));
        let numbered = entries.iter().enumerate();
        self.members.extend(
            numbered
                .filter(|(_, entry)| in_group(entry))
                .map(|(number, _)| number),
        );
        self.members.len() > before
    }

    /// Adds entries that want the place of what stays.
    fn add_those_in_the_way(&mut self, entries: &[Entry], published: &Published<'_>) {
        let mut kept = PathSet::default();
        for (at, _) in self.files(entries, published) {
            // The same file may be the last good one of two entries.
            let _ = kept.claim(at);
        }
        for (number, entry) in entries.iter().enumerate() {
            if self.members.contains(&number) {
                continue;
            }
            let inputs = entry.inputs();
            let is_its_own = |path: &RelativePath, content| {
                let found = published.at(path);
                found.is_some_and(|found| is_form_of(&found.record, content, &inputs))
            };
            let mut wanted = entry
                .files
                .iter()
                .filter(|file| !is_its_own(&file.path, &file.content));
            if let Some(name) = wanted.find_map(|file| kept.in_the_way(&file.path)) {
                let refused = RefusedName {
                    name: name.to_owned(),
                    found: KEPT.to_owned(),
                };
                self.failures.insert(number, name_taken(&refused));
            }
        }
    }

    /// The files of those that stay.
    fn files<'o>(&self, entries: &[Entry], published: &Published<'o>) -> impl Iterator<Item = Found<'o>> {
        let members = self.members.iter().filter_map(|&number| entries.get(number));
        members.flat_map(|entry| last_good(entry, published))
    }

    /// Adds the files of those that stay to a payload that is without them.
    pub(super) fn keep(&self, entries: &[Entry], published: &Published<'_>, payload: &mut Payload) {
        for (at, found) in self.files(entries, published) {
            let stays = || PayloadFile::unchanged(at, found);
            payload.files.entry(at.clone()).or_insert_with(stays);
        }
    }
}

/// The last good files of an entry, wherever they are.
fn last_good<'o>(entry: &Entry, published: &Published<'o>) -> impl Iterator<Item = Found<'o>> {
    let inputs = entry.inputs();
    let found = entry
        .files
        .iter()
        .map(|file| published.last_good(entry, file, &inputs));
    found.flatten().collect::<Vec<_>>().into_iter()
}
