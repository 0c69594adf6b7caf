//! From a decision, and what the volume would come to by it, to a row for each file.

use std::collections::BTreeSet;

use super::row::{Act, Because, Owner, Reason, Row};
use super::words;
use crate::domain::entry::EntryId;
use crate::domain::failure::Failure;
use crate::domain::outcome::Decided;
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::domain::plan::{Action, EntryPlan, FilePlan, Outcome, Plan, Why};
use crate::domain::status::Status;

/// A row for each file that is there or should be: in the order of the manifest, as `once` has them, then what no entry has.
pub(super) fn rows(decided: &Decided, status: &Status) -> Vec<Row> {
    let teller = Teller {
        plan: &decided.plan,
        written: decided.publication.written.iter().collect(),
        adjusted: decided.publication.adjusted.iter().collect(),
        removed: decided.publication.removed.iter().collect(),
        refused: &decided.publication.refused,
        status,
    };
    let mut rows = teller.rows();
    rows.sort_by_cached_key(|row| (teller.place(row), row.path.clone()));
    rows
}

struct Teller<'d> {
    plan: &'d Plan,
    /// What a publish would do; nothing, when there would be none.
    written: BTreeSet<&'d RelativePath>,
    adjusted: BTreeSet<&'d RelativePath>,
    removed: BTreeSet<&'d RelativePath>,
    refused: &'d [RefusedName],
    status: &'d Status,
}

