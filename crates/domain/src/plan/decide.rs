//! Decides what shall be on the volume.

use std::collections::{BTreeMap, BTreeSet};

use super::entry_plan::{EntryPlan, HeldBack, Outcome};
use super::file_plan::{Action, FilePlan, Why};
use super::files::{PlannedFiles, has_all, keep, keep_as, unchanged, write};
use super::given::Given;
use super::own::{Own, Trouble, name_taken, own};
use super::resolve::{Blocked, Cause, Resolved};
use crate::entry::{Entry, Group};
use crate::path::RelativePath;
use crate::path_set::PathSet;
use crate::payload::{FileRecord, RefusedName};
use crate::query::Query;

/// What shall be on the volume, and what became of each entry.
#[derive(Debug, Clone)]
pub struct Plan {
    /// One for each entry, in its order.
    pub entries: Vec<EntryPlan>,
    /// Every file that shall be there.
    pub files: BTreeMap<RelativePath, FilePlan>,
    /// Published files that go, and why.
    pub removals: BTreeMap<RelativePath, Why>,
    /// The paths that entries have, also those without bytes now.
    pub wanted: BTreeSet<RelativePath>,
    /// Why nothing at all may be published.
    pub blocked: Option<Blocked>,
}

/// Decides for each file whether it is written, kept or removed, and why. The rule of a failure: the entry keeps the
/// files that it has. The rule of a success: all files of the entry are made of the versions that were told.
pub fn decide<'g>(entries: &'g [Entry], given: &Given<'g>) -> Plan {
    let own: Vec<Own<'_>> = entries.iter().map(|entry| own(entry, given)).collect();
    let resolved = Resolved::of(entries, &own, given);
    let blocked = resolved.blocked(entries, &own, given);
    let mut files = BTreeMap::new();
    let mut plans = Vec::with_capacity(entries.len());
    for (number, (entry, own)) in entries.iter().zip(own).enumerate() {
        let (planned, plan) = one(number, entry, own, &resolved, given);
        if !resolved.is_in_place(number) {
            files.extend(planned.into_iter().map(|(path, file)| {
                (
                    path,
                    FilePlan {
                        entry: Some(number),
                        ..file
                    },
                )
            }));
        }
        plans.push(plan);
    }
    keep_in_place(entries, &plans, &resolved, given, &mut files);
    keep_removals(entries, &resolved, given, &mut files);
    // While something required is missing, the files of the manifest before serve: after a reload, and over a restart.
    if !plans.iter().all(EntryPlan::is_there) {
        keep_what_left(entries, given, &mut files);
    }
    let wanted = entries.iter().flat_map(|entry| &entry.files);
    Plan {
        removals: removals(entries, given, &files),
        wanted: wanted.map(|file| file.path.clone()).collect(),
        entries: plans,
        files,
        blocked,
    }
}

fn one<'g>(
    number: usize,
    entry: &Entry,
    own: Own<'g>,
    resolved: &Resolved<'_>,
    given: &Given<'g>,
) -> (PlannedFiles, EntryPlan) {
    if let Some(trouble) = resolved.displaced(number) {
        return refused(entry, trouble.clone(), given);
    }
    match own {
        Own::Refused(trouble) => refused(entry, trouble, given),
        Own::Failed(trouble) => keeps(entry, failed(entry, trouble, given), given),
        Own::Pending { complete, waits } => keeps(entry, Outcome::Pending { complete, waits }, given),
        Own::Listed => {
            let outcome = Outcome::Served {
                version: None,
                changed: false,
                confirmed: true,
            };
            (Vec::new(), EntryPlan::new(entry, outcome, None))
        }
        Own::Make => match resolved.held_back(entry) {
            Some(cause) => held_back(entry, cause, given),
            None => made(entry, given),
        },
        Own::Found(found, needed) => {
            let (files, plan) = keep_as(entry, &found, &needed, given);
            match resolved.held_back(entry) {
                Some(cause) if !plan.made.is_empty() => held_back(entry, cause, given),
                _ => (files, plan),
            }
        }
    }
}

fn made(entry: &Entry, given: &Given<'_>) -> (PlannedFiles, EntryPlan) {
    let version = entry.source().and(entry.inputs.first());
    let version = version.and_then(|input| given.answers.version(input)?.ok().cloned());
    let outcome = Outcome::Served {
        version,
        changed: true,
        confirmed: true,
    };
    let files = write(entry, given);
    let plan = EntryPlan {
        made: entry.files.iter().map(|file| file.path.clone()).collect(),
        ..EntryPlan::new(entry, outcome, first_record(&files))
    };
    (files, plan)
}

