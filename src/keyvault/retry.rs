//! What is worth another attempt for the same question, and how long to wait for it.
//!
//! The loop asks again anyway, at its own pace. A second attempt for the question is for what passes in the blink of
//! an eye; throttling, a missing role or an untrusted certificate does not. How many there may be is the loop's to say,
//! which knows of the vault's other questions; two sorts need no leave, because they happen to a vault that answers.

use std::time::Duration;

use crate::domain::failure::Failure;
use crate::ports::{Attempts, Jitter};

/// Whether another attempt can help before the next pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// No: somebody must change something, or the vault asked for quiet.
    No,
    /// At once, for one time: the token that was refused has been replaced.
    Once,
    /// At once, for a few times: two requests of the SDK's client came in each other's way.
    AtOnce,
    /// After a short pause, if there is leave.
    Soon,
}

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Refused {
    /// What the caller learns when there is no other attempt.
    pub(super) failure: Failure,
    /// Whether there may be one.
    pub(super) retry: Retry,
}

/// How often a request may come in another's way.
const MOST_AT_ONCE: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const GROWTH: u32 = 4;
/// The longest pause, the vault's `Retry-After` included; a longer wish is the loop's to honour.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long to wait after attempt number `attempt` (from 0) of a request failed; `None` when it was the last.
pub(super) fn pause(
    refused: &Refused,
    attempt: u32,
    attempts: &Attempts,
    jitter: &dyn Jitter,
) -> Option<Duration> {
    match refused.retry {
        Retry::No => None,
        Retry::Once => (attempt == 0).then_some(Duration::ZERO),
        Retry::AtOnce => (attempt < MOST_AT_ONCE).then_some(Duration::ZERO),
        Retry::Soon => {
            let asked = refused.failure.retry_after.unwrap_or_default();
            if asked > LONGEST_PAUSE || !attempts.take_retry() {
                return None;
            }
            let bound = FIRST_PAUSE
                .saturating_mul(GROWTH.saturating_pow(attempt))
                .min(LONGEST_PAUSE);
            Some(bound.mul_f64(jitter.sample().clamp(0.0, 1.0)).max(asked))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Reason;

    fn refused(retry: Retry, retry_after: Option<u64>) -> Refused {
        let failure = Failure::new(Reason::Unavailable, "", "").after(retry_after.map(Duration::from_secs));
        Refused { failure, retry }
    }

    #[test]
    fn pauses_grow_and_stay_below_the_longest() {
        let attempts = Attempts::new(9);
        let soon = refused(Retry::Soon, None);
        let pauses: Vec<_> = (0..4).map(|n| pause(&soon, n, &attempts, &1.0)).collect();
        let millis = |n| Some(Duration::from_millis(n));
        assert_eq!(pauses, [millis(500), millis(2000), millis(2000), millis(2000)]);
        assert_eq!(pause(&soon, 0, &attempts, &0.0), Some(Duration::ZERO));
        assert_eq!(attempts.unused(), 4);
    }

    #[test]
    fn the_number_of_retries_is_bounded_for_every_sort() {
        let attempts = Attempts::new(0);
        for retry in [Retry::No, Retry::Once, Retry::AtOnce, Retry::Soon] {
            assert_eq!(pause(&refused(retry, None), 2, &attempts, &0.5), None);
        }
        assert_eq!(pause(&refused(Retry::Once, None), 1, &attempts, &0.5), None);
        assert_eq!(pause(&refused(Retry::Soon, None), 0, &attempts, &0.5), None);
    }

    #[test]
    fn a_short_wish_of_the_vault_is_waited_for_and_a_long_one_is_left_to_the_loop() {
        let attempts = Attempts::new(2);
        let wait = |seconds| pause(&refused(Retry::Soon, Some(seconds)), 0, &attempts, &0.0);
        assert_eq!(wait(1), Some(Duration::from_secs(1)));
        assert_eq!(wait(3), None);
        assert_eq!(attempts.unused(), 1, "what is not repeated takes nothing");
    }
}
