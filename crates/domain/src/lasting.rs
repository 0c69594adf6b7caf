//! When something that lasts is told: at once, after five minutes, then every hour.

use std::time::Duration;

use crate::moment::Moment;

/// Until the first reminder.
const FIRST: Duration = Duration::from_mins(5);
/// From one reminder to the next.
const LATER: Duration = Duration::from_hours(1);

/// Something that lasts.
#[derive(Debug, Clone, Copy)]
pub struct Lasting {
    /// When it began.
    since: Moment,
    /// When it was told last, if it was.
    told: Option<Moment>,
    /// When it is told next, if nothing new happens.
    due: Moment,
}

impl Lasting {
    /// It begins.
    pub const fn begun(now: Moment) -> Self {
        Self {
            since: now,
            told: None,
            due: now,
        }
    }

    /// For how long it has lasted.
    pub const fn age(&self, now: Moment) -> Duration {
        now.since(self.since)
    }

    /// When it is told next: at once, or as a reminder.
    pub const fn due(&self) -> Moment {
        self.due
    }

    /// When it was told last.
    pub const fn told(&self) -> Option<Moment> {
        self.told
    }

    /// It was told as a whole.
    pub fn tell(&mut self, now: Moment) {
        let wait = if self.told.is_some() { LATER } else { FIRST };
        self.told = Some(now);
        self.due = now + wait;
    }

    /// Something new of it was told; its reminder stays.
    pub const fn tell_of_news(&mut self, now: Moment) {
        self.told = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_at_once_after_five_minutes_and_then_hourly() {
        let mut lasting = Lasting::begun(Moment::START);
        let mut told = Vec::new();
        for minute in 0..200 {
            let now = Moment::after_start(Duration::from_mins(minute));
            if now >= lasting.due() {
                lasting.tell(now);
                told.push(minute);
            }
        }
        assert_eq!(told, [0, 5, 65, 125, 185]);
    }
}
