//! The fake's own time: the system's, moved forward on request.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

const HTTP_DATE: &[FormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const ENTRA_DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");

/// Wall-clock time plus what [`Clock::advance`] added.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_seconds: AtomicI64,
}

impl Clock {
    /// Seconds since the Unix epoch. Key Vault and Entra count whole seconds.
    pub(crate) fn now(&self) -> i64 {
        OffsetDateTime::now_utc().unix_timestamp() + self.ahead_seconds.load(Ordering::Relaxed)
    }

    /// Moves the time forward; the part below a second is dropped.
    pub(crate) fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX / 4);
        self.ahead_seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The value of a `Date` header (RFC 9110, section 5.6.7).
    pub(crate) fn http_date(&self) -> String {
        format(self.now(), HTTP_DATE)
    }

    /// The time as Entra writes it into its errors: `2026-01-18 00:16:16Z`.
    pub(crate) fn entra_date(&self) -> String {
        format(self.now(), ENTRA_DATE)
    }
}

/// A second since the epoch in RFC 3339 with the seven decimals that Entra prints.
pub(crate) fn entra_instant(second: i64) -> String {
    const INSTANT: &[FormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].0000000Z");
    format(second, INSTANT)
}

fn format(second: i64, description: &[FormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp(second)
        .ok()
        .and_then(|instant| instant.format(description).ok())
        .unwrap_or_else(|| second.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advancing_moves_the_time_forward() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(Duration::from_hours(1));
        assert!(clock.now() >= before + 3600);
    }

    #[test]
    fn dates_have_the_formats_of_the_services() {
        assert_eq!(format(1_760_123_458, HTTP_DATE), "Fri, 10 Oct 2025 19:10:58 GMT");
        assert_eq!(format(1_760_123_458, ENTRA_DATE), "2025-10-10 19:10:58Z");
        assert_eq!(entra_instant(0), "1970-01-01T00:00:00.0000000Z");
    }
}
