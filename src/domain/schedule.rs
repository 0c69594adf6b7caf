//! When the next pass is due: pure functions of durations and chance.
//!
//! Every wait is jittered, so that a thousand sidecars that started in the same second do not stay in step, and no
//! backoff is longer than the refresh interval, so that an outage that ends is noticed no later than a rotation is.

use std::time::Duration;

use super::failure::Failure;

/// First backoff after a failure that may pass by itself.
const TRANSIENT_BASE: Duration = Duration::from_secs(1);

/// First backoff after a refusal that somebody has to mend: a role assignment takes minutes to arrive.
const REFUSED_BASE: Duration = Duration::from_secs(15);

/// Longest `Retry-After` that is believed.
const RETRY_AFTER_CAP: Duration = Failure::LONGEST_WAIT;

/// Time from one regular pass to the next: evenly spread over `interval / 2 .. interval * 3 / 2`.
///
/// The spread is one whole interval wide, so passes of many sidecars are even after the first; the mean is `interval`.
/// `roll` is in `0.0..1.0`.
pub fn regular_wait(interval: Duration, roll: f64) -> Duration {
    interval / 2 + interval.mul_f64(roll.clamp(0.0, 1.0))
}

/// Time from a failed fetch to its next try.
///
/// `failures` counts the tries that failed in a row, this one included. The ceiling doubles with each failure up to
/// `interval`; the wait is evenly spread over the upper half below the ceiling. A `retry_after` of the service is never
/// undercut, and jitter comes on top of it; a short one does not shorten the wait.
pub fn backoff_wait(
    failures: u32,
    transient: bool,
    interval: Duration,
    retry_after: Option<Duration>,
    roll: f64,
) -> Duration {
    let base = if transient { TRANSIENT_BASE } else { REFUSED_BASE };
    let doublings = failures.saturating_sub(1).min(16);
    let ceiling = base.saturating_mul(1 << doublings).min(interval);
    let wait = (ceiling / 2 + (ceiling / 2).mul_f64(roll.clamp(0.0, 1.0))).min(interval);
    match retry_after.map(|asked| asked.min(RETRY_AFTER_CAP)) {
        Some(asked) => wait.max(asked + wait.min(asked.max(base) / 2)),
        None => wait,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_transient_failure_is_tried_again_within_a_second_and_a_refusal_later() {
        let interval = Duration::from_mins(2);
        assert!(backoff_wait(1, true, interval, None, 0.99) <= Duration::from_secs(1));
        assert!(backoff_wait(1, false, interval, None, 0.0) >= Duration::from_secs(7));
    }

    #[test]
    fn a_retry_after_is_never_undercut() {
        let asked = Duration::from_mins(5);
        let wait = backoff_wait(1, true, Duration::from_mins(1), Some(asked), 0.0);
        assert!(wait >= asked);
    }

    #[test]
    fn a_short_retry_after_does_not_stop_the_backoff_from_growing() {
        let interval = Duration::from_mins(2);
        for asked in [Duration::ZERO, Duration::from_secs(1)] {
            let wait = backoff_wait(8, true, interval, Some(asked), 0.0);
            assert!(wait >= Duration::from_mins(1), "{wait:?}");
        }
    }

    proptest! {
        #[test]
        fn a_regular_wait_stays_within_half_an_interval_of_the_interval(
            seconds in 10_u64..86_400, roll in 0.0_f64..1.0,
        ) {
            let interval = Duration::from_secs(seconds);
            let wait = regular_wait(interval, roll);
            prop_assert!(wait >= interval / 2 && wait <= interval * 3 / 2);
        }

        #[test]
        fn a_backoff_is_never_longer_than_the_interval_and_never_nothing(
            failures in 1_u32..5_000, transient: bool, seconds in 10_u64..86_400, roll in 0.0_f64..1.0,
        ) {
            let interval = Duration::from_secs(seconds);
            let wait = backoff_wait(failures, transient, interval, None, roll);
            prop_assert!(wait <= interval);
            prop_assert!(wait >= Duration::from_millis(500));
        }

        #[test]
        fn a_believed_retry_after_has_a_cap(asked in 0_u64..10_000_000, roll in 0.0_f64..1.0) {
            let wait = backoff_wait(1, true, Duration::from_mins(2), Some(Duration::from_secs(asked)), roll);
            prop_assert!(wait <= RETRY_AFTER_CAP * 3 / 2);
        }
    }
}
