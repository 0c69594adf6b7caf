//! Whether the loop turns: what a liveness probe asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A loop that did not turn for this long is stuck. A volume or a vault that hangs is no cause: the loop turns meanwhile.
const STUCK: Duration = Duration::from_mins(1);

/// How often a loop turns at least.
pub(super) const BEAT: Duration = Duration::from_secs(20);

/// When the loop turned last.
#[derive(Debug)]
pub struct Heartbeat {
    start: Instant,
    /// Milliseconds after `start`.
    last: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            last: AtomicU64::new(0),
        }
    }
}

impl Heartbeat {
    /// The loop turns.
    pub(super) fn beat(&self) {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(millis, Ordering::Relaxed);
    }

    /// Does `work`, and turns meanwhile.
    pub(super) async fn beating<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            self.beat();
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = sleep(BEAT) => {}
            }
        }
    }

    /// Since when it did not turn, if that is too long.
    pub fn stuck_for(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        let quiet = self.start.elapsed().saturating_sub(last);
        (quiet > STUCK).then_some(quiet)
    }
}
