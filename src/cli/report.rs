//! What came of a sync, for a person: a row for each file, and a summary. Never a value.

use std::fmt::Write as _;

use time::OffsetDateTime;

use super::age::age;
use super::ansi::{GREEN, RED, YELLOW};
use super::table::{self, Cell, Column, Cut, Look, WHOLE_VERSION};
use crate::domain::entry::EntryId;
use crate::domain::failure::FailureClass;
use crate::domain::object::VersionId;
use crate::domain::path::RelativePath;
use crate::domain::status::{EntryStatus, FileStatus, Status};
use crate::domain::validity::Standing;

const COLUMNS: [Column; 6] = [
    Column::new("PATH", 12, None, Cut::Middle),
    Column::new("OBJECT", 12, Some(3), Cut::Middle),
    Column::new("VERSION", WHOLE_VERSION, Some(1), Cut::End),
    Column::new("STATE", 9, None, Cut::End),
    Column::new("AGE/REASON", 12, Some(4), Cut::End),
    Column::new("EXPIRES", 10, Some(2), Cut::End),
];

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has new bytes.
    Written,
    /// It is there and current.
    Unchanged,
    /// It is there from before; whether it is current is not known, or it is not.
    Kept,
    /// It is not there, and may come by itself.
    Missing,
    /// It is not there, and somebody has to do something.
    Refused,
    /// It is gone.
    Removed,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Written,
        Self::Unchanged,
        Self::Kept,
        Self::Missing,
        Self::Refused,
        Self::Removed,
    ];

    fn of(entry: &EntryStatus, file: &FileStatus) -> Self {
        if file.written.is_some() {
            Self::Written
        } else if file.present && entry.as_asked && entry.failure.is_none() && entry.held_back.is_none() {
            Self::Unchanged
        } else if file.present {
            Self::Kept
        } else {
            Self::without_file(entry)
        }
    }

    fn without_file(entry: &EntryStatus) -> Self {
        let class = entry.failure.as_ref().map(|failure| failure.reason.class());
        match class {
            Some(FailureClass::Refused | FailureClass::Volume) => Self::Refused,
            Some(FailureClass::Identity | FailureClass::Unavailable) | None => Self::Missing,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Removed => "removed",
        }
    }

    const fn color(self) -> &'static str {
        match self {
            Self::Written => GREEN,
            Self::Unchanged | Self::Removed => "",
            Self::Kept => YELLOW,
            Self::Missing | Self::Refused => RED,
        }
    }
}

/// A row for each file in the order of the manifest, then for each that is gone, and a summary.
pub(super) fn render(status: &Status, removed: &[RelativePath], look: Look) -> String {
    let now = status.at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut rows = Vec::new();
    let mut found = Vec::new();
    for entry in &status.entries {
        for (path, state) in files(entry) {
            rows.push(row(&path, entry, state, status, now));
            found.push(state);
        }
    }
    for path in removed {
        rows.push([
            path.as_str().into(),
            Cell::default(),
            Cell::default(),
            State::Removed.word().into(),
            Cell::default(),
            Cell::default(),
        ]);
        found.push(State::Removed);
    }
    format!(
        "{}\n{}\n",
        table::render(&COLUMNS, &rows, look),
        summary(status, &found)
    )
}

/// The files of an entry. A selection has none of its own, and is shown when it fails.
fn files(entry: &EntryStatus) -> Vec<(String, State)> {
    match &entry.id {
        EntryId::Selection { path, .. } if entry.failure.is_some() || !entry.complete => {
            vec![(path.as_str().to_owned(), State::without_file(entry))]
        }
        _ => entry
            .files
            .iter()
            .map(|file| (file.path.to_string(), State::of(entry, file)))
            .collect(),
    }
}

fn row(path: &str, entry: &EntryStatus, state: State, status: &Status, now: OffsetDateTime) -> [Cell; 6] {
    let version = entry.version.as_ref().map_or("", VersionId::as_str);
    [
        path.into(),
        object(&entry.id).into(),
        version.into(),
        Cell::colored(state.word(), state.color()),
        why(entry, state, status, now).into(),
        expiry(entry),
    ]
}

/// Its version has a column of its own.
fn object(id: &EntryId) -> String {
    match id {
        EntryId::Object(source) => source.object.to_string(),
        EntryId::Template(_) => "template".to_owned(),
        EntryId::Selection { .. } => id.to_string(),
    }
}

/// Why it is not as it should be; how long it is as it is otherwise.
fn why(entry: &EntryStatus, state: State, status: &Status, now: OffsetDateTime) -> String {
    let age = entry.since.map(|since| age(now - since)).unwrap_or_default();
    let reason = if let Some(failure) = &entry.failure {
        failure.reason.to_string()
    } else if let Some(held_back) = &entry.held_back {
        held_back.clone()
    } else if state == State::Unchanged || state == State::Written {
        return age;
    } else if entry.waits {
        "no answer in time".to_owned()
    } else {
        let mut hosts = status.endpoints.iter();
        let host = hosts.find(|host| Some(&host.endpoint) == entry.stopped_by.as_ref());
        host.and_then(|host| host.open.as_ref())
            .map_or_else(|| "not asked".to_owned(), |open| open.reason.to_string())
    };
    match state {
        State::Kept if !age.is_empty() => format!("{reason}, {age} old"),
        _ => reason,
    }
}

