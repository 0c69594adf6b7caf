//! What is told again because it lasts, without a pass.

use std::time::Duration;

use super::Status;
use crate::event::Event;
use crate::moment::Moment;

/// From one word that the start still waits to the next.
const STILL_WAITS: Duration = Duration::from_mins(1);

impl Status {
    /// What is to be told now: failures that last, and a start that waits.
    pub fn remind(&mut self, now: Moment) -> Vec<Event> {
        let mut events = Vec::new();
        self.tell_all(now, &mut events);
        events
    }

    /// Tells what is due, and says when there is something to tell next.
    pub(super) fn tell_all(&mut self, now: Moment, events: &mut Vec<Event>) {
        self.tell_failing(now, events);
        self.volume.remind(now, events);
        let waits_due = self.waits_told + STILL_WAITS;
        if !self.is_ready() && now >= waits_due {
            self.waits_told = now;
            events.push(self.not_ready(now));
        }
        let waits_due = (!self.is_ready()).then(|| self.waits_told + STILL_WAITS);
        let due = [self.failing_due(), self.volume.reminder_due(), waits_due];
        self.tells_at = due.into_iter().flatten().min();
    }

    fn not_ready(&self, now: Moment) -> Event {
        Event::NotReady {
            waiting: self.unserved().map(|entry| entry.id.clone()).collect(),
            volume: self.volume.failure.as_ref().map(|failure| failure.error.clone()),
            age: now.elapsed(),
        }
    }
}
