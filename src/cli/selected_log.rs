//! The log, for commands that tell some of what happens elsewhere, or of which some is not true.

use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::observers::log::Log;
use crate::ports::Observer;

/// Writes the events that it is to tell to the log.
pub(super) struct SelectedLog {
    pub(super) log: Log,
    pub(super) tells: fn(&Event) -> bool,
}

impl Observer for SelectedLog {
    fn tell(&mut self, status: &Status, events: &[Event]) {
        let told: Vec<_> = events
            .iter()
            .filter(|event| (self.tells)(event))
            .cloned()
            .collect();
        self.log.tell(status, &told);
    }
}
