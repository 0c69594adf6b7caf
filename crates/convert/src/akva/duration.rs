//! Durations as Go writes them: `time.ParseDuration`.

use std::time::Duration;

/// The longest duration of Go, an `int64` of nanoseconds.
const LONGEST: u128 = (1 << 63) - 1;

/// What `time.ParseDuration` reads; zero for a negative one, and `None` for what it refuses.
///
/// A sign, then numbers with units, each with a fraction or without: `1h30m`, `1.5h`, `.5s`, `1500ms`. A `0` needs no
/// unit.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0;
    while !rest.is_empty() {
        let (part, behind) = part(rest)?;
        total += part;
        if total > LONGEST {
            return None;
        }
        rest = behind;
    }
    let nanoseconds = u64::try_from(total).ok()?;
    Some(if is_negative {
        Duration::ZERO
    } else {
        Duration::from_nanos(nanoseconds)
    })
}

/// The nanoseconds of the first number with its unit, and what follows.
fn part(text: &str) -> Option<(u128, &str)> {
    /// Digits of a fraction that count: more are below a nanosecond of an hour.
    const DIGITS: usize = 18;
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let unit = unit_of(unit)?;
    let whole: u128 = number(whole)?;
    let fraction = &fraction[..fraction.len().min(DIGITS)];
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let below = number(fraction)? * unit / scale;
    Some((whole.checked_mul(unit)?.checked_add(below)?, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The number that digits are; none are zero. Of a number that Go has no room for, `None`.
fn number(digits: &str) -> Option<u128> {
    if digits.is_empty() {
        return Some(0);
    }
    digits.parse().ok().filter(|number| *number <= LONGEST)
}

fn unit_of(name: &str) -> Option<u128> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_go_reads_it() {
        for (text, milliseconds) in [
            ("60s", 60_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            (".5m", 30_000),
            ("1.s", 1_000),
            ("1500ms", 1_500),
            ("2m0.25s", 120_250),
            ("5000000us", 5_000),
            ("7000µs", 7),
            ("7000μs", 7),
            ("3000000ns", 3),
            ("+5m", 300_000),
            ("0", 0),
            ("-0", 0),
            ("-5m", 0),
            ("0.3333333333333333333333333h", 1_200_000 - 1),
        ] {
            let read = parse(text).map(|time| time.as_millis());
            assert_eq!(read, Some(milliseconds), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "5",
            "+",
            "-",
            ".",
            ".s",
            "1.5",
            "s",
            "1 h",
            "1d",
            "1h 30m",
            "--1s",
            "1e3s",
            "3.3.3s",
            "99999999999999999999h",
            "9223372036854775809ns",
            "300000000h",
            "1hms",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
