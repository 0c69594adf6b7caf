//! Which sources are due, and when: the memory of the loop between passes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::Failure;
use crate::domain::object::Source;
use crate::domain::schedule;

/// Due times. Healthy sources share one regular time; each failing source has its own, by backoff.
#[derive(Debug)]
pub struct Ledger {
    interval: Duration,
    regular: Option<Instant>,
    failing: BTreeMap<Source, Failing>,
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

    /// Whether the source is to be fetched in a pass that begins at `now`.
    pub fn is_due(&self, source: &Source, now: Instant) -> bool {
        match self.failing.get(source) {
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

    /// Whether the source failed when it was asked for last.
    pub fn is_failing(&self, source: &Source) -> bool {
        self.failing.contains_key(source)
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

    /// Takes a success: the source joins the regular passes.
    pub fn succeeded(&mut self, source: &Source) {
        self.failing.remove(source);
    }

    /// Takes a failure: the source is due again after its backoff.
    pub fn failed(&mut self, source: &Source, failure: &Failure, roll: f64) {
        let failures = self
            .failing
            .get(source)
            .map_or(0, |failing| failing.failures)
            .saturating_add(1);
        let transient = failure.reason.is_transient();
        let wait = schedule::backoff_wait(failures, transient, self.interval, failure.retry_after, roll);
        self.failing.insert(
            source.clone(),
            Failing {
                failures,
                due: Instant::now() + wait,
            },
        );
    }
}
