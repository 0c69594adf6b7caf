//! How long a service asks to be left alone.
//!
//! `Retry-After` is seconds or an HTTP date (RFC 9110, section 10.2.3); Azure adds headers in milliseconds.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use time::OffsetDateTime;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What an answer's headers ask for, milliseconds before seconds; a date in the past is zero. `None` when there is no
/// header, or none that can be read.
pub fn retry_after(headers: &Headers, now: OffsetDateTime) -> Option<Duration> {
    let text = |name: &HeaderName| headers.get_optional_str(name).map(str::trim);
    let millis = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS]
        .iter()
        .find_map(|name| text(name)?.parse().ok().map(Duration::from_millis));
    millis.or_else(|| seconds_or_date(text(&RETRY_AFTER)?, now))
}

fn seconds_or_date(text: &str, now: OffsetDateTime) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = PrimitiveDateTime::parse(text, HTTP_DATE).ok()?.assume_utc();
    Some(Duration::try_from(date - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn asked(name: &'static str, value: &'static str) -> Option<Duration> {
        let mut headers = Headers::new();
        headers.insert(name, value);
        retry_after(&headers, datetime!(2026-11-23 10:00:00 UTC))
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_understood() {
        assert_eq!(asked("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(
            asked("x-ms-retry-after-ms", "1500"),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(asked("retry-after-ms", "20"), Some(Duration::from_millis(20)));
        assert_eq!(
            asked("retry-after", "Mon, 23 Nov 2026 10:01:30 GMT"),
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            asked("retry-after", "Mon, 23 Nov 2026 09:00:00 GMT"),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for bad in [
            "",
            "-1",
            "soon",
            "1e9",
            "99999999999999999999999",
            "Mon, 99 Nov 2026 10:01:30 GMT",
        ] {
            assert_eq!(asked("retry-after", bad), None, "{bad:?}");
        }
    }
}
