//! Rounds: what is asked of one host at one interval has one due time.

use std::time::Duration;

use crate::domain::gate::Gate;
use crate::domain::moment::Moment;
use crate::domain::object::VaultId;
use crate::domain::query::Query;

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
}

impl Round {
    /// One that begins with the next pass.
    pub(super) const fn due() -> Self {
        Self {
            began: Moment::START,
            next: Moment::START,
        }
    }

    /// Begins now; the next one comes after the interval as the gate stretches it.
    pub(super) fn begin(
        &mut self,
        lane: &Lane,
        gate: Option<&mut Gate>,
        is_shortest: bool,
        now: Moment,
        jitter: f64,
    ) {
        let wait = match gate {
            Some(gate) => {
                if is_shortest {
                    gate.round_begins(now);
                }
                gate.stretch().wait(lane.interval, jitter)
            }
            None => crate::domain::backoff::regular(lane.interval, jitter),
        };
        self.began = now;
        self.next = now + wait;
    }
}