fn expiry(entry: &EntryStatus) -> Cell {
    let Some(expires) = entry.validity.expires else {
        return Cell::default();
    };
    let color = match entry.standing {
        Standing::Expired => RED,
        Standing::ExpiresSoon => YELLOW,
        Standing::NotYetValid | Standing::Valid => "",
    };
    Cell::colored(expires.date().to_string(), color)
}

fn summary(status: &Status, found: &[State]) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut text = format!(
        "{} of {}",
        counted(found.len(), "file"),
        counted(status.objects(), "object")
    );
    for (at, state) in State::ALL
        .into_iter()
        .filter(|state| found.contains(state))
        .enumerate()
    {
        let count = found.iter().filter(|other| **other == state).count();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{} {count} {}",
            if at == 0 { ":" } else { "," },
            state.word()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::desired::OnStart;
    use crate::domain::failure::Reason;
    use crate::domain::plan::{EntryPlan, Outcome};
    use crate::domain::status::test_passes::{
        entry, failed, made, pass, path, pending, second, served, version,
    };
    use crate::domain::validity::Validity;

    fn look(width: usize) -> Look {
        Look {
            width: Some(width),
            color: false,
        }
    }

    fn without_files(plan: EntryPlan) -> EntryPlan {
        let mut plan = plan;
        if let Outcome::Failed { kept, .. } = &mut plan.outcome {
            *kept = false;
        }
        plan
    }

    /// Two hours after the epoch, with an entry of each sort.
    fn status() -> Status {
        let web = EntryPlan {
            files: ["tls/tls.crt", "tls/tls.key", "tls/証明書.p12"].map(path).into(),
            made: vec![path("tls/tls.key")],
            validity: Validity {
                not_before: None,
                expires: Some(second(40_000_000)),
            },
            ..made("web")
        };
        let old = EntryPlan {
            since: Some(second(0)),
            ..served("same")
        };
        let kept = EntryPlan {
            since: Some(second(3_600)),
            ..failed("old", Reason::Throttled)
        };
        let mut status = Status::new(OnStart::Fresh);
        let mut outcome = pass(vec![
            web,
            old,
            kept,
            without_files(failed("none", Reason::Forbidden)),
            without_files(failed("away", Reason::Unreachable)),
            pending("late", false),
        ]);
        outcome.at = second(7_200);
        status.fold(outcome, 0.5);
        status
    }

    #[test]
    fn each_file_is_a_row_that_says_what_became_of_it() {
        let text = render(&status(), &[path("gone")], look(200));
        let one = version(1);
        let expected = [
            "PATH            OBJECT            VERSION                           STATE      AGE/REASON         EXPIRES".to_owned(),
            format!("tls/tls.crt     app/secrets/web   {one}  unchanged                     1971-04-08"),
            format!("tls/tls.key     app/secrets/web   {one}  written                       1971-04-08"),
            format!("tls/証明書.p12  app/secrets/web   {one}  unchanged                     1971-04-08"),
            format!("same            app/secrets/same  {one}  unchanged  2h"),
            "old             app/secrets/old                                     kept       throttled, 1h old".to_owned(),
            "none            app/secrets/none                                    refused    forbidden".to_owned(),
            "away            app/secrets/away                                    missing    unreachable".to_owned(),
            "late            app/secrets/late                                    missing    not asked".to_owned(),
            "gone                                                                removed".to_owned(),
            String::new(),
            "9 files of 6 objects: 1 written, 3 unchanged, 1 kept, 2 missing, 1 refused, 1 removed".to_owned(),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_narrow_terminal_has_what_matters_most() {
        let text = render(&status(), &[], look(40));
        let expected = [
            "PATH            STATE      AGE/REASON",
            "tls/tls.crt     unchanged",
            "tls/tls.key     written",
            "tls/証明書.p12  unchanged",
            "same            unchanged  2h",
            "old             kept       throttled, 1…",
        ];
        assert_eq!(text.lines().take(6).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_version_is_whole_or_goes_and_half_of_one_is_never_shown() {
        for width in 40..200 {
            let text = render(&status(), &[], look(width));
            let line = text
                .lines()
                .find(|line| line.starts_with("same"))
                .unwrap_or_default();
            let is_whole = line.contains(version(1).as_str());
            assert_eq!(text.contains("VERSION"), is_whole, "{width}: {line}");
        }
        assert!(!render(&status(), &[], look(80)).contains("VERSION"));
    }

    #[test]
    fn what_is_pinned_and_there_is_unchanged_and_what_was_not_asked_is_kept() {
        let pinned = Outcome::Served {
            version: None,
            changed: false,
            confirmed: false,
        };
        let mut status = Status::new(OnStart::Fresh);
        status.fold(pass(vec![entry("pinned", pinned), pending("unasked", true)]), 0.5);
        let text = render(&status, &[], look(80));
        let rows: Vec<Vec<_>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[1][2], "unchanged");
        assert_eq!(rows[2][2..], ["kept", "not", "asked"]);
    }
}
