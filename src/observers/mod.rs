//! Who hears of each pass: the log; later metrics, probes, hooks. Each takes the status and the events, and keeps
//! nothing that the status has.

pub mod log;

use crate::domain::event::Event;
use crate::domain::status::Status;

/// Hears of each pass.
pub trait Observer: Send {
    /// Takes what is so now, and what happened since the last call.
    fn tell(&mut self, status: &Status, events: &[Event]);
}
