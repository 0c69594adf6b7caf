//! Passes, one after another, until told to stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::domain::failure::Failure;
use crate::domain::plan::Outcome;
use crate::domain::spec::OnStart;
use crate::ports::{Dice, Vault, Volume};

use super::fetch::{FetchLimits, FetchProgress};
use super::ledger::Ledger;
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
    dice: Arc<dyn Dice>,
    /// Why each object of the specification failed when its source was asked for last.
    standing: Vec<Option<Failure>>,
}

impl<V: Vault, W: Volume + 'static> Daemon<V, W> {
    /// A loop in which everything is due.
    pub fn new(reconciler: Reconciler<V, W>, dice: Arc<dyn Dice>) -> Self {
        let ledger = Ledger::new(reconciler.spec.refresh.interval);
        let standing = vec![None; reconciler.spec.objects.len()];
        Self {
            reconciler,
            ledger,
            reporter: Reporter::default(),
            dice,
            standing,
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
                tracing::info!(objects = report.objects.len(), "Ready");
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
        let ledger = &self.ledger;
        let mut report = self
            .reconciler
            .pass(|source| ledger.is_due(source, began), progress)
            .await;
        let roll = self.dice.roll();
        // Two entries of the manifest may share a source: it is healthy when none of them failed.
        let failed: BTreeMap<_, _> = report
            .failures()
            .map(|(object, failure)| (&object.source, failure))
            .collect();
        for object in &report.objects {
            let fetched = matches!(object.outcome, Outcome::Fetched { .. });
            if fetched && !failed.contains_key(&object.source) {
                self.ledger.succeeded(&object.source);
            }
        }
        for (source, failure) in failed {
            self.ledger.failed(source, failure, roll);
        }
        self.ledger
            .finish_pass(began, report.volume_failure.is_some(), roll);
        self.reporter
            .report(&report, |source| self.ledger.is_failing(source));
        self.recall_failures(&mut report);
        report
    }

    /// An object that was not asked for, because its next try is not due, fails as it did before: its old files are not
    /// what the vault has.
    fn recall_failures(&mut self, report: &mut PassReport) {
        if report.volume_failure.is_some() {
            return;
        }
        for (object, standing) in report.objects.iter_mut().zip(&mut self.standing) {
            let failing = self.ledger.is_failing(&object.source);
            match (&object.outcome, standing.as_ref()) {
                (Outcome::Failed { failure, .. }, _) => *standing = Some(failure.clone()),
                (Outcome::Unasked { complete }, Some(failure)) if failing => {
                    let (failure, kept) = (failure.clone(), *complete);
                    object.outcome = Outcome::Failed { failure, kept };
                }
                _ => *standing = None,
            }
        }
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
            .any(|(object, failure)| object.required && !failure.reason.is_transient());
        self.is_served(report) || hopeless || report.volume_failure.is_some()
    }

    async fn is_ready_from_before(&self) -> bool {
        if self.reconciler.spec.refresh.on_start != OnStart::LastKnownGood {
            return false;
        }
        let Ok(observed) = self.reconciler.observe().await else {
            return false;
        };
        let required = self
            .reconciler
            .spec
            .objects
            .iter()
            .filter(|object| object.required);
        let present = required.flat_map(|object| &object.files).all(|file| {
            observed
                .files
                .get(&file.path)
                .is_some_and(|found| found.record.content == file.content)
        });
        if present {
            tracing::info!(
                objects = self.reconciler.spec.objects.len(),
                "Ready with last known good files"
            );
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
