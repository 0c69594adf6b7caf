//! Durations and counts.

use std::num::NonZeroU16;
use std::time::Duration;

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::desired::MAX_HISTORY;

/// Shortest time between two fetches; a vault's limits are shared with everybody who reads from it.
const SHORTEST: Duration = Duration::from_secs(10);
/// Longest time between two fetches.
const LONGEST: Duration = Duration::from_hours(24);

/// Time after which an object is asked for again: 10 seconds to 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(pub(crate) Duration);

/// Longest time of one try: 1 second to 1 hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit(pub(crate) Duration);

/// A wait of 0 seconds to 1 hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause(pub(crate) Duration);

/// A whole number and its unit.
fn duration(text: &str) -> Result<Duration, Problem> {
    let bad = || {
        Problem::new(
            Code::InvalidDuration,
            "a duration must be a whole number followed by `s`, `m` or `h`",
        )
        .hint("for example `30s`, `5m` or `1h`")
    };
    let unit = text.chars().next_back().ok_or_else(bad)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(bad()),
    };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    // More digits than a `u64` has is a number all the same, and out of range like any other that is too large.
    let number: u64 = digits.parse().unwrap_or(u64::MAX);
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

impl Scalar for TimeLimit {
    fn parse(text: &str) -> Result<Self, Problem> {
        within_an_hour(text, Duration::from_secs(1), "`1s` to `1h`").map(Self)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        Interval::schema()
    }
}

impl Scalar for Pause {
    fn parse(text: &str) -> Result<Self, Problem> {
        within_an_hour(text, Duration::ZERO, "`0s` to `1h`").map(Self)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        Interval::schema()
    }
}

fn within_an_hour(text: &str, shortest: Duration, range: &str) -> Result<Duration, Problem> {
    let time = duration(text)?;
    if (shortest..=Duration::from_hours(1)).contains(&time) {
        return Ok(time);
    }
    Err(Problem::new(Code::OutOfRange, "this time is out of range").hint(format!("the range is {range}")))
}

impl Scalar for Interval {
    fn parse(text: &str) -> Result<Self, Problem> {
        let interval = duration(text)?;
        if !(SHORTEST..=LONGEST).contains(&interval) {
            let problem = Problem::new(Code::OutOfRange, "this interval is out of range");
            return Err(problem.hint("the range is `10s` to `24h`"));
        }
        Ok(Self(interval))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "duration, such as `30s`, `5m` or `1h`", "pattern": "^[0-9]+[smh]$" })
    }
}

/// Versions of a history: 1 to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HistoryCount(pub(crate) NonZeroU16);

/// Most secrets of a selection: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SelectLimit(pub(crate) NonZeroU16);

impl Scalar for HistoryCount {
    fn parse(text: &str) -> Result<Self, Problem> {
        count(text, MAX_HISTORY).map(Self)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "integer", "title": "number from 1 to 50", "minimum": 1, "maximum": MAX_HISTORY })
    }
}

impl Scalar for SelectLimit {
    fn parse(text: &str) -> Result<Self, Problem> {
        count(text, 1000).map(Self)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "integer", "title": "number from 1 to 1000", "minimum": 1, "maximum": 1000 })
    }
}

fn count(text: &str, most: u16) -> Result<NonZeroU16, Problem> {
    let digits = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    let number = text
        .parse::<NonZeroU16>()
        .ok()
        .filter(|number| digits && number.get() <= most);
    number.ok_or_else(|| {
        let problem = Problem::new(Code::OutOfRange, "this is not a number in the range");
        problem.hint(format!("write a whole number from 1 to {most}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u64, Code> {
        Interval::parse(text)
            .map(|interval| interval.0.as_secs())
            .map_err(|problem| problem.code)
    }

    #[test]
    fn an_interval_has_one_unit_and_a_range() {
        assert_eq!(parse("10s"), Ok(10));
        assert_eq!(parse("5m"), Ok(300));
        assert_eq!(parse("24h"), Ok(86_400));
        for bad in [
            "", "s", "30", "1.5h", "1h30m", "-5m", "5M", "5 m", "5m ", "٣s", "5µ",
        ] {
            assert_eq!(parse(bad), Err(Code::InvalidDuration), "{bad:?}");
        }
        for outside in ["9s", "0h", "25h", "86401s", "99999999999999999999999999h"] {
            assert_eq!(parse(outside), Err(Code::OutOfRange), "{outside:?}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_in_its_range() {
        let parse = |text: &str| HistoryCount::parse(text).map(|count| count.0.get()).ok();
        assert_eq!((parse("1"), parse("50")), (Some(1), Some(50)));
        for bad in ["", "0", "51", "01", "+1", "-1", "1.0", "1e1", "99999999", "many"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
