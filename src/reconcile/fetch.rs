//! Fetches the sources of one pass: concurrently, each under a deadline, all under another.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use crate::domain::failure::{Failure, Reason};
use crate::domain::object::Source;
use crate::domain::plan::Answers;
use crate::ports::Vault;

/// How long fetching may take, and how much of it at once.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Longest time for one object.
    pub per_object: Duration,
    /// Longest time for all objects of a pass; what is not fetched by then failed.
    pub per_pass: Duration,
    /// Most fetches under way at once.
    pub concurrency: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            per_object: Duration::from_secs(30),
            per_pass: Duration::from_mins(2),
            concurrency: 64,
        }
    }
}

/// Watches a pass while it fetches; for a progress line.
pub trait FetchProgress: Send + Sync {
    /// `done` of `total` sources have an answer.
    fn fetched(&self, done: usize, total: usize);
}

/// No one watches.
impl FetchProgress for () {
    fn fetched(&self, _done: usize, _total: usize) {}
}

/// Fetches every source; gives exactly one answer for each.
pub async fn fetch_all<V: Vault>(
    vault: &V,
    sources: BTreeSet<Source>,
    limits: FetchLimits,
    progress: &dyn FetchProgress,
) -> Answers {
    let total = sources.len();
    let pass_deadline = Instant::now() + limits.per_pass;
    let fetches = stream::iter(sources).map(|source| async move {
        let deadline = pass_deadline.min(Instant::now() + limits.per_object);
        let answer = timeout_at(deadline, vault.fetch(&source)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&source, limits)));
        (source, answer)
    });
    let mut fetches = fetches.buffer_unordered(limits.concurrency);
    let mut answers = Answers::new();
    while let Some((source, answer)) = fetches.next().await {
        answers.insert(source, answer);
        progress.fetched(answers.len(), total);
    }
    answers
}

fn timed_out(source: &Source, limits: FetchLimits) -> Failure {
    Failure {
        reason: Reason::TimedOut,
        detail: format!("{source} did not arrive within {} s", limits.per_object.as_secs()),
        hint: "check that the vault and the identity endpoint are reachable from here; it is tried again"
            .into(),
        retry_after: None,
    }
}
