//! Passes, one after another, until told to stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::domain::entry::EntryKey;
use crate::domain::failure::Failure;
use crate::domain::plan::{self, Outcome};
use crate::domain::published::Published;
use crate::domain::query::Query;
use crate::domain::spec::OnStart;
use crate::ports::{Jitter, Vault, Volume};

use super::fetch::{FetchLimits, FetchProgress};
use super::ledger::{At, Ledger};
use super::pass::{PassReport, Reconciler};
use super::report::Reporter;

/// Longest wait for a publish under way when the loop is told to stop: SIGTERM ends the program within a second.
const SETTLE: Duration = Duration::from_millis(800);

/// Wakes a sleeping loop, which then takes a pass over everything.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Asks for a pass now. Several calls before it begins are one.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The loop around the pass.
pub struct Daemon<V, W> {
    reconciler: Reconciler<V, W>,
    ledger: Ledger,
    reporter: Reporter,
    jitter: Arc<dyn Jitter>,
    /// Why an entry failed when it was asked for last, and which questions are to be asked again for it.
    standing: Standing,
}

type Standing = BTreeMap<EntryKey, (Failure, Vec<Query>)>;

/// Whether an entry failed when it was asked for last, and the questions at fault have not been answered since.
fn is_failing(standing: &Standing, ledger: &Ledger, key: &EntryKey) -> bool {
    let standing = standing.get(key);
    standing.is_some_and(|(_, again)| again.iter().any(|query| ledger.is_failing(query)))
}

