//! What moves together: when one member failed, none of the others moves.

use std::collections::BTreeMap;

use super::files::PlannedFiles;
use super::make::failed;
use super::{Outcome, PlannedEntry};
use crate::domain::entry::{Entry, EntryId, Group};
use crate::domain::failure::{Failure, Reason};
use crate::domain::published::Published;
use crate::domain::query::Query;

/// Why a group stays as it is: the member, its failure, and what to ask again.
type Cause = (EntryId, Failure, Vec<Query>);

/// Takes new files back from members of groups of which one member failed.
pub(super) fn hold_back(
    entries: &[Entry],
    published: &Published<'_>,
    planned: &mut [(PlannedFiles, PlannedEntry)],
) {
    let mut causes: BTreeMap<&Group, Cause> = BTreeMap::new();
    for (entry, (_, planned)) in entries.iter().zip(&*planned) {
        if let (Some(group), Some(cause)) = (&entry.group, cause(entry, planned)) {
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

fn cause(entry: &Entry, planned: &PlannedEntry) -> Option<Cause> {
    match &planned.outcome {
        Outcome::Failed { failure, again, .. } => Some((entry.id.clone(), failure.clone(), again.clone())),
        Outcome::Unasked { complete: false } => {
            let failure = Failure {
                reason: Reason::Unavailable,
                detail: "it was not fetched yet".to_owned(),
                hint: "nothing to do: it is fetched when its next try is due".to_owned(),
                retry_after: None,
            };
            let again = entry.inputs().iter().map(Query::from).collect();
            Some((entry.id.clone(), failure, again))
        }
        Outcome::Fetched { .. } | Outcome::Unasked { complete: true } => None,
    }
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
