//! What there is to tell of a pass. Observers turn events into log lines, metrics and calls; none holds a value.

use std::time::Duration;

use time::OffsetDateTime;

use super::call::Call;
use super::entry::EntryId;
use super::failure::{Failure, Reason};
use super::hint::Hint;
use super::hook::{Change, Forgotten, HookFailure};
use super::notice::Notice;
use super::object::{HookName, VersionId};
use super::path::RelativePath;
use super::plan::Why;
use super::schedule::Endpoint;
use super::validity::{Standing, Validity};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody asked for a sync now.
    SyncAsked,
    /// Every required file is there and is what was asked for.
    Ready {
        /// How many objects there are, as [`Status::objects`](super::status::Status::objects) counts.
        objects: usize,
        /// Whether that is so because the manifest is content with files of an earlier run.
        last_known_good: bool,
    },
    /// What is required is not all there yet, after a while.
    NotReady {
        /// The required entries that are not there, or not as asked.
        waiting: Vec<EntryId>,
        /// What fails at the volume, if it does.
        volume: Option<String>,
        /// Since the start.
        age: Duration,
    },
    /// Files of an entry have new bytes.
    Published {
        /// Whose.
        entry: EntryId,
        /// The first of them.
        path: RelativePath,
        /// How many there are.
        files: usize,
        /// Why the first of them is new.
        why: Why,
        /// The version that they are of now, if they are made of one object.
        version: Option<VersionId>,
        /// When that expires.
        expires: Option<OffsetDateTime>,
    },
    /// A set was published that differs from the one before. What of it changed is told besides, by itself.
    SetPublished {
        /// How many files have new bytes.
        written: usize,
        /// How many bytes those are.
        bytes: u64,
        /// How many disappeared.
        removed: usize,
        /// How many have another mode or owner.
        adjusted: usize,
    },
    /// What vaults answered since the last pass.
    Answered {
        /// Each question that came back.
        calls: Vec<Call>,
    },
    /// Files of an entry were made again, and are the same.
    MadeAgain {
        /// Whose.
        entry: EntryId,
    },
    /// A file disappeared.
    Removed {
        /// Where it was.
        path: RelativePath,
    },
    /// Mode or owner of a file changed.
    Adjusted {
        /// Which.
        path: RelativePath,
    },
    /// Something odd about an entry that was made.
    Remark {
        /// Which.
        entry: EntryId,
        /// What.
        notice: Notice,
    },
    /// What is served is not valid yet, comes near its end, or is past it.
    Validity {
        /// Which entry.
        entry: EntryId,
        /// What that means.
        standing: Standing,
        /// From when to when it is valid.
        validity: Validity,
    },
    /// One or several entries could not be fetched, made or placed, for one cause.
    Failing {
        /// Those that there is something to tell of, each once. The first is the one that the failure is of.
        entries: Vec<EntryId>,
        /// How many there are, with those that could not be asked for because of it.
        objects: usize,
        /// Why.
        failure: Failure,
        /// What some of them are held back with, if that is why they fail.
        held_back: Option<String>,
        /// Whether the files of all of them are there from before.
        kept: bool,
        /// Whether start-up waits for one of them.
        required: bool,
        /// How often in a row.
        times: u32,
        /// For how long.
        age: Duration,
        /// Whether it is worth a person's attention: new, or a reminder.
        news: bool,
    },
    /// Entries that failed for one cause are served again.
    Recovered {
        /// Which.
        entries: Vec<EntryId>,
        /// Why they had failed.
        reason: Reason,
        /// How often in a row; the most of any of them.
        failures: u32,
    },
    /// A host asked to be left alone for longer than it is.
    QuietShortened {
        /// Which.
        endpoint: Endpoint,
        /// For how long it asked.
        asked: Duration,
    },
    /// The volume could not be read or written.
    VolumeFailing {
        /// What was tried.
        error: String,
        /// What the system said.
        cause: String,
        /// What to do.
        hint: Hint,
        /// How often in a row.
        times: u32,
        /// For how long.
        age: Duration,
        /// Whether it is worth a person's attention: new, or a reminder.
        news: bool,
    },
    /// The volume works again.
    VolumeRecovered {
        /// How often in a row it failed.
        failures: u32,
    },
    /// Another manifest counts from now on.
    Reloaded {
        /// How many objects it names.
        objects: usize,
        /// How many files.
        files: usize,
    },
    /// Another manifest was refused as a whole; the one before it goes on.
    ReloadRefused {
        /// What is wrong with it.
        problems: Vec<String>,
    },
    /// The manifest has no longer a hook that had still something to hear; nobody will.
    HookForgotten(Forgotten),
    /// A hook heard of what changed.
    HookSucceeded {
        /// Which.
        hook: HookName,
        /// What it does: `exec`, `signal`, `http`, `touch`.
        kind: &'static str,
        /// What it heard.
        changes: Vec<Change>,
        /// How long that took.
        took: Duration,
        /// How often it was tried, this time included.
        tries: u32,
    },
    /// A hook was tried in vain.
    HookFailed {
        /// Which.
        hook: HookName,
        /// What it does.
        kind: &'static str,
        /// Why.
        failure: HookFailure,
        /// How often in a row.
        times: u32,
        /// For how long.
        age: Duration,
        /// How long until the next try.
        next: Option<Duration>,
        /// Whether it is worth a person's attention: new, or a reminder.
        news: bool,
    },
    /// Nothing is under way any more.
    Finished {
        /// How many questions were asked.
        asked: usize,
        /// How many files have new bytes.
        written: usize,
        /// How many disappeared.
        removed: usize,
        /// How many have another mode or owner.
        adjusted: usize,
        /// From the first question to the end.
        took: Duration,
        /// When the next question is due, if one is.
        next_due: Option<OffsetDateTime>,
        /// Whether somebody asked for it.
        asked_for: bool,
    },
}
