//! How much longer than its interval a throttled sidecar waits between its regular questions.
//!
//! A vault's limit is shared by everybody who asks it. While last known good is served, the answer to a 429 is to ask
//! less, and never to try again sooner than a healthy sidecar would.

use std::time::Duration;

use super::moment::Moment;

/// The factor is counted in tenths.
const NONE: u32 = 10;
/// Eight times the interval.
const MOST: u32 = 80;

/// However far it is stretched, no wait is longer than this or than the interval itself.
const LONGEST: Duration = Duration::from_hours(1);

/// After this long without a 429, nothing is stretched any more.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// The factor, and what moved it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    tenths: u32,
    raised: Option<Moment>,
    lowered: Option<Moment>,
    throttled: Option<Moment>,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            tenths: NONE,
            raised: None,
            lowered: None,
            throttled: None,
        }
    }
}

impl Stretch {
    /// Takes a 429: half as much again, at most once in the effective interval.
    pub(super) fn raise(&mut self, interval: Duration, now: Moment) {
        self.throttled = Some(now);
        let effective = self.effective(interval);
        if self.raised.is_none_or(|raised| now.since(raised) >= effective) {
            self.tenths = (self.tenths * 3).div_ceil(2).min(MOST);
            self.raised = Some(now);
        }
    }

    /// Takes the start of a regular round of questions: a tenth less when there was no 429 since the last one, and
    /// nothing is left after an hour without any.
    pub(super) fn lower(&mut self, now: Moment) {
        let since = |then: Option<Moment>| then.is_some_and(|then| now.since(then) < FORGOTTEN);
        if !since(self.throttled) {
            *self = Self::default();
        } else if self.lowered.is_some_and(|lowered| self.throttled < Some(lowered)) {
            self.tenths = (self.tenths - 1).max(NONE);
        }
        self.lowered = Some(now);
    }

    /// The mean time between regular questions that it makes of `interval`.
    pub fn effective(&self, interval: Duration) -> Duration {
        (interval * self.tenths / NONE).min(interval.max(LONGEST))
    }

    /// Whether it makes anything longer.
    pub const fn is_stretched(&self) -> bool {
        self.tenths > NONE
    }

    /// The time to the next regular questions, `jitter` in `0.0..1.0`.
    pub(super) fn wait(&self, interval: Duration, jitter: f64) -> Duration {
        let wait = super::backoff::regular(self.effective(interval), jitter);
        if self.is_stretched() {
            wait.min(interval.max(LONGEST))
        } else {
            wait
        }
    }

    /// The factor: 1.0 to 8.0.
    pub fn factor(&self) -> f64 {
        f64::from(self.tenths) / f64::from(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_mins(5);

    fn at(minutes: u64) -> Moment {
        Moment::START + Duration::from_mins(minutes)
    }

    #[test]
    fn it_grows_by_half_once_in_the_effective_interval_and_ends_at_eight() {
        let mut stretch = Stretch::default();
        stretch.raise(INTERVAL, at(0));
        stretch.raise(INTERVAL, at(1));
        assert_eq!(stretch.effective(INTERVAL), Duration::from_secs(450));
        stretch.raise(INTERVAL, at(8));
        assert_eq!(stretch.tenths, 23);
        for round in 1..10 {
            stretch.raise(INTERVAL, at(8 + 60 * round));
        }
        assert_eq!(stretch.tenths, MOST);
    }

    #[test]
    fn it_falls_by_a_tenth_in_each_clean_round_and_is_forgotten_after_an_hour() {
        let mut stretch = Stretch::default();
        stretch.raise(INTERVAL, at(0));
        stretch.lower(at(7));
        assert_eq!(stretch.tenths, 15, "there was a 429 in the round before");
        stretch.lower(at(14));
        stretch.lower(at(21));
        assert_eq!(stretch.tenths, 13);
        stretch.lower(at(61));
        assert_eq!(
            stretch,
            Stretch {
                lowered: Some(at(61)),
                ..Stretch::default()
            }
        );
    }

    #[test]
    fn no_wait_is_stretched_beyond_an_hour_or_the_interval() {
        let mut stretch = Stretch::default();
        for round in 0..10 {
            stretch.raise(Duration::from_mins(30), at(round * 600));
        }
        let hour = Duration::from_hours(1);
        assert_eq!(stretch.wait(Duration::from_mins(30), 1.0), hour);
        assert_eq!(
            stretch.wait(Duration::from_hours(6), 1.0),
            Duration::from_hours(6)
        );
    }
}
