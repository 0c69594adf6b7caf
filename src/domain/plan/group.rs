//! What moves together: when one member failed, none of the others moves.

use std::collections::BTreeMap;

use super::ask::changes;
use super::files::PlannedFiles;
use super::make::failed;
use super::{Outcome, PlannedEntry};
use crate::domain::entry::{Entry, EntryId, Group};
use crate::domain::failure::{Failure, Reason};
use crate::domain::published::Published;
use crate::domain::query::{Known, Query};

/// Why a group stays as it is: the member, its failure, and what to ask again.
type Cause = (EntryId, Failure, Vec<Query>);

/// Takes new files back from members of groups of which one member failed, or could not be asked for.
pub(super) fn hold_back(
    entries: &[Entry],
    published: &Published<'_>,
    known: &Known,
    planned: &mut [(PlannedFiles, PlannedEntry)],
) {
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
            *planned = failed(entry, published, failure, again.clone());
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
    let changing = inputs.iter().filter(|input| changes(input)).map(Query::from);
    let open: Vec<Query> = changing
        .chain(entry.decided_by.iter().cloned())
        .filter(|query| !known.has(query))
        .collect();
    if complete && open.is_empty() {
        return None;
    }
    let failure = Failure {
        reason: Reason::Unavailable,
        detail: "its last try failed, and its next one is not due".to_owned(),
        hint: "nothing to do: it is fetched when its next try is due".to_owned(),
        retry_after: None,
    };
    let again = if open.is_empty() {
        inputs.iter().map(Query::from).collect()
    } else {
        open
    };
    Some((entry.id.clone(), failure, again))
}

fn held(entry: &Entry, member: &EntryId, failure: &Failure) -> Failure {
    let group = match &entry.group {
        Some(Group::Named(name)) => format!("group {name}"),
        Some(Group::History(path)) => format!("the history at {path}"),
        None => String::new(),
    };
    Failure {
        detail: format!(
            "{} is held back, because {group} moves together and {member} failed: {}",
            entry.id, failure.detail
        ),
        ..failure.clone()
    }
}
