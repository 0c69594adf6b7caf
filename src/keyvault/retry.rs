//! What is worth another attempt within the same fetch, and how long to wait for it.
//!
//! The loop asks again anyway, at its own pace. A second attempt within the fetch is for what passes in the blink of
//! an eye; throttling, a missing role or an untrusted certificate does not. While a vault is down, the budget keeps
//! a thousand objects from tripling the load on it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::domain::failure::Failure;
use crate::ports::Jitter;

/// Whether another attempt can help before the next pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// No: somebody must change something, or the vault asked for quiet.
    No,
    /// At once, for one time: the token that was refused has been replaced.
    Once,
    /// At once: two requests of the SDK's client came in each other's way.
    AtOnce,
    /// After a short pause.
    Soon,
}

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Refused {
    /// What the caller learns when there is no other attempt.
    pub(super) failure: Failure,
    /// Whether there may be one.
    pub(super) again: Again,
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const GROWTH: u32 = 4;
/// The longest pause, the vault's `Retry-After` included; a longer wish is the loop's to honour.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long to wait after attempt number `attempt` (from 0) failed; `None` when it was the last.
pub(super) fn pause(
    refused: &Refused,
    attempt: u32,
    retries: u32,
    budget: &Budget,
    jitter: &dyn Jitter,
) -> Option<Duration> {
    if attempt >= retries {
        return None;
    }
    match refused.again {
        Again::No => None,
        Again::Once => (attempt == 0).then_some(Duration::ZERO),
        Again::AtOnce => Some(Duration::ZERO),
        Again::Soon => {
            let asked = refused.failure.retry_after.unwrap_or_default();
            if asked > LONGEST_PAUSE || !budget.spend() {
                return None;
            }
            let bound = FIRST_PAUSE
                .saturating_mul(GROWTH.saturating_pow(attempt))
                .min(LONGEST_PAUSE);
            Some(bound.mul_f64(jitter.sample().clamp(0.0, 1.0)).max(asked))
        }
    }
}

/// Attempts that a vault's fetches may add to their first ones: a few at once, then one for ten answers.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    /// Fifty: one dropped HTTP/2 connection takes all requests under way with it, and each may try again.
    const FULL: u32 = 500;
    const COST: u32 = 10;
    const REFUND: u32 = 1;

    /// A full one.
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// Takes one retry out; says whether there was one.
    fn spend(&self) -> bool {
        let spend = |left: u32| left.checked_sub(Self::COST);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_ok()
    }

    /// Notes that the vault answered as it should.
    pub(super) fn refund(&self) {
        let refund = |left: u32| (left < Self::FULL).then_some(left + Self::REFUND);
        // An error says that the budget is full already.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refund);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Reason;

    fn refused(again: Again, retry_after: Option<u64>) -> Refused {
        let failure = Failure::new(Reason::Unavailable, "", "").after(retry_after.map(Duration::from_secs));
        Refused { failure, again }
    }

    #[test]
    fn pauses_grow_and_stay_below_the_longest() {
        let budget = Budget::new();
        let soon = refused(Again::Soon, None);
        let pauses: Vec<_> = (0..4).map(|n| pause(&soon, n, 9, &budget, &1.0)).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(500), millis(2000), millis(2000), millis(2000)]);
        assert_eq!(pause(&soon, 0, 9, &budget, &0.0), Some(Duration::ZERO));
    }

    #[test]
    fn the_number_of_retries_is_bounded_for_every_sort() {
        for again in [Again::No, Again::Once, Again::AtOnce, Again::Soon] {
            assert_eq!(pause(&refused(again, None), 2, 2, &Budget::new(), &0.5), None);
        }
        assert_eq!(
            pause(&refused(Again::Once, None), 1, 2, &Budget::new(), &0.5),
            None
        );
    }

    #[test]
    fn a_short_wish_of_the_vault_is_waited_for_and_a_long_one_is_left_to_the_loop() {
        let wait = |seconds| pause(&refused(Again::Soon, Some(seconds)), 0, 2, &Budget::new(), &0.0);
        assert_eq!(wait(1), Some(Duration::from_secs(1)));
        assert_eq!(wait(3), None);
    }

    #[test]
    fn a_vault_that_is_down_gets_few_retries_however_many_objects_it_has() {
        let budget = Budget::new();
        let soon = refused(Again::Soon, None);
        let attempts = (0..1000).filter(|_| pause(&soon, 0, 2, &budget, &0.5).is_some());
        assert_eq!(attempts.count(), 50);
        (0..10).for_each(|_| budget.refund());
        assert!(pause(&soon, 0, 2, &budget, &0.5).is_some());
        assert!(pause(&soon, 0, 2, &budget, &0.5).is_none());
    }
}
