//! Fetches the sources of one pass: concurrently, each under a deadline, all under another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::FetchedObject;
use crate::domain::object::{Source, VaultName};
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
            concurrency: 32,
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
///
/// A vault that throttles is asked for nothing more in this pass: what was not yet asked for gets the same answer, and
/// the ledger's backoff spreads the next try.
pub async fn fetch_all<V: Vault>(
    vault: &V,
    sources: BTreeSet<Source>,
    limits: FetchLimits,
    progress: &dyn FetchProgress,
) -> Answers {
    let total = sources.len();
    let began = Instant::now();
    let pass_deadline = began + limits.per_pass;
    let throttled = Throttled::default();
    let throttled = &throttled;
    let fetches = stream::iter(sources).map(|source| async move {
        if let Some(failure) = throttled.answer(&source) {
            return (source, Err(failure));
        }
        let deadline = pass_deadline.min(Instant::now() + limits.per_object);
        let answer = timeout_at(deadline, vault.fetch(&source)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&source, began.elapsed())));
        throttled.learn(&source, &answer);
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

/// The vaults that answered "too many requests" in this pass.
#[derive(Default)]
struct Throttled(Mutex<BTreeMap<VaultName, Failure>>);

impl Throttled {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<VaultName, Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, source: &Source) -> Option<Failure> {
        self.lock().get(&source.object.vault).cloned()
    }

    fn learn(&self, source: &Source, answer: &Result<FetchedObject, Failure>) {
        if let Err(failure) = answer
            && failure.reason == Reason::Throttled
        {
            self.lock().insert(source.object.vault.clone(), failure.clone());
        }
    }
}

/// `waited` is counted from the begin of the pass.
fn timed_out(source: &Source, waited: Duration) -> Failure {
    Failure {
        reason: Reason::TimedOut,
        detail: format!("{source} did not arrive within {} s", waited.as_secs()),
        hint: "check that the vault and the identity endpoint are reachable from here; it is tried again"
            .into(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use crate::reconcile::fakes::{Bench, latest};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_vault_that_throttles_is_asked_for_nothing_more_in_the_pass() {
        let bench = Bench::new();
        let names: Vec<_> = (0..100).map(|number| format!("secret-{number}")).collect();
        for name in &names {
            bench.vault.refuse(name, Reason::Throttled, None);
        }
        let sources = names.iter().map(|name| latest(name)).collect();
        let limits = FetchLimits {
            concurrency: 4,
            ..FetchLimits::default()
        };
        let answers = fetch_all(&bench.vault, sources, limits, &()).await;
        assert_eq!(answers.len(), 100);
        assert!(
            answers
                .values()
                .all(|answer| matches!(answer, Err(f) if f.reason == Reason::Throttled))
        );
        assert!(bench.vault.take_calls().len() <= 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_did_not_arrive_by_the_end_of_the_pass_failed() {
        let bench = Bench::new();
        bench.vault.silence("a");
        bench.vault.silence("b");
        let limits = FetchLimits {
            per_object: Duration::from_secs(30),
            per_pass: Duration::from_secs(40),
            concurrency: 1,
        };
        let began = Instant::now();
        let sources = [latest("a"), latest("b")].into();
        let answers = fetch_all(&bench.vault, sources, limits, &()).await;
        assert_eq!(began.elapsed(), Duration::from_secs(40));
        assert!(
            answers
                .values()
                .all(|answer| matches!(answer, Err(f) if f.reason == Reason::TimedOut))
        );
    }
}
