//! When a question may be asked, and how it failed before.

use super::failure::Failure;
use super::query::Query;

/// What is remembered of questions.
pub trait Timing: Sync {
    /// Whether it is time to ask.
    fn is_due(&self, query: &Query) -> bool;

    /// Whether it may be asked for the sake of another one: its last answer was no failure, or it is due.
    fn may_ask(&self, query: &Query) -> bool;

    /// How it failed, if it failed when it was asked last.
    fn failure(&self, query: &Query) -> Option<&Failure>;
}
