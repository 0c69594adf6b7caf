//! Asks the questions of one pass: concurrently, each under a deadline, all under another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::{Instant, timeout_at};

use crate::domain::failure::{Failure, FailureClass, Reason};
use crate::domain::object::VaultName;
use crate::domain::query::{Answer, Query};
use crate::ports::{Attempts, Vault};

/// How long fetching may take, and how much of it at once.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Longest time for one object or password file.
    pub per_object: Duration,
    /// Longest time for all questions of a pass, and so for a list, which is as long as its vault makes it; what did
    /// not arrive by then failed.
    pub per_pass: Duration,
    /// Most fetches under way at once.
    pub concurrency: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            per_object: Duration::from_secs(30),
            per_pass: Duration::from_mins(2),
            concurrency: 20,
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

/// How often one question may be repeated for what passes in the blink of an eye.
const RETRIES: u32 = 2;

/// What a vault says to one question, or that it says nothing.
pub type Told = (Query, Result<Answer, Failure>);

/// Asks every question that is a vault's; gives exactly one answer to each.
///
/// A vault that throttles, or that failed time and again without a single answer, is asked nothing more in this
/// pass: what was not yet asked gets the same answer, and the ledger's backoff spreads the next try. So an outage
/// costs few calls however many objects there are, and leaves time for the other vaults.
pub async fn ask_all<V: Vault>(
    vault: &V,
    questions: BTreeSet<Query>,
    limits: FetchLimits,
    round: &Round,
    progress: &dyn FetchProgress,
) -> Vec<Told> {
    let total = questions.len();
    let asked = stream::iter(questions).map(|query| async move {
        if let Some(failure) = round.quiet.answer(&query) {
            return (query, Err(failure));
        }
        let deadline = round.deadline(&query, limits);
        let answer = timeout_at(deadline, ask(vault, &query)).await;
        let answer = answer.unwrap_or_else(|_| Err(timed_out(&query, round.began.elapsed())));
        round.quiet.learn(&query, &answer);
        (query, answer)
    });
    let mut asked = asked.buffer_unordered(limits.concurrency);
    let mut told = Vec::with_capacity(total);
    while let Some(answer) = asked.next().await {
        told.push(answer);
        progress.fetched(told.len(), total);
    }
    told
}

async fn ask<V: Vault>(vault: &V, query: &Query) -> Result<Answer, Failure> {
    let attempts = &Attempts::new(RETRIES);
    match query {
        Query::Object(source) => vault
            .fetch(source, attempts)
            .await
            .map(|object| Answer::Object(Box::new(object))),
        Query::Versions(object) => vault.versions(object, attempts).await.map(Answer::Versions),
        Query::Secrets(name) => vault.secrets(name, attempts).await.map(Answer::Secrets),
        Query::File(path) => Err(Failure::new(
            Reason::PasswordUnreadable,
            format!("{} is not a vault's", path.display()),
            "report this as a defect",
        )),
    }
}

/// What is known of the vaults over all questions of one pass.
pub struct Round {
    began: Instant,
    quiet: Quiet,
}

impl Round {
    /// A pass that begins now.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            quiet: Quiet::default(),
        }
    }

    /// When to give up on a question that is asked now. A list is page after page, each with time limits of its own; it
    /// leaves a quarter of the pass to what other lists lead to.
    pub fn deadline(&self, query: &Query, limits: FetchLimits) -> Instant {
        let pass = self.began + limits.per_pass;
        match query {
            Query::Object(_) | Query::File(_) => pass.min(Instant::now() + limits.per_object),
            Query::Versions(_) | Query::Secrets(_) => self.began + limits.per_pass * 3 / 4,
        }
    }
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

    fn answer(&self, query: &Query) -> Option<Failure> {
        self.lock().get(query.vault()?)?.failure.clone()
    }

    fn learn(&self, query: &Query, answer: &Result<Answer, Failure>) {
        let Some(vault) = query.vault() else { return };
        let mut vaults = self.lock();
        let seen = vaults.entry(vault.clone()).or_default();
        let Err(failure) = answer else {
            seen.answered = true;
            return;
        };
        match failure.reason {
            Reason::Throttled => seen.failure = Some(failure.clone()),
            Reason::Unavailable | Reason::Unreachable | Reason::TlsRefused | Reason::TimedOut => {
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
fn timed_out(query: &Query, waited: Duration) -> Failure {
    Failure::new(
        Reason::TimedOut,
        format!("{query} did not arrive within {} s", waited.as_secs()),
        "check that the vault and the identity endpoint are reachable from here; it is tried again",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::fetched::FetchedObject;
    use crate::domain::listed::{ListedObject, ListedVersion};
    use crate::domain::object::{ObjectId, Source};
    use crate::reconcile::fakes::{Bench, FakeVault, latest};

    use super::*;

    async fn fetch_all(
        vault: &Arc<FakeVault>,
        sources: BTreeSet<Source>,
        limits: FetchLimits,
    ) -> BTreeMap<Source, Result<Answer, Failure>> {
        let questions = sources.into_iter().map(Query::Object).collect();
        let told = ask_all(vault, questions, limits, &Round::begin(), &()).await;
        let source = |query| match query {
            Query::Object(source) => source,
            other => panic!("{other:?} was not asked"),
        };
        told.into_iter()
            .map(|(query, answer)| (source(query), answer))
            .collect()
    }

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
        let answers = fetch_all(&bench.vault, sources, limits).await;
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
        let answers = fetch_all(&bench.vault, sources, FetchLimits::default()).await;
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
        let answers = fetch_all(&bench.vault, sources, FetchLimits::default()).await;
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
        let answers = fetch_all(&bench.vault, sources, limits).await;
        assert_eq!(began.elapsed(), Duration::from_secs(40));
        assert!(
            answers
                .values()
                .all(|answer| matches!(answer, Err(f) if f.reason == Reason::TimedOut))
        );
    }
    /// A vault that takes this long for every answer.
    struct Slow(Duration);

    impl Vault for Slow {
        async fn fetch(&self, source: &Source, _: &Attempts) -> Result<FetchedObject, Failure> {
            tokio::time::sleep(self.0).await;
            Err(timed_out(&Query::Object(source.clone()), self.0))
        }

        async fn versions(&self, _: &ObjectId, _: &Attempts) -> Result<Vec<ListedVersion>, Failure> {
            tokio::time::sleep(self.0).await;
            Ok(Vec::new())
        }

        async fn secrets(&self, _: &VaultName, _: &Attempts) -> Result<Vec<ListedObject>, Failure> {
            tokio::time::sleep(self.0).await;
            Ok(Vec::new())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_may_take_longer_than_one_object_and_leaves_time_for_what_it_leads_to() {
        let limits = FetchLimits::default();
        let object = latest("a").object;
        let lists = [Query::Versions(object.clone()), Query::Secrets(object.vault)];
        for (takes, arrives) in [
            (limits.per_pass * 7 / 10, true),
            (limits.per_pass * 8 / 10, false),
        ] {
            let began = Instant::now();
            let questions = lists.clone().into_iter().collect();
            let told = ask_all(&Slow(takes), questions, limits, &Round::begin(), &()).await;
            assert_eq!(told.len(), lists.len());
            for (query, answer) in told {
                assert_eq!(answer.is_ok(), arrives, "{query}: {answer:?}");
            }
            assert_eq!(began.elapsed(), takes.min(limits.per_pass * 3 / 4));
        }
    }
}
