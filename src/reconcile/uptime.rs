//! How long the loop has run, by the clock that timers go by.

use tokio::time::Instant;

use crate::domain::moment::Moment;

/// The start of the loop.
#[derive(Debug, Clone, Copy)]
pub struct Uptime(Instant);

impl Uptime {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment::after_start(self.0.elapsed())
    }

    /// The timer's name for a moment.
    pub fn instant(&self, moment: Moment) -> Instant {
        self.0 + moment.elapsed()
    }
}
