//! When something is valid, and what that means today. Told, never acted upon: an expired certificate is still served.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::fetched::FetchedObject;

/// When something is valid: of a certificate what the certificate says, of everything else its attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// `nbf`, or `notBefore`.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<OffsetDateTime>,
    /// `exp`, or `notAfter`.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires: Option<OffsetDateTime>,
}

/// What a validity means at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Valid, as far as anybody says.
    Valid,
    /// Not yet.
    NotYetValid,
    /// Valid, and its successor is late: see [`Validity::standing`].
    ExpiresSoon,
    /// Not any more.
    Expired,
}

/// Key Vault tells of a near expiry this long before
/// (<https://learn.microsoft.com/azure/key-vault/general/event-grid-overview>).
const NEAR: Duration = Duration::days(30);

impl Validity {
    /// Takes times as somebody said them. One that RFC 3339 has no form for is left out: the state file, which holds
    /// the times of the whole set, could not be written.
    pub fn new(not_before: Option<OffsetDateTime>, expires: Option<OffsetDateTime>) -> Self {
        let writable = |time: &OffsetDateTime| (0..=9999).contains(&time.year());
        Self {
            not_before: not_before.filter(writable),
            expires: expires.filter(writable),
        }
    }

    /// What Key Vault says of a version.
    pub fn of(object: &FetchedObject) -> Self {
        Self::new(object.attributes.not_before, object.attributes.expires)
    }

    /// When both are valid.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            not_before: self.not_before.max(other.not_before),
            expires: [self.expires, other.expires].into_iter().flatten().min(),
        }
    }

    /// What it means at `now`.
    pub fn standing(&self, now: OffsetDateTime) -> Standing {
        if self.expires.is_some_and(|expires| expires <= now) {
            return Standing::Expired;
        }
        if self.not_before.is_some_and(|not_before| not_before > now) {
            return Standing::NotYetValid;
        }
        match self.expires {
            Some(expires) if expires - now <= self.soon(expires) => Standing::ExpiresSoon,
            _ => Standing::Valid,
        }
    }

    /// How long before its end it expires soon: 30 days, and the last tenth of the lifetime when that is known. Key Vault
    /// renews at four fifths, so what lives for a week is not late all week.
    fn soon(&self, expires: OffsetDateTime) -> Duration {
        let lifetime = self.not_before.map(|not_before| expires - not_before);
        lifetime.map_or(NEAR, |lifetime| NEAR.min(lifetime / 10))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn soon_is_a_month_or_the_last_tenth_of_a_short_life() {
        let start = datetime!(2026-01-01 00:00 UTC);
        let year = Validity {
            not_before: Some(start),
            expires: Some(start + Duration::days(365)),
        };
        let week = Validity {
            not_before: Some(start),
            expires: Some(start + Duration::days(7)),
        };
        let unknown = Validity {
            not_before: None,
            expires: Some(start + Duration::days(7)),
        };
        for (validity, hours, standing) in [
            (year, -1, Standing::NotYetValid),
            (year, 24 * 334, Standing::Valid),
            (year, 24 * 336, Standing::ExpiresSoon),
            (year, 24 * 365, Standing::Expired),
            (week, 24 * 5, Standing::Valid),
            (week, 24 * 7 - 10, Standing::ExpiresSoon),
            (unknown, 0, Standing::ExpiresSoon),
            (Validity::default(), 0, Standing::Valid),
        ] {
            assert_eq!(
                validity.standing(start + Duration::hours(hours)),
                standing,
                "{validity:?} {hours}"
            );
        }
    }
}
