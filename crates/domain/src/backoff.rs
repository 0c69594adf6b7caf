//! How long to wait: pure functions of durations and of a jitter in `0.0..1.0`.
//!
//! Every wait is spread, so that a thousand sidecars that started in the same second do not stay in step. The numbers
//! come from a simulation of ten thousand sidecars on one vault ([why](../../docs/adr/0008-one-gate-per-host.md)).

use std::time::Duration;

use super::failure::Failure;

/// The shortest wait before a host that did not answer is asked again.
const FLOOR: Duration = Duration::from_millis(500);

/// The spread of the first wait. It doubles with each failure.
const FIRST_SPREAD: Duration = Duration::from_secs(4);

/// The widest spread while somebody waits for the first files.
const WIDEST_AT_START: Duration = Duration::from_secs(30);

/// The widest spread while last known good is served is the interval, but at least this: arrivals are even when the
/// host comes back.
const WIDEST_WHEN_SERVING: Duration = Duration::from_mins(4);

/// First wait after a refusal that somebody has to mend: a role assignment takes minutes to arrive.
const REFUSED_FIRST: Duration = Duration::from_secs(15);

/// Time from one regular question to the next: evenly spread over half to one and a half `interval`s.
///
/// The spread is one whole interval wide, so questions of many sidecars are even after the first; the mean is
/// `interval`.
pub fn regular(interval: Duration, jitter: f64) -> Duration {
    interval / 2 + interval.mul_f64(jitter.clamp(0.0, 1.0))
}

/// Time from a failed try to the next, of a host that is away, or of an object that fails by itself.
///
/// `failures` counts those in a row, this one included; `ready` says that last known good is served meanwhile.
pub fn away(failures: u32, ready: bool, interval: Duration, jitter: f64) -> Duration {
    let widest = if ready {
        interval.max(WIDEST_WHEN_SERVING)
    } else {
        WIDEST_AT_START
    };
    let spread = doubled(FIRST_SPREAD, failures).min(widest);
    FLOOR + spread.mul_f64(jitter.clamp(0.0, 1.0))
}

/// Time from a refusal to the next try, while somebody waits for the first files. It grows up to `interval`, which is
/// when everything is asked anyway.
pub fn refused(failures: u32, interval: Duration, jitter: f64) -> Duration {
    let ceiling = doubled(REFUSED_FIRST, failures).min(interval);
    ceiling / 2 + (ceiling / 2).mul_f64(jitter.clamp(0.0, 1.0))
}

/// How long a host that asked for `wish` is left alone: never less, up to five minutes, and up to a tenth of it more so
/// that not all come back at once.
pub fn retry_after(wish: Duration, jitter: f64) -> Duration {
    let honoured = wish.min(Failure::LONGEST_WAIT);
    honoured + FLOOR.max(honoured / 10).mul_f64(jitter.clamp(0.0, 1.0))
}

fn doubled(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.saturating_sub(1).min(16))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_that_is_away_is_asked_soon_at_first_and_then_less_and_less() {
        let interval = Duration::from_mins(5);
        let longest = |failures, ready| away(failures, ready, interval, 1.0);
        let at_start = [1, 2, 3, 4, 5].map(|failures| longest(failures, false).as_millis());
        assert_eq!(at_start, [4_500, 8_500, 16_500, 30_500, 30_500]);
        assert_eq!(longest(20, true), FLOOR + interval);
        assert_eq!(
            away(20, true, Duration::from_secs(10), 1.0),
            FLOOR + WIDEST_WHEN_SERVING
        );
        assert_eq!(away(1, false, interval, 0.0), FLOOR);
    }

    proptest! {
        #[test]
        fn a_regular_wait_stays_within_half_an_interval_of_the_interval(
            seconds in 10_u64..86_400, jitter in 0.0_f64..1.0,
        ) {
            let interval = Duration::from_secs(seconds);
            let wait = regular(interval, jitter);
            prop_assert!(wait >= interval / 2 && wait <= interval * 3 / 2);
        }

        #[test]
        fn a_wait_after_a_failure_has_bounds(
            failures in 1_u32..5_000, ready: bool, seconds in 10_u64..86_400, jitter in 0.0_f64..1.0,
        ) {
            let interval = Duration::from_secs(seconds);
            let wait = away(failures, ready, interval, jitter);
            prop_assert!(wait >= FLOOR && wait <= FLOOR + interval.max(WIDEST_WHEN_SERVING));
            prop_assert!(refused(failures, interval, jitter) <= interval);
        }

        #[test]
        fn a_retry_after_is_never_undercut_and_honoured_up_to_five_minutes(
            asked in 0_u64..10_000_000, jitter in 0.0_f64..1.0,
        ) {
            let wish = Duration::from_secs(asked);
            let wait = retry_after(wish, jitter);
            prop_assert!(wait >= wish.min(Failure::LONGEST_WAIT));
            prop_assert!(wait <= Failure::LONGEST_WAIT * 11 / 10);
        }
    }
}
