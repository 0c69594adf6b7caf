//! The one memory of the loop: what is served and since when, what failed, what is due, what is known of each host.
//!
//! A status is a value. Each pass's outcome is folded into it, which gives the events that are worth telling; log,
//! metrics, probes and `status` read it, and remember nothing that it has. It can be written as JSON and holds no value.

mod cause;
mod endpoint;
mod entry;
mod failing;
mod fold;
mod hooks;
mod ready;
mod recall;
mod reload;
mod reminders;
mod telling;
#[cfg(any(test, feature = "testing"))]
pub mod test_passes;
#[cfg(test)]
mod tests;
mod volume;
mod wall;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;

use self::cause::Cause;
pub use self::endpoint::EndpointStatus;
pub use self::entry::{EntryStatus, FailureStatus, FileStatus, RecalledEntry};
use self::failing::Failing;
pub use self::ready::{Readiness, lacking};
pub use self::recall::Recalled;
pub use self::reload::{ReloadStatus, WatchMode};
pub use self::volume::{VolumeStatus, VolumeTrouble};
use super::answers::Lists;
use super::desired::OnStart;
use super::entry::EntryKey;
use super::event::Event;
use super::hook::{HookQueue, HookStatus};
use super::moment::Moment;
use super::notice::Notice;
use super::schedule::{Schedule, SyncScope};

/// What the loop knows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// When it was brought up to date last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
    /// Whether every required file is there, and since when.
    pub ready: Option<Readiness>,
    /// Each entry, in manifest order.
    pub entries: Vec<EntryStatus>,
    /// Each host of which something is known.
    pub endpoints: Vec<EndpointStatus>,
    /// The volume.
    pub volume: VolumeStatus,
    /// What hooks are still to hear, and when they are tried.
    #[serde(skip)]
    pub hooks: HookQueue,
    /// Each hook, in manifest order.
    #[serde(rename = "hooks")]
    pub hook_statuses: Vec<HookStatus>,
    /// What became of the manifest since the start.
    pub reload: ReloadStatus,
    /// Whether questions or renderings are under way.
    pub busy: bool,
    /// When the next pass is due, if nothing happens before.
    #[serde(skip)]
    pub wakes_at: Option<Moment>,
    /// When each question is due, and the gates.
    #[serde(skip)]
    pub schedule: Schedule,
    /// The last lists that came back whole.
    #[serde(skip)]
    pub lists: Lists,
    /// What start-up waits for.
    #[serde(skip)]
    on_start: OnStart,
    /// What was remarked on each entry, and on each version whatever its slot in a history.
    #[serde(skip)]
    remarks: BTreeMap<EntryKey, Vec<Notice>>,
    /// What fails, by its cause.
    #[serde(skip)]
    failing: BTreeMap<Cause, Failing>,
    /// When it was told last that the start still waits.
    #[serde(skip)]
    waits_told: Moment,
    /// When there is something to tell, if nothing happens before.
    #[serde(skip)]
    pub tells_at: Option<Moment>,
    /// The sync that is under way: from its first question to its end.
    #[serde(skip)]
    sync: Option<Sync>,
    /// Whether somebody asked for a sync that has not ended.
    #[serde(skip)]
    asked_for: bool,
}

/// A sync that is under way.
#[derive(Debug, Clone, Copy, Default)]
struct Sync {
    began: Moment,
    asked: usize,
    written: usize,
    removed: usize,
    adjusted: usize,
}

impl Status {
    /// Nothing is known, and everything is due.
    pub fn new(on_start: OnStart) -> Self {
        Self {
            at: None,
            ready: None,
            entries: Vec::new(),
            endpoints: Vec::new(),
            volume: VolumeStatus::default(),
            hooks: HookQueue::default(),
            hook_statuses: Vec::new(),
            reload: ReloadStatus::default(),
            busy: false,
            wakes_at: None,
            schedule: Schedule::default(),
            lists: Lists::default(),
            on_start,
            remarks: BTreeMap::new(),
            failing: BTreeMap::new(),
            waits_told: Moment::START,
            tells_at: None,
            sync: None,
            asked_for: false,
        }
    }

    /// Somebody asks for a sync now.
    pub fn wake(&mut self, wanted: &SyncScope, now: Moment) -> Event {
        self.schedule.wake(wanted, now);
        self.asked_for = true;
        Event::SyncAsked
    }

    /// How many secrets, certificates and keys have files of their own, each once: those of the manifest, and those that its
    /// selections pick. As [`SyncSpec::objects`](super::desired::SyncSpec::objects) counts.
    pub fn objects(&self) -> usize {
        let ids = self.entries.iter().filter_map(|entry| entry.id.object());
        ids.collect::<BTreeSet<_>>().len()
    }

    /// How many files there are to be, those of templates too.
    pub fn files(&self) -> usize {
        self.entries.iter().map(|entry| entry.files.len()).sum()
    }

    /// The entries that fail, each with why.
    pub fn failing(&self) -> impl Iterator<Item = (&EntryStatus, &FailureStatus)> {
        let entries = self.entries.iter();
        entries.filter_map(|entry| Some((entry, entry.failure.as_ref()?)))
    }
}
