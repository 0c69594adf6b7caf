//! Paths that the volume refuses: something foreign is in the way.
//!
//! A certificate must not move while its key cannot, so an entry of which one path is refused stays as it is, and its
//! group with it. Its bytes stay where they are, also when the manifest wants them elsewhere by now.

use std::collections::BTreeSet;

use super::make::planned;
use super::{Outcome, Plan, PlannedEntry};
use crate::domain::entry::Entry;
use crate::domain::failure::{Failure, Reason};
use crate::domain::path::RelativePath;
use crate::domain::path_set::PathSet;
use crate::domain::payload::{FileBytes, Payload, PayloadFile, RefusedName};
use crate::domain::published::Published;
use crate::domain::query::Query;
use crate::domain::validity::Validity;

/// The paths at which a plan puts new bytes.
pub fn moving(plan: &Plan) -> BTreeSet<RelativePath> {
    let moves = |(path, file): &(&RelativePath, &PayloadFile)| match &file.bytes {
        FileBytes::Write(_) => true,
        FileBytes::Published(at) => at != *path,
    };
    let moving = plan.payload.files.iter().filter(moves);
    moving.map(|(path, _)| path.clone()).collect()
}

/// What stands in the way of an entry, if something does.
pub(super) fn of<'r>(entry: &Entry, refused: &'r [RefusedName]) -> Option<&'r RefusedName> {
    refused
        .iter()
        .find(|refused| entry.files.iter().any(|file| refused.covers(&file.path)))
}

/// Takes what stands in the way of an entry; gives the entry's failure.
pub fn name_taken(refused: &RefusedName) -> Failure {
    Failure {
        reason: Reason::NameTaken,
        detail: format!("{} stands at `{}` in the volume", refused.found, refused.name),
        hint: format!("move `{}` away, or give the object another path", refused.name),
        retry_after: None,
    }
}

pub(super) fn entry(entry: &Entry, refused: &RefusedName) -> PlannedEntry {
    let outcome = Outcome::Failed {
        failure: name_taken(refused),
        kept: false,
        again: entry.inputs().iter().map(Query::from).collect(),
    };
    planned(entry, outcome, Validity::default())
}

/// Keeps the last good files of entries that cannot move, where they are, unless something else is to be there.
pub(super) fn keep_in_place<'e>(
    entries: impl Iterator<Item = &'e Entry>,
    published: &Published<'_>,
    payload: &mut Payload,
) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    let mut paths = PathSet::default();
    for path in payload.files.keys() {
        // Only a history that grew into another path can be refused here; the volume tells.
        let _ = paths.claim(path);
    }
    for entry in entries {
        let inputs = entry.inputs();
        let found = entry
            .files
            .iter()
            .filter_map(|file| published.last_good(file, &inputs));
        for (at, found) in found {
            if paths.claim(at).is_ok() {
                let stays = PayloadFile {
                    bytes: FileBytes::Published(at.clone()),
                    mode: found.mode,
                    record: found.record.clone(),
                };
                payload.files.insert(at.clone(), stays);
            }
        }
    }
}
