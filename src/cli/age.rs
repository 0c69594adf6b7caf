//! How long something lasts, for people.

use time::{Duration, OffsetDateTime};

/// In the largest unit that it fills.
pub(super) fn age(time: Duration) -> String {
    let seconds = time.whole_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `in 5m`: from `now` until then; `now` when that is over.
pub(super) fn until(now: OffsetDateTime, then: OffsetDateTime) -> String {
    if then <= now {
        return "now".to_owned();
    }
    format!("in {}", age(then - now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_one_unit() {
        assert_eq!(
            [-5, 59, 60, 7_199, 86_399, 900_000].map(|seconds| age(Duration::seconds(seconds))),
            ["0s", "59s", "1m", "1h", "23h", "10d"]
        );
    }

    #[test]
    fn what_is_due_is_due_now() {
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(
            [-60, 0, 60].map(|seconds| until(now, now + Duration::seconds(seconds))),
            ["now", "now", "in 1m"]
        );
    }
}
