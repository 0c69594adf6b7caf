//! What becomes of one file, and why: a row of a plan.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::domain::failure::Failure;
use crate::domain::mode::FileMode;

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Act {
    /// It gets new bytes.
    Write,
    /// It gets another mode or owner.
    Adjust,
    /// It disappears.
    Remove,
    /// It stays as it is.
    Keep,
    /// Something would become of it, and may not or cannot.
    HoldBack,
}

impl Act {
    /// Whether something changes on the volume.
    pub(super) const fn changes(self) -> bool {
        match self {
            Self::Write | Self::Adjust | Self::Remove => true,
            Self::Keep | Self::HoldBack => false,
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "write",
            Self::Adjust => "adjust",
            Self::Remove => "remove",
            Self::Keep => "keep",
            Self::HoldBack => "hold back",
        })
    }
}

/// The sorts of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reason {
    /// It is not there, or was altered.
    Missing,
    /// What is there is of something else.
    OtherSource,
    /// Something that it is made of has another version.
    NewVersion,
    /// A password in a file is another one, or was read by another process.
    NewPassword,
    /// The manifest wants another form of it.
    NewForm,
    /// Tags or attributes changed.
    NewAttributes,
    /// It is made again, and comes out the same.
    SameBytes,
    /// Its mode changes.
    Mode,
    /// Its owner or group changes.
    Owner,
    /// Its mode or owner changes, and something else is to be said of it.
    ModeOrOwner,
    /// Its bytes come from another path, or go to one.
    Moved,
    /// No entry has its path.
    LeavesManifest,
    /// The vault has it no longer in a selection or history.
    LeavesVault,
    /// The vault has it no longer, with many others of its selection.
    GoneFromVault,
    /// It was altered on the volume, and cannot be made again now.
    Altered,
    /// Nothing is to be done.
    Unchanged,
    /// Its vault could not be asked, or needed not.
    NotAsked,
    /// No answer came in time.
    NoAnswer,
    /// It cannot be fetched, made or placed.
    Failed,
    /// What it moves together with cannot move.
    HeldBack,
    /// What is there is not known any more, and would disappear.
    RecordsLost,
    /// The volume fails as a whole.
    Volume,
}

/// Why something becomes of a file, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Because {
    /// From a closed set.
    pub(super) reason: Reason,
    /// In plain words.
    pub(super) detail: String,
    /// What was: a version, a mode, a path.
    pub(super) from: Option<String>,
    /// What will be.
    pub(super) to: Option<String>,
}

impl Because {
    /// A reason and its words.
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            from: None,
            to: None,
        }
    }

    /// From one thing to another.
    #[must_use]
    pub(super) fn between(self, from: Option<String>, to: Option<String>) -> Self {
        Self { from, to, ..self }
    }
}

/// Whose a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    /// What messages call the entry.
    pub(super) entry: String,
    /// Whether start-up waits for it.
    pub(super) required: bool,
    /// How often it is asked for.
    pub(super) interval: Duration,
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What becomes of it.
    pub(super) act: Act,
    /// Where it is, or will be. Of a selection whose list is not known: its template of paths.
    pub(super) path: String,
    /// Whose it is; nobody's when it goes.
    pub(super) owner: Option<Owner>,
    /// The mode that it has then.
    pub(super) mode: Option<FileMode>,
    /// Why.
    pub(super) because: Because,
    /// How its entry fails, if it does.
    pub(super) failure: Option<Failure>,
}

/// How many files each becomes of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    write: usize,
    adjust: usize,
    remove: usize,
    keep: usize,
    hold_back: usize,
}

impl Summary {
    /// Counts.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut summary = Self::default();
        for row in rows {
            *match row.act {
                Act::Write => &mut summary.write,
                Act::Adjust => &mut summary.adjust,
                Act::Remove => &mut summary.remove,
                Act::Keep => &mut summary.keep,
                Act::HoldBack => &mut summary.hold_back,
            } += 1;
        }
        summary
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            write,
            adjust,
            remove,
            keep,
            hold_back,
        } = self;
        write!(
            f,
            "{write} to write, {adjust} to adjust, {remove} to remove, {keep} to keep, {hold_back} held back"
        )
    }
}

/// Whether anything changes on the volume.
pub(super) fn changes(rows: &[Row]) -> bool {
    rows.iter().any(|row| row.act.changes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const REASONS: [Reason; 22] = [
        Reason::Missing,
        Reason::OtherSource,
        Reason::NewVersion,
        Reason::NewPassword,
        Reason::NewForm,
        Reason::NewAttributes,
        Reason::SameBytes,
        Reason::Mode,
        Reason::Owner,
        Reason::ModeOrOwner,
        Reason::Moved,
        Reason::LeavesManifest,
        Reason::LeavesVault,
        Reason::GoneFromVault,
        Reason::Altered,
        Reason::Unchanged,
        Reason::NotAsked,
        Reason::NoAnswer,
        Reason::Failed,
        Reason::HeldBack,
        Reason::RecordsLost,
        Reason::Volume,
    ];

    #[test]
    fn the_page_explains_every_reason_and_action_as_json_has_it() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan.md");
        let page = fs::read_to_string(page).expect("the page is there");
        let label = |value: serde_json::Value| value.as_str().expect("text").to_owned();
        let reasons = REASONS.map(|reason| label(serde_json::to_value(reason).expect("JSON")));
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
        assert_eq!(rows, reasons);
        for act in [Act::Write, Act::Adjust, Act::Remove, Act::Keep, Act::HoldBack] {
            let row = format!(
                "\n| {act} (`{}`) | ",
                label(serde_json::to_value(act).expect("JSON"))
            );
            assert!(page.contains(&row), "{row}");
        }
    }
}
