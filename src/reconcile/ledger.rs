//! Which questions are due, and when: the memory of the loop between passes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::Failure;
use crate::domain::plan::Timing;
use crate::domain::query::Query;
use crate::domain::schedule;

/// Due times. Healthy questions share one regular time; each failing one has its own, by backoff.
#[derive(Debug)]
pub struct Ledger {
    interval: Duration,
    regular: Option<Instant>,
    failing: BTreeMap<Query, Failing>,
    volume_failures: u32,
}

#[derive(Debug)]
struct Failing {
    failures: u32,
    due: Instant,
}

impl Ledger {
    /// A ledger in which everything is due. `interval` is the mean time between regular passes.
    pub const fn new(interval: Duration) -> Self {
        Self {
            interval,
            regular: None,
            failing: BTreeMap::new(),
            volume_failures: 0,
        }
    }

    /// Whether the question is to be asked in a pass that begins at `now`.
    pub fn is_due(&self, query: &Query, now: Instant) -> bool {
        match self.failing.get(query) {
            Some(failing) => failing.due <= now,
            None => self.regular.is_none_or(|regular| regular <= now),
        }
    }

    /// When the next pass begins; `None` means at once.
    pub fn next_due(&self) -> Option<Instant> {
        let failing = self.failing.values().map(|failing| failing.due);
        self.regular.map(|regular| failing.fold(regular, Instant::min))
    }

    /// Makes everything due: a person or a signal asked for a sync.
    pub fn wake_all(&mut self) {
        self.regular = None;
        for failing in self.failing.values_mut() {
            failing.due = Instant::now();
        }
    }

    /// Whether the question failed when it was asked last.
    pub fn is_failing(&self, query: &Query) -> bool {
        self.failing.contains_key(query)
    }

    /// Takes the end of a pass that began at `began`: sets the regular time if it was due then. Nothing that was due
    /// stays so, or the next pass would begin at once.
    ///
    /// When the volume could not be written, everything is due again after a backoff, since what was fetched is lost.
    pub fn finish_pass(&mut self, began: Instant, volume_failed: bool, roll: f64) {
        if volume_failed {
            self.volume_failures += 1;
            let wait = schedule::backoff_wait(self.volume_failures, true, self.interval, None, roll);
            let due = Instant::now() + wait;
            self.regular = Some(due);
            for failing in self.failing.values_mut().filter(|failing| failing.due <= began) {
                failing.due = due;
            }
            return;
        }
        self.volume_failures = 0;
        // Due, and neither asked for nor failed: an exact version that is published after all.
        self.failing.retain(|_, failing| failing.due > began);
        if self.regular.is_none_or(|regular| regular <= began) {
            self.regular = Some(Instant::now() + schedule::regular_wait(self.interval, roll));
        }
    }

    /// Takes a success: the question joins the regular passes.
    pub fn succeeded(&mut self, query: &Query) {
        self.failing.remove(query);
    }

    /// Takes a failure: the question is due again after its backoff.
    pub fn failed(&mut self, query: &Query, failure: &Failure, roll: f64) {
        let failures = self
            .failing
            .get(query)
            .map_or(0, |failing| failing.failures)
            .saturating_add(1);
        let transient = failure.reason.is_transient();
        let wait = schedule::backoff_wait(failures, transient, self.interval, failure.retry_after, roll);
        self.failing.insert(
            query.clone(),
            Failing {
                failures,
                due: Instant::now() + wait,
            },
        );
    }
}

/// A ledger at the time at which a pass began.
#[derive(Debug, Clone, Copy)]
pub struct At<'l>(pub &'l Ledger, pub Instant);

impl Timing for At<'_> {
    fn is_due(&self, query: &Query) -> bool {
        self.0.is_due(query, self.1)
    }

    fn may_ask(&self, query: &Query) -> bool {
        !self.0.is_failing(query) || self.is_due(query)
    }
}
