//! For which question a request leaves.
//!
//! Between a question and the wire are the SDK's clients, which repeat a request when its token is refused and ask for a
//! vault's challenge, and which carry nothing of ours along. So the count goes with the task.

use std::future::Future;

use crate::ports::Attempts;

tokio::task_local! {
    static ATTEMPTS: Attempts;
}

/// Runs what is asked for a question. Not an `async fn`: that would have room for what is asked twice.
pub(super) fn of<F: Future>(attempts: &Attempts, asked: F) -> impl Future<Output = F::Output> {
    ATTEMPTS.scope(attempts.clone(), asked)
}

/// Counts a request that leaves now.
pub(super) fn begin() {
    // Nothing but a test of one layer sends a request for no question.
    let _ = ATTEMPTS.try_with(Attempts::begin);
}

/// Notes that the host cut the request off.
pub(super) fn cut_off() {
    let _ = ATTEMPTS.try_with(Attempts::cut_off);
}
