//! Fetches the sources of one pass: concurrently, each under a deadline, all under another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use crate::domain::failure::{Failure, FailureClass, Reason};
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
/// A vault that throttles, or that failed time and again without a single answer, is asked for nothing more in this
/// pass: what was not yet asked for gets the same answer, and the ledger's backoff spreads the next try. So an outage
/// costs few calls however many objects there are, and leaves time for the other vaults.
pub async fn fetch_all<V: Vault>(
    vault: &V,
    sources: BTreeSet<Source>,
    limits: FetchLimits,
    progress: &dyn FetchProgress,
) -> Answers {
    let total = sources.len();
    let began = Instant::now();
    let pass_deadline = began + limits.per_pass;
    let quiet = Quiet::default();
    let quiet = &quiet;
    let fetches = stream::iter(sources).map(|source| async move {
        if let Some(failure) = quiet.answer(&source) {
            return (source, Err(failure));
        }
        let deadline = pass_deadline.min(Instant::now() + limits.per_object);
        let answer = timeout_at(deadline, vault.fetch(&source)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&source, began.elapsed())));
        quiet.learn(&source, &answer);
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

/// Failures after which a vault that answered nothing in this pass counts as down.
const DOWN_AFTER: u32 = 8;

/// The vaults that are to be left alone for the rest of the pass.
#[derive(Default)]
struct Quiet(Mutex<BTreeMap<VaultName, Seen>>);

/// What a vault showed in this pass.
#[derive(Default)]
struct Seen {
    /// It answered for an object, if only with a refusal.
    answered: bool,
    outages: u32,
    /// Why it is to be left alone.
    failure: Option<Failure>,
}

impl Quiet {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<VaultName, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, source: &Source) -> Option<Failure> {
        self.lock().get(&source.object.vault)?.failure.clone()
    }

    fn learn(&self, source: &Source, answer: &Result<FetchedObject, Failure>) {
        let mut vaults = self.lock();
        let seen = vaults.entry(source.object.vault.clone()).or_default();
        let Err(failure) = answer else {
            seen.answered = true;
            return;
        };
        match failure.reason {
            Reason::Throttled => seen.failure = Some(failure.clone()),
            Reason::Unavailable | Reason::Unreachable | Reason::TimedOut => {
                seen.outages += 1;
                if seen.outages >= DOWN_AFTER && !seen.answered {
                    seen.failure = Some(failure.clone());
                }
            }
            // Says nothing of the vault.
            reason if reason.class() == FailureClass::Identity => {}
            _ => seen.answered = true,
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

    fn named(prefix: &str, count: u32) -> Vec<String> {
        (0..count).map(|number| format!("{prefix}-{number}")).collect()
    }

    fn at_vault(vault: &str, name: &str) -> Source {
        let mut source = latest(name);
        source.object.vault = VaultName::parse(vault).expect("valid");
        source
    }

    #[tokio::test(start_paused = true)]
    async fn a_vault_that_hangs_leaves_time_for_the_others() {
        let bench = Bench::new();
        bench.vault.set("good", "one", 1);
        let hanging = named("hanging", 500);
        let mut sources: BTreeSet<_> = hanging.iter().map(|name| at_vault("a", name)).collect();
        for name in &hanging {
            bench.vault.silence(name);
        }
        let good = at_vault("b", "good");
        sources.insert(good.clone());
        let answers = fetch_all(&bench.vault, sources, FetchLimits::default(), &()).await;
        assert!(answers[&good].is_ok());
        assert!(bench.vault.take_calls().len() <= 2 * FetchLimits::default().concurrency);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vault_that_answers_for_some_objects_is_asked_for_all() {
        let bench = Bench::new();
        let failing = named("a-failing", 40);
        for name in &failing {
            bench.vault.refuse(name, Reason::Unavailable, None);
        }
        bench.vault.set("b-good", "one", 1);
        let names = failing.iter().map(String::as_str);
        let sources: BTreeSet<_> = names.chain(["a-absent", "b-good"]).map(latest).collect();
        let count = sources.len();
        let answers = fetch_all(&bench.vault, sources, FetchLimits::default(), &()).await;
        assert!(answers[&latest("b-good")].is_ok());
        assert_eq!(bench.vault.take_calls().len(), count);
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
