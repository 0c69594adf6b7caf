//! The loop: passes that make the volume what the manifest asks for, and what happens between them.
//!
//! A pass takes no input: it observes the volume, asks, decides, renders, publishes. The timer, answers that arrive and
//! SIGHUP only wake it; `once` and `run` take the same pass. What it did is folded into the status, which is all that
//! the loop remembers.
//!
//! Invariants: what is slow holds up nothing else; one object's failure never stops another; nothing published is
//! removed because of a failure; nothing waits without a deadline.

pub mod asking;
pub mod daemon;
pub mod heartbeat;
pub mod pass;
pub mod passwords;
pub mod preview;
pub mod recalled;
pub mod reload;
pub mod renders;
pub mod trigger;
pub mod uptime;

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod fleet_tests;
