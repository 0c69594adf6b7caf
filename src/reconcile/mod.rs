//! The loop: passes that make the volume what the manifest asks for, and the schedule between them.
//!
//! A pass takes no input: it observes the volume, plans, fetches what is due, publishes once and records. The timer and
//! SIGHUP only wake it. `once` and `run` take the same pass.
//!
//! Invariants: one object's failure never stops another; nothing published is removed because of a failure; nothing
//! waits without a deadline.

pub mod daemon;
pub mod fetch;
pub mod ledger;
pub mod pass;
pub mod passwords;
pub mod report;

#[cfg(test)]
mod fakes;