fn first_record(files: &PlannedFiles) -> Option<&FileRecord> {
    files.first().map(|(_, file)| file.record.as_ref())
}

/// The entry keeps what it has, at the paths that it wants.
fn keeps(entry: &Entry, outcome: Outcome, given: &Given<'_>) -> (PlannedFiles, EntryPlan) {
    let why = match &outcome {
        Outcome::Failed { failure, .. } => Why::Failed(failure.clone()),
        Outcome::Pending { waits: true, .. } => Why::Waits,
        Outcome::Pending { .. } | Outcome::Served { .. } => why_pending(entry),
    };
    let files = keep(entry, given.published, &why);
    let plan = EntryPlan::new(entry, outcome, first_record(&files));
    (files, plan)
}

fn why_pending(entry: &Entry) -> Why {
    let selected = entry.selected.as_ref();
    match selected.and_then(|selected| selected.held_since) {
        Some(since) => Why::GoneSince(since),
        None => Why::NotAsked,
    }
}

/// The entry keeps what it has where it is; its files are added when all others have their places.
fn refused(entry: &Entry, trouble: Trouble, given: &Given<'_>) -> (PlannedFiles, EntryPlan) {
    let last_good = given.published.last_good(entry);
    let outcome = Outcome::Failed {
        failure: trouble.failure,
        kept: false,
        retry: trouble.retry,
        news: trouble.news,
    };
    let record = last_good.first().map(|(_, (_, found))| found.record.as_ref());
    (Vec::new(), EntryPlan::new(entry, outcome, record))
}

fn held_back(entry: &Entry, cause: &Cause, given: &Given<'_>) -> (PlannedFiles, EntryPlan) {
    let held_back = HeldBack {
        group: match &entry.group {
            Some(Group::Named(name)) => format!("`together: {name}`"),
            Some(Group::History(path)) => format!("the history at {path}"),
            None => String::new(),
        },
        member: cause.member.clone(),
    };
    let outcome = match &cause.failure {
        Some(failure) => {
            let HeldBack { group, member } = &held_back;
            let id = &entry.id;
            let seen = &failure.detail;
            let detail = format!("{id} is held back with {group}, because {member} failed: {seen}");
            let trouble = Trouble {
                failure: failure.clone().told_as(detail),
                retry: cause.retry.clone(),
                news: cause.news,
            };
            failed(entry, trouble, given)
        }
        None => Outcome::Pending {
            complete: has_all(entry, given.published),
            waits: cause.waits,
        },
    };
    let files = keep(entry, given.published, &Why::HeldBack(held_back.clone()));
    let plan = EntryPlan {
        held_back: Some(held_back),
        ..EntryPlan::new(entry, outcome, first_record(&files))
    };
    (files, plan)
}

fn failed(entry: &Entry, trouble: Trouble, given: &Given<'_>) -> Outcome {
    Outcome::Failed {
        failure: trouble.failure,
        kept: has_all(entry, given.published),
        retry: trouble.retry,
        news: trouble.news,
    }
}

/// Adds the files of the entries that stay in place.
fn keep_in_place(
    entries: &[Entry],
    plans: &[EntryPlan],
    resolved: &Resolved<'_>,
    given: &Given<'_>,
    files: &mut BTreeMap<RelativePath, FilePlan>,
) {
    for (number, (at, found)) in resolved.files_in_place(entries, given.published) {
        let why = match &plans[number].outcome {
            Outcome::Failed { failure, .. } => Why::Failed(failure.clone()),
            Outcome::Pending { .. } | Outcome::Served { .. } => Why::Unchanged,
        };
        files.entry(at.clone()).or_insert_with(|| FilePlan {
            entry: Some(number),
            ..unchanged(at, found, why)
        });
    }
}

