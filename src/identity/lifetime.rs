//! Pure arithmetic of a token's life: until when it is handed out, when its successor is fetched.

use std::time::Duration;

use azure_core::credentials::AccessToken;
use time::OffsetDateTime;

use crate::ports::Jitter;

/// A token this close to its end is not handed out: a request under way must not outlive it.
const MARGIN: Duration = Duration::from_secs(30);

/// The successor is there this long before the end, so that an outage of minutes at Entra is not felt.
const AHEAD: Duration = Duration::from_mins(10);

/// Share of the lifetime after which the successor is fetched.
const RENEW_AT: f64 = 0.7;

/// Replicas that started together must not renew together: up to this share of the wait is cut off.
const JITTER: f64 = 0.1;

/// Ceilings of the wait between failed renewals.
const RETRY_START: Duration = Duration::from_secs(15);
const RETRY_LIMIT: Duration = Duration::from_mins(5);
const RETRY_FLOOR: Duration = Duration::from_secs(1);

/// A token and how long it lasts.
#[derive(Debug, Clone)]
pub(super) struct HeldToken {
    pub(super) token: AccessToken,
    /// From when it was obtained.
    pub(super) lifetime: Duration,
}

impl HeldToken {
    /// `None` when the token has already expired.
    pub(super) fn new(token: AccessToken, now: OffsetDateTime) -> Option<Self> {
        let lifetime = Duration::try_from(token.expires_on - now)
            .ok()
            .filter(|it| !it.is_zero())?;
        Some(Self { token, lifetime })
    }

    /// Whether it may be handed out. Tokens that live for less than two minutes have a smaller margin.
    pub(super) fn is_usable(&self, now: OffsetDateTime) -> bool {
        self.token.expires_on - now > MARGIN.min(self.lifetime / 4)
    }

    /// How long it can still be handed out.
    pub(super) fn remaining(&self, now: OffsetDateTime) -> Duration {
        Duration::try_from(self.token.expires_on - now)
            .unwrap_or_default()
            .saturating_sub(MARGIN.min(self.lifetime / 4))
    }
}

/// The wait before renewal: 70 % of the lifetime, yet at least 10 minutes before its end, or half of it if that is less.
pub(super) fn renewal_delay(lifetime: Duration, jitter: &dyn Jitter) -> Duration {
    let latest = lifetime.saturating_sub(AHEAD.min(lifetime / 2));
    lifetime
        .mul_f64(RENEW_AT)
        .min(latest)
        .mul_f64(1.0 - JITTER * jitter.sample())
}

/// The wait after the `failures`-th failed renewal (from 1): full jitter below a ceiling that doubles, but never so long
/// that the rest of the token's life passes with few attempts.
pub(super) fn retry_delay(failures: u32, remaining: Duration, jitter: &dyn Jitter) -> Duration {
    let ceiling = RETRY_START * 2_u32.pow(failures.saturating_sub(1).min(8));
    ceiling
        .min(RETRY_LIMIT)
        .min(remaining / 4)
        .mul_f64(jitter.sample())
        .max(RETRY_FLOOR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_renewed_at_seventy_percent_but_ten_minutes_ahead() {
        let minutes = |n: u64| Duration::from_secs(n * 60);
        let delay = |lifetime| renewal_delay(lifetime, &0.0);
        assert_eq!(delay(minutes(60)), minutes(42));
        assert_eq!(delay(minutes(24)), minutes(14));
        assert_eq!(delay(minutes(10)), minutes(5));
        assert_eq!(renewal_delay(minutes(100), &0.999_999).as_secs() / 60, 63);
    }

    #[test]
    fn an_expired_token_is_not_held() {
        let now = OffsetDateTime::UNIX_EPOCH;
        assert!(HeldToken::new(AccessToken::new("t".to_owned(), now), now).is_none());
        let expires_on = now + Duration::from_hours(1);
        let held = HeldToken::new(AccessToken::new("t".to_owned(), expires_on), now).expect("held");
        assert!(held.is_usable(expires_on - Duration::from_secs(31)));
        assert!(!held.is_usable(expires_on - Duration::from_secs(30)));
    }

    proptest! {
        #[test]
        fn renewal_and_retries_stay_within_their_bounds(
            lifetime in 1_u64..200_000, failures in 0_u32..2000, sample in 0.0_f64..1.0,
        ) {
            let lifetime = Duration::from_secs(lifetime);
            let wait = renewal_delay(lifetime, &sample);
            prop_assert!(wait + AHEAD.min(lifetime / 2) <= lifetime);
            prop_assert!(wait >= lifetime.mul_f64(0.44));
            let wait = retry_delay(failures, lifetime, &sample);
            prop_assert!(wait >= RETRY_FLOOR);
            prop_assert!(wait <= RETRY_LIMIT.min(lifetime / 4).max(RETRY_FLOOR));
        }
    }
}
