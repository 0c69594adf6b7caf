//! Takes over what an earlier process left on the volume.

use std::time::Duration;

use time::OffsetDateTime;

use super::{EntryStatus, Status};
use crate::domain::desired::OnStart;
use crate::domain::event::Event;
use crate::domain::hook::Outbox;
use crate::domain::moment::{Moment, Now};
use crate::domain::plan::EntryPlan;

/// What the volume has, before anything was asked.
#[derive(Debug)]
pub struct Recalled {
    /// The time.
    pub at: OffsetDateTime,
    /// Each entry, with when its vault confirmed last that what is published is what it has, and with its interval.
    pub entries: Vec<(EntryPlan, Option<OffsetDateTime>, Duration)>,
    /// What hooks are still to hear.
    pub outbox: Outbox,
}

impl Status {
    /// Takes it over. What was confirmed within one interval, by whatever process, is what the vault has; a time in the
    /// future counts as never. `jitter` is in `0.0..1.0`.
    pub fn recall(&mut self, recalled: Recalled, now: Moment, jitter: f64) -> Vec<Event> {
        let at = recalled.at;
        let entries = recalled.entries.into_iter().map(|(plan, confirmed, interval)| {
            let confirmed = confirmed.filter(|then| *then <= at);
            let lately = confirmed.is_some_and(|then| at - then <= interval);
            let mut entry = EntryStatus::of(&plan);
            entry.recall(&plan, confirmed, lately);
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
        self.recall_outbox(&recalled.outbox, at, now);
        events
    }
}
