//! Points in time that no change of the wall clock moves.

use std::ops::Add;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// A point in time, counted from the start of the program. Written as whole milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The start of the program.
    pub const START: Self = Self(Duration::ZERO);

    /// So long after the start.
    pub const fn after_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// From `earlier` to this one; nothing when that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// From the start to this one.
    pub const fn elapsed(self) -> Duration {
        self.0
    }
}

/// The present: the time, and what else decides how long to wait from it.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The time.
    pub at: Moment,
    /// Whether last known good is served.
    pub ready: bool,
    /// In `0.0..1.0`.
    pub jitter: f64,
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX))
    }
}
