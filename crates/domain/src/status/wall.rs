//! Moments of the loop by the wall clock.

use std::time::Duration;

use time::OffsetDateTime;

use crate::moment::Moment;

/// No wait that is shown is longer: a year.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// Takes a moment, and another that is `at` by the wall clock; gives the first by the wall clock.
pub(super) fn wall(at: OffsetDateTime, now: Moment, moment: Moment) -> OffsetDateTime {
    at + moment.since(now).min(LONGEST) - now.since(moment).min(LONGEST)
}