/// Keeps what leaves groups that do not move.
fn keep_removals(
    entries: &[Entry],
    resolved: &Resolved<'_>,
    given: &Given<'_>,
    files: &mut BTreeMap<RelativePath, FilePlan>,
) {
    let held_back = entries
        .iter()
        .filter_map(|entry| Some((entry, resolved.held_back(entry)?)));
    let mut held_back = held_back
        .filter(|(entry, _)| !entry.removals.is_empty())
        .peekable();
    if held_back.peek().is_none() {
        return;
    }
    let mut paths = PathSet::default();
    for path in files.keys() {
        // Only a history that grew into another path can be refused here; the volume tells.
        let _ = paths.claim(path);
    }
    for (entry, cause) in held_back {
        for path in &entry.removals {
            let found = given.published.at(path).filter(|_| paths.claim(path).is_ok());
            if let Some(found) = found {
                let why = cause.failure.clone().map_or(Why::Waits, Why::Failed);
                files.insert(path.clone(), unchanged(path, found, why));
            }
        }
    }
}

/// Keeps the files of the manifest before, as far as they stand in the way of none.
fn keep_what_left(entries: &[Entry], given: &Given<'_>, files: &mut BTreeMap<RelativePath, FilePlan>) {
    let mut paths = PathSet::default();
    let wanted = entries.iter().flat_map(|entry| &entry.files);
    for path in files.keys().chain(wanted.map(|file| &file.path)) {
        // What is refused here is refused where it is decided.
        let _ = paths.claim(path);
    }
    for (path, found) in given.published.files() {
        if !files.contains_key(path) && !leaves_vault(entries, path) && paths.claim(path).is_ok() {
            files.insert(path.clone(), unchanged(path, found, Why::Waits));
        }
    }
}

/// Whether a published file goes because the vault no longer has what it is of.
fn leaves_vault(entries: &[Entry], path: &RelativePath) -> bool {
    entries.iter().any(|entry| entry.removals.contains(path))
}

/// The published files that go.
fn removals(
    entries: &[Entry],
    given: &Given<'_>,
    files: &BTreeMap<RelativePath, FilePlan>,
) -> BTreeMap<RelativePath, Why> {
    let gone = given
        .published
        .files()
        .map(|(path, _)| path)
        .filter(|path| !files.contains_key(*path));
    let removals = gone.map(|path| {
        let why = if leaves_vault(entries, path) {
            Why::LeavesVault
        } else {
            Why::LeavesManifest
        };
        (path.clone(), why)
    });
    removals.collect()
}

impl Plan {
    /// The paths of entries at which something is put, now or when there are bytes for it.
    /// The volume is asked about all of them, so that what may move does not change with what was told in a pass.
    pub fn moving(&self) -> BTreeSet<RelativePath> {
        let moving = self.wanted.iter().filter(|path| {
            let action = self.files.get(*path).map(|file| &file.action);
            !matches!(action, Some(Action::Keep(at)) if at == *path)
        });
        moving.cloned().collect()
    }

    /// The entries whose bytes are to be made, by number.
    pub fn to_render(&self) -> impl Iterator<Item = usize> {
        let made = self.files.values().filter(|file| file.action == Action::Write);
        made.filter_map(|file| file.entry)
            .collect::<BTreeSet<_>>()
            .into_iter()
    }

    /// The entries that wait for an answer or a rendering.
    pub fn waiting(&self) -> impl Iterator<Item = &EntryPlan> {
        let entries = self.entries.iter();
        entries.filter(|plan| matches!(plan.outcome, Outcome::Pending { waits: true, .. }))
    }

    /// The questions whose answers are still needed, because something that hangs on them waits.
    pub fn needed(&self, entries: &[Entry]) -> BTreeSet<Query> {
        let all_wait = self.blocked.as_ref().is_some_and(|blocked| blocked.waits);
        let waiting = entries.iter().zip(&self.entries);
        let waiting = waiting
            .filter(|(_, plan)| all_wait || matches!(plan.outcome, Outcome::Pending { waits: true, .. }));
        waiting.flat_map(|(entry, _)| entry.questions()).collect()
    }

    /// Takes names that were found refused when it was too late to hold anything back for them: their entries fail.
    pub fn refused_late(&mut self, entries: &[Entry], refused: &[RefusedName]) {
        for (entry, plan) in entries.iter().zip(&mut self.entries) {
            let mut names = refused.iter();
            let name = names.find(|name| entry.files.iter().any(|file| name.covers(&file.path)));
            if let Some(name) = name {
                plan.outcome = Outcome::Failed {
                    failure: name_taken(name),
                    kept: false,
                    retry: entry.inputs.iter().map(Query::from).collect(),
                    news: true,
                };
            }
        }
    }
}
