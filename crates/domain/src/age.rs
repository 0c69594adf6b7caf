//! Times as people are told them: how long something lasts, and when something is.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// When, to the second: nobody reads the fraction of one.
pub fn at(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}

/// Gives `45s`, `5m`, `2h` or `3d`: the largest unit that fits, rounded down.
pub fn short(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_without_a_fraction_of_a_second() {
        let time = OffsetDateTime::UNIX_EPOCH + Duration::from_nanos(61_123_456_789);
        assert_eq!(at(time), "1970-01-01T00:01:01Z");
    }

    #[test]
    fn an_age_is_told_in_the_largest_unit_that_fits() {
        for (seconds, told) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m"),
            (3_600, "1h"),
            (86_399, "23h"),
            (86_400, "1d"),
            (864_000, "10d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), told);
        }
    }
}
