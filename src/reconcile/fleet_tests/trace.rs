//! What a vault was asked, and what that says.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// Calls are counted in windows of this length, as Key Vault does.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// A call that reached a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// Since the vault began.
    pub(super) at: Duration,
    pub(super) daemon: usize,
    pub(super) object: String,
    pub(super) answered: Answered,
}

/// How a vault answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    Object,
    Throttled(Option<Duration>),
    Failed,
    Unreachable,
    Never,
}

/// Calls, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace(pub(super) Vec<Call>);

impl Trace {
    /// Those of some time.
    pub(super) fn within(&self, when: Range<Duration>) -> Self {
        let calls = self.0.iter().filter(|call| when.contains(&call.at));
        Self(calls.cloned().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many were answered by 429.
    pub(super) fn throttled(&self) -> usize {
        let throttled = |call: &&Call| matches!(call.answered, Answered::Throttled(_));
        self.0.iter().filter(throttled).count()
    }

    /// The most calls in any time of this length, wherever it begins.
    pub(super) fn most_in(&self, length: Duration) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (last, call) in self.0.iter().enumerate() {
            while self.0[first].at + length <= call.at {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }

    /// When each daemon got each object.
    pub(super) fn fetches(&self) -> BTreeMap<(usize, &str), Vec<Duration>> {
        let mut fetches: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for call in self.0.iter().filter(|call| call.answered == Answered::Object) {
            fetches
                .entry((call.daemon, call.object.as_str()))
                .or_default()
                .push(call.at);
        }
        fetches
    }
}
