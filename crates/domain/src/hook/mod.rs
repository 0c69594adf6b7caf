//! What hooks are told, and when: changes, what is still to be told of them, and who is due.
//!
//! What is still to be told is recorded in the same step as the files, so that after a crash both agree. A hook hears of
//! each change at least once, and again only when the program ended between its success and the record of that.

mod change;
mod outbox;
mod queue;
mod telling;
#[cfg(test)]
mod tests;

pub use self::change::Change;
pub use self::outbox::{Edit, Note, Outbox};
pub use self::queue::{Forgotten, HookCall, HookFailure, HookQueue, HookStatus, HookTry, Tried};
pub use self::telling::Telling;
