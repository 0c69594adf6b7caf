//! Takes over what an earlier process left on the volume.

use time::OffsetDateTime;

use super::{EntryStatus, RecalledEntry, Status};
use crate::desired::OnStart;
use crate::event::Event;
use crate::hook::Outbox;
use crate::moment::{Moment, Now};

/// What the volume has, before anything was asked.
#[derive(Debug)]
pub struct Recalled {
    /// The time.
    pub at: OffsetDateTime,
    /// Each entry.
    pub entries: Vec<RecalledEntry>,
    /// What hooks are still to hear.
    pub outbox: Outbox,
}

impl Status {
    /// Takes it over. What was confirmed within one interval, by whatever process, is what the vault has; a time in the
    /// future counts as never. `jitter` is in `0.0..1.0`.
    pub fn recall(&mut self, recalled: Recalled, now: Moment, jitter: f64) -> Vec<Event> {
        let at = recalled.at;
        let entries = recalled.entries.into_iter().map(|mut recalled| {
            recalled.confirmed = recalled.confirmed.filter(|then| *then <= at);
            let lately = recalled
                .confirmed
                .is_some_and(|then| at - then <= recalled.interval);
            let mut entry = EntryStatus::of(&recalled.plan);
            entry.recall(recalled, lately);
            entry
        });
        self.entries = entries.collect();
        let mut events = Vec::new();
        self.become_ready(at, self.on_start == OnStart::LastKnownGood, &mut events);
        let now = Now {
            at: now,
            ready: self.is_ready(),
            jitter,
        };
        let forgotten = self.hooks.forgotten(&recalled.outbox).into_iter();
        events.extend(forgotten.map(Event::HookForgotten));
        self.recall_outbox(&recalled.outbox, at, now);
        events
    }
}
