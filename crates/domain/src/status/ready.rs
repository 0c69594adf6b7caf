//! Whether the files are what start-up waits for.

use serde::Serialize;
use time::OffsetDateTime;

use super::{EntryStatus, Status};
use crate::desired::OnStart;
use crate::event::Event;
use crate::failure::Reason;

/// Since when every required file is there. Once so, an outage does not end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// By the wall clock.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Whether it began with files of an earlier run.
    pub last_known_good: bool,
}

/// What is the matter with so many required entries: before it was ready first, they are to be as asked for; since then, to be
/// there. Whoever says why it is not ready says it so.
pub fn lacking(count: usize, was_ready: bool) -> String {
    let what = if was_ready { "missing" } else { "not as asked for" };
    match count {
        1 => format!("1 required entry is {what}"),
        count => format!("{count} required entries are {what}"),
    }
}

impl Status {
    /// Whether it was ready at some time.
    pub const fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// Whether every required file is there now, as `refresh.onStart` asks.
    pub fn is_served(&self) -> bool {
        !self.entries.is_empty() && self.volume.failures == 0 && self.unserved().next().is_none()
    }

    /// The required entries that are not there now, as `refresh.onStart` asks.
    pub fn unserved(&self) -> impl Iterator<Item = &EntryStatus> {
        self.required().filter(|entry| !self.is_enough(entry))
    }

    /// Whether what is there of an entry will do for `refresh.onStart`.
    fn is_enough(&self, entry: &EntryStatus) -> bool {
        match self.on_start {
            OnStart::Fresh => entry.complete && entry.as_asked && entry.failure.is_none(),
            OnStart::LastKnownGood => entry.complete,
        }
    }

    /// The required entries of which files are missing.
    pub fn incomplete(&self) -> impl Iterator<Item = &EntryStatus> {
        self.required().filter(|entry| !entry.complete)
    }

    /// Whether a required entry cannot come by waiting.
    pub fn is_hopeless(&self) -> bool {
        let mut failing = self.required().filter_map(|entry| entry.failure.as_ref());
        failing.any(|failure| !failure.reason.is_transient())
    }

    /// Whether an answer or a rendering is under way for something required.
    pub fn required_wait(&self) -> bool {
        self.required().any(|entry| entry.waits)
    }

    /// Why required entries are not served: their failures, and those of the hosts that do not let them be asked for.
    pub fn reasons_against(&self) -> impl Iterator<Item = Reason> {
        let missing = self
            .required()
            .filter(|entry| !(entry.complete && entry.as_asked));
        missing.filter_map(|entry| {
            if let Some(failure) = &entry.failure {
                return Some(failure.reason);
            }
            let stopped_by = entry.stopped_by.as_ref()?;
            let mut endpoints = self.endpoints.iter();
            let endpoint = endpoints.find(|known| known.endpoint == *stopped_by)?;
            endpoint.open.as_ref().map(|open| open.reason)
        })
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &EntryStatus> {
        self.entries.iter().filter(|entry| entry.required)
    }

    /// Notes that it is ready, if it is and was not before.
    pub(super) fn become_ready(
        &mut self,
        at: OffsetDateTime,
        last_known_good: bool,
        events: &mut Vec<Event>,
    ) {
        if self.ready.is_some() || !self.is_served() {
            return;
        }
        self.ready = Some(Readiness {
            since: at,
            last_known_good,
        });
        events.push(Event::Ready {
            objects: self.objects(),
            last_known_good,
        });
    }
}