impl Teller<'_> {
    /// Which entry a row is of, and which of its files.
    fn place(&self, row: &Row) -> (usize, usize) {
        let mut entries = self.plan.entries.iter().enumerate();
        let found = entries.find_map(|(number, entry)| {
            let mut files = entry.files.iter();
            let file = files.position(|path| path.as_str() == row.path);
            let is_selection =
                matches!(&entry.id, EntryId::Selection { path, .. } if path.as_str() == row.path);
            file.or(is_selection.then_some(0)).map(|file| (number, file))
        });
        found.unwrap_or((usize::MAX, 0))
    }

    fn rows(&self) -> Vec<Row> {
        let plan = self.plan;
        let planned = plan.files.iter().map(|(path, file)| self.planned(path, file));
        // A recorded file that was altered is on no side of the plan, and goes all the same.
        let gone: BTreeSet<_> = plan
            .removals
            .keys()
            .chain(self.removed.iter().copied())
            .filter(|path| !plan.files.contains_key(*path))
            .collect();
        let going = gone.iter().map(|path| self.going(path));
        let absent = plan.entries.iter().flat_map(|entry| {
            let paths = entry.files.iter();
            let paths = paths.filter(|path| !plan.files.contains_key(*path) && !gone.contains(path));
            paths.filter_map(move |path| self.absent(entry, path.as_str()))
        });
        let selections = plan.entries.iter().filter_map(|entry| match &entry.id {
            EntryId::Selection { path, .. } => self.absent(entry, path.as_str()),
            EntryId::Object(_) | EntryId::Template(_) => None,
        });
        planned.chain(going).chain(absent).chain(selections).collect()
    }

    /// A file that shall be there.
    fn planned(&self, path: &RelativePath, file: &FilePlan) -> Row {
        let entry = file.entry.and_then(|number| self.plan.entries.get(number));
        let (act, because) = self.act_on(path, file, entry);
        Row {
            act,
            path: path.to_string(),
            owner: entry.map(owner),
            mode: Some(file.mode),
            because,
            failure: entry.and_then(failure),
        }
    }

    fn act_on(&self, path: &RelativePath, file: &FilePlan, entry: Option<&EntryPlan>) -> (Act, Because) {
        let because = self.because(path, file, entry);
        let moves = match &file.action {
            Action::Write => true,
            Action::Keep(at) => at != path,
        };
        let only_adjusted = matches!(file.why, Why::Mode { .. } | Why::Owner);
        if let Some(trouble) = self.trouble()
            && (moves || only_adjusted)
        {
            return (Act::HoldBack, trouble);
        }
        let is_refused = self.refused.iter().any(|name| name.covers(path));
        if self.written.contains(path) {
            return match entry.and_then(failure).filter(|_| is_refused) {
                Some(failure) => (Act::HoldBack, words::failed(&failure)),
                None => (Act::Write, because),
            };
        }
        if self.adjusted.contains(path) {
            let because = if only_adjusted {
                because
            } else {
                let detail = format!("mode or owner, mode {}; {}", file.mode, because.detail);
                Because::new(Reason::ModeOrOwner, detail)
            };
            return (Act::Adjust, because);
        }
        let held_back = entry.is_none_or(|entry| entry.held_back.is_some() && !moves);
        if held_back {
            return (Act::HoldBack, because);
        }
        if moves {
            let Because { detail, from, to, .. } = because;
            let because = Because::new(Reason::SameBytes, format!("same bytes; {detail}"));
            return (Act::Keep, because.between(from, to));
        }
        (Act::Keep, because)
    }

    fn because(&self, path: &RelativePath, file: &FilePlan, entry: Option<&EntryPlan>) -> Because {
        let because = words::because(&file.why, entry, self.status);
        match (&file.action, &file.why) {
            (_, Why::Moved { from }) if self.stays(from) => words::copied_from(from),
            (_, Why::Moved { .. }) => because,
            // Last known good bytes follow their entry to its new path.
            (Action::Keep(at), _) if at != path => {
                let moved = words::moved_from(at);
                let detail = format!("{}; {}", moved.detail, because.detail);
                Because { detail, ..moved }
            }
            _ => because,
        }
    }

    /// Whether the file at a path is kept there.
    fn stays(&self, path: &RelativePath) -> bool {
        let file = self.plan.files.get(path);
        file.is_some_and(|file| matches!(&file.action, Action::Keep(at) if at == path))
    }

    /// A file that is there, and shall not be any more.
    fn going(&self, path: &RelativePath) -> Row {
        let mut moved = self.plan.files.iter();
        let moved_to = moved.find(|(_, file)| matches!(&file.action, Action::Keep(at) if at == path));
        let entry = self.plan.entries.iter().find(|entry| entry.files.contains(path));
        let because = match (moved_to, self.plan.removals.get(path)) {
            (Some((to, _)), _) => words::moved_to(to),
            (None, Some(why)) if entry.is_none() => words::because(why, None, self.status),
            (None, _) => Because::new(
                Reason::Altered,
                "altered on the volume, and there is nothing to write in its place",
            ),
        };
        let (act, because) = if self.removed.contains(path) {
            (Act::Remove, because)
        } else {
            let trouble = self.trouble();
            let trouble = trouble.unwrap_or_else(|| {
                let detail = format!("{}; stays until what takes its place is there", because.detail);
                Because { detail, ..because }
            });
            (Act::HoldBack, trouble)
        };
        Row {
            act,
            path: path.to_string(),
            owner: entry.map(owner),
            mode: None,
            because,
            failure: entry.and_then(failure),
        }
    }

    /// A file that is not there, and should be.
    fn absent(&self, entry: &EntryPlan, path: &str) -> Option<Row> {
        Some(Row {
            act: Act::HoldBack,
            path: path.to_owned(),
            owner: Some(owner(entry)),
            mode: None,
            because: words::of_absent(entry, self.status)?,
            failure: failure(entry),
        })
    }

    /// Why nothing at all can be published.
    fn trouble(&self) -> Option<Because> {
        if self.plan.blocked.is_some() {
            return Some(Because::new(
                Reason::RecordsLost,
                "what is published is not known any more, and stays until every file can be written",
            ));
        }
        let failure = self.status.volume.failure.as_ref()?;
        Some(Because::new(Reason::Volume, failure.error.clone()))
    }
}

fn owner(entry: &EntryPlan) -> Owner {
    Owner {
        entry: entry.id.to_string(),
        required: entry.required,
        interval: entry.interval,
    }
}

fn failure(entry: &EntryPlan) -> Option<Failure> {
    match &entry.outcome {
        Outcome::Failed { failure, .. } => Some(failure.clone()),
        Outcome::Served { .. } | Outcome::Pending { .. } => None,
    }
}

#[cfg(test)]
mod tests;