impl<V: Vault, W: Volume + 'static> Daemon<V, W> {
    /// A loop in which everything is due.
    pub fn new(reconciler: Reconciler<V, W>, jitter: Arc<dyn Jitter>) -> Self {
        let ledger = Ledger::new(reconciler.spec.refresh.interval);
        Self {
            reconciler,
            ledger,
            reporter: Reporter::default(),
            jitter,
            standing: Standing::new(),
        }
    }

    /// With the name of who signs in, for refusals.
    #[must_use]
    pub fn signed_in_as(mut self, identity: &str) -> Self {
        self.reporter.identity = Some(identity.to_owned());
        self
    }

    /// Takes passes until `stop` becomes true; a pass under way is dropped then, which leaves the volume as it was.
    pub async fn run(mut self, waker: Waker, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.run_forever(&waker) => {}
        }
        self.settle().await;
    }

    /// Lets a publish that is under way come to its end, so that the next start has nothing to recover.
    pub async fn settle(&self) {
        if timeout(SETTLE, self.reconciler.volume_idle()).await.is_err() {
            tracing::warn!("Stopped while the volume is still busy; the next start recovers");
        }
    }

    async fn run_forever(&mut self, waker: &Waker) {
        let mut ready = self.is_ready_from_before().await;
        loop {
            let report = self.pass(&()).await;
            if !ready && self.is_served(&report) {
                ready = true;
                tracing::info!(objects = report.entries.len(), "Ready");
            }
            self.wait(waker).await;
        }
    }

    /// Takes passes until the required objects are there, until one of them is refused for good, or until `deadline`,
    /// after which no pass begins. Gives the last report.
    ///
    /// A pass under way may outlast the deadline by the time limit of one object: who cuts an attempt short learns that
    /// it was cut short, and not why it would have failed.
    pub async fn until_served(&mut self, deadline: Instant, progress: &dyn FetchProgress) -> PassReport {
        let FetchLimits {
            per_pass, per_object, ..
        } = self.reconciler.limits;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            self.reconciler.limits.per_pass = per_pass.min(left.max(per_object));
            let report = self.pass(progress).await;
            let next = self.ledger.next_due().unwrap_or_else(Instant::now);
            if self.is_settled(&report) || next >= deadline {
                return report;
            }
            sleep_until(next).await;
        }
    }

    /// One pass over what is due, reported and entered into the ledger.
    pub async fn pass(&mut self, progress: &dyn FetchProgress) -> PassReport {
        let began = Instant::now();
        let timing = At(&self.ledger, began);
        let mut report = self.reconciler.pass(&timing, progress).await;
        let roll = self.jitter.sample();
        self.enter(&report, roll);
        self.ledger
            .finish_pass(began, report.volume_failure.is_some(), roll);
        let (standing, ledger) = (&self.standing, &self.ledger);
        self.reporter
            .report(&report, |entry| is_failing(standing, ledger, &entry.key));
        self.recall_failures(&mut report);
        report
    }

    /// Enters what was asked into the ledger. What was not asked keeps its time, and its backoff does not grow, also when
    /// an entry failed for it.
    fn enter(&mut self, report: &PassReport, roll: f64) {
        // Several entries may hang on one answer: it is good when none of them failed for it.
        let mut blamed: BTreeMap<&Query, &Failure> = BTreeMap::new();
        let Self { standing, ledger, .. } = self;
        for entry in &report.entries {
            match &entry.outcome {
                Outcome::Failed { failure, again, .. } => {
                    blamed.extend(again.iter().map(|query| (query, failure)));
                }
                // While it waits for one of its answers, what leads there is asked again with it.
                Outcome::Unasked { .. } => {
                    let waits = |query: &Query| ledger.is_failing(query) && !report.told.contains_key(query);
                    let standing = standing.get(&entry.key);
                    if let Some((failure, again)) = standing.filter(|(_, again)| again.iter().any(waits)) {
                        blamed.extend(again.iter().map(|query| (query, failure)));
                    }
                }
                Outcome::Fetched { .. } => {}
            }
        }
        for (query, own) in &report.told {
            match (blamed.get(query), own) {
                (None, None) => ledger.succeeded(query),
                // Nothing hangs on it, as on a current version that is disabled while an older one is served.
                (None, Some(_)) => {}
                (Some(_), Some(own)) if own.reason.is_transient() => ledger.failed(query, own, roll),
                // Answered, and the entry failed for something else: a current version that is disabled leads to others.
                // How long to wait was said of another question.
                (Some(failure), _) => {
                    ledger.failed(query, &(*failure).clone().after(None), roll);
                }
            }
        }
    }

    /// An entry that was not asked for, because its next try is not due, fails as it did before: its old files are not
    /// what the vault has.
    fn recall_failures(&mut self, report: &mut PassReport) {
        if report.volume_failure.is_some() {
            // What failed besides is remembered all the same.
            let failed = report.entries.iter().filter_map(|entry| match &entry.outcome {
                Outcome::Failed { failure, again, .. } => {
                    Some((entry.key.clone(), (failure.clone(), again.clone())))
                }
                Outcome::Unasked { .. } | Outcome::Fetched { .. } => None,
            });
            self.standing.extend(failed);
            return;
        }
        let mut standing = Standing::new();
        for entry in &mut report.entries {
            match &entry.outcome {
                Outcome::Failed { failure, again, .. } => {
                    standing.insert(entry.key.clone(), (failure.clone(), again.clone()));
                }
                Outcome::Unasked { complete } if is_failing(&self.standing, &self.ledger, &entry.key) => {
                    let kept = *complete;
                    if let Some((failure, again)) = self.standing.remove(&entry.key) {
                        standing.insert(entry.key.clone(), (failure.clone(), again.clone()));
                        entry.outcome = Outcome::Failed { failure, kept, again };
                    }
                }
                Outcome::Unasked { .. } | Outcome::Fetched { .. } => {}
            }
        }
        self.standing = standing;
    }

    /// Whether the required objects are there as `refresh.onStart` asks.
    pub fn is_served(&self, report: &PassReport) -> bool {
        match self.reconciler.spec.refresh.on_start {
            OnStart::Fresh => report.required_are_served(),
            OnStart::LastKnownGood => report.required_are_present(),
        }
    }

    /// Whether `once` has nothing more to wait for.
    fn is_settled(&self, report: &PassReport) -> bool {
        let hopeless = report
            .failures()
            .any(|(entry, failure)| entry.required && !failure.reason.is_transient());
        self.is_served(report) || hopeless || report.volume_failure.is_some()
    }

    async fn is_ready_from_before(&self) -> bool {
        if self.reconciler.spec.refresh.on_start != OnStart::LastKnownGood {
            return false;
        }
        let Ok(observed) = self.reconciler.observe().await else {
            return false;
        };
        let entries = self.reconciler.entries_of(&observed);
        let published = Published::new(&observed).wanted_by(&entries);
        let mut required = entries.iter().filter(|entry| entry.required);
        let present = required.all(|entry| plan::has_all(entry, &published));
        if present {
            tracing::info!(objects = entries.len(), "Ready with last known good files");
        }
        present
    }

    async fn wait(&mut self, waker: &Waker) {
        let Some(next) = self.ledger.next_due() else {
            return;
        };
        tokio::select! {
            () = sleep_until(next) => {}
            () = waker.0.notified() => {
                tracing::info!("Sync asked for");
                self.ledger.wake_all();
            }
        }
    }
}

#[cfg(test)]
mod tests;
