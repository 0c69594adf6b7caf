//! What moves together: when one member failed, none of the others moves.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::changes;
use super::files::PlannedFiles;
use super::make::stopped;
use super::{Outcome, PlannedEntry};
use crate::domain::entry::{Entry, EntryId, Group};
use crate::domain::failure::{Failure, Reason};
use crate::domain::path_set::PathSet;
use crate::domain::payload::{Payload, PayloadFile};
use crate::domain::published::Published;
use crate::domain::query::{Known, Query};

/// Why a group stays as it is: the member, its failure, and what to ask again.
type Cause = (EntryId, Failure, Vec<Query>);

/// Takes new files back from members of groups of which one member failed, or could not be asked for; gives those groups.
pub(super) fn hold_back<'e>(
    entries: &'e [Entry],
    published: &Published<'_>,
    known: &Known,
    planned: &mut [(PlannedFiles, PlannedEntry)],
) -> BTreeSet<&'e Group> {
    let mut causes: BTreeMap<&Group, Cause> = BTreeMap::new();
    for (entry, (_, planned)) in entries.iter().zip(&*planned) {
        if let (Some(group), Some(cause)) = (&entry.group, cause(entry, planned, known)) {
            causes.entry(group).or_insert(cause);
        }
    }
    for (entry, planned) in entries.iter().zip(planned) {
        let cause = entry.group.as_ref().and_then(|group| causes.get(group));
        let moves = matches!(planned.1.outcome, Outcome::Fetched { changed: true, .. });
        if let (Some((member, failure, again)), true) = (cause, moves) {
            let failure = held(entry, member, failure);
            *planned = stopped(entry, published, failure, again.clone());
        }
    }
    causes.into_keys().collect()
}

/// Keeps what leaves groups that do not move.
pub(super) fn keep_leaving(
    entries: &[Entry],
    held: &BTreeSet<&Group>,
    published: &Published<'_>,
    payload: &mut Payload,
) {
    let is_held = |entry: &&Entry| entry.group.as_ref().is_some_and(|group| held.contains(group));
    let mut leaving = entries
        .iter()
        .filter(is_held)
        .flat_map(|entry| &entry.leaving)
        .peekable();
    if leaving.peek().is_none() {
        return;
    }
    let mut paths = PathSet::default();
    for path in payload.files.keys() {
        // Only a history that grew into another path can be refused here; the volume tells.
        let _ = paths.claim(path);
    }
    for path in leaving {
        let found = published.at(path).filter(|_| paths.claim(path).is_ok());
        if let Some(found) = found {
            payload
                .files
                .insert(path.clone(), PayloadFile::unchanged(path, found));
        }
    }
}

fn cause(entry: &Entry, planned: &PlannedEntry, known: &Known) -> Option<Cause> {
    let complete = match &planned.outcome {
        Outcome::Failed { failure, again, .. } => {
            return Some((entry.id.clone(), failure.clone(), again.clone()));
        }
        Outcome::Unasked { complete } => *complete,
        Outcome::Fetched { .. } => true,
    };
    // Members are asked for together. What was not asked all the same failed lately, and its next try is not due.
    let inputs = entry.inputs();
    let unknown = |query: &Query| !known.has(query);
    // Undecided, it has inputs that only stand in for others.
    let changing = inputs.iter().filter(|input| !entry.undecided && changes(input));
    let mut again: Vec<Query> = changing
        .map(Query::from)
        .chain(entry.decided_by.iter().cloned())
        .filter(unknown)
        .collect();
    if complete && again.is_empty() {
        return None;
    }
    if again.is_empty() {
        again = inputs.iter().map(Query::from).filter(unknown).collect();
    }
    let failure = Failure::new(
        Reason::Unavailable,
        "its last try failed, and its next one is not due",
        "nothing to do: it is fetched when its next try is due",
    );
    Some((entry.id.clone(), failure, again))
}

fn held(entry: &Entry, member: &EntryId, failure: &Failure) -> Failure {
    let group = match &entry.group {
        Some(Group::Named(name)) => format!("group {name}"),
        Some(Group::History(path)) => format!("the history at {path}"),
        None => String::new(),
    };
    failure.clone().told_as(format!(
        "{} is held back, because {group} moves together and {member} failed: {}",
        entry.id, failure.detail
    ))
}
