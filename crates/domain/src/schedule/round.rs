//! Rounds: what is asked of one host at one interval has one due time.

use std::time::Duration;

use crate::backoff;
use crate::gate::Gate;
use crate::moment::Moment;
use crate::object::VaultId;
use crate::query::Query;

/// One host and one interval. Password files have no host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lane {
    vault: Option<VaultId>,
    pub(super) interval: Duration,
}

/// When its questions are asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// What was not asked since then is due.
    pub(super) began: Moment,
    /// When the next one begins.
    pub(super) next: Moment,
}

impl Lane {
    /// That of a question with an interval.
    pub(super) fn of(query: &Query, interval: Duration) -> Self {
        Self {
            vault: query.vault().cloned(),
            interval,
        }
    }

    /// Whose it is.
    pub(super) const fn vault(&self) -> Option<&VaultId> {
        self.vault.as_ref()
    }

    /// Time from one round to the next.
    fn wait(&self, gate: Option<&Gate>, jitter: f64) -> Duration {
        gate.map_or_else(
            || backoff::regular(self.interval, jitter),
            |gate| gate.stretch().wait(self.interval, jitter),
        )
    }
}

impl Round {
    /// One that begins with the next pass.
    pub(super) const fn due() -> Self {
        Self {
            began: Moment::START,
            next: Moment::START,
        }
    }

    /// One whose questions were asked in rounds of another interval before, the first of them at `asked`.
    pub(super) fn after(asked: Moment, lane: &Lane, gate: Option<&Gate>, jitter: f64) -> Self {
        Self {
            began: Moment::START,
            next: asked + lane.wait(gate, jitter),
        }
    }

    /// Begins now; the next one comes after the interval as the gate stretches it.
    pub(super) fn begin(
        &mut self,
        lane: &Lane,
        mut gate: Option<&mut Gate>,
        is_shortest: bool,
        now: Moment,
        jitter: f64,
    ) {
        if let Some(gate) = gate.as_mut().filter(|_| is_shortest) {
            gate.round_begins(now);
        }
        self.began = now;
        self.next = now + lane.wait(gate.as_deref(), jitter);
    }
}
