//! Passes, one after another, until told to stop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::domain::plan::Outcome;
use crate::domain::spec::OnStart;
use crate::ports::{Dice, Vault, Volume};

use super::fetch::FetchProgress;
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
}

impl<V: Vault, W: Volume + 'static> Daemon<V, W> {
    /// A loop in which everything is due.
    pub fn new(reconciler: Reconciler<V, W>, dice: Arc<dyn Dice>) -> Self {
        let ledger = Ledger::new(reconciler.spec.refresh.interval);
        Self {
            reconciler,
            ledger,
            reporter: Reporter::default(),
            dice,
        }
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
            if !ready && report.required_are_served() {
                ready = true;
                tracing::info!(objects = report.objects.len(), "Ready");
            }
            self.wait(waker).await;
        }
    }

    /// Takes passes until the required objects are there, until one of them is refused for good, or until `deadline`.
    /// Gives the last report.
    pub async fn until_served(&mut self, deadline: Instant, progress: &dyn FetchProgress) -> PassReport {
        loop {
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
        let report = self
            .reconciler
            .pass(|source| ledger.is_due(source, began), progress)
            .await;
        let roll = self.dice.roll();
        self.reporter.report(&report);
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
        report
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
mod tests {
    use crate::domain::failure::Reason;
    use crate::domain::spec::SyncSpec;
    use crate::reconcile::fakes::{Bench, FakeVault, FakeVolume, LoadedDice, latest, secret, spec};

    use super::*;

    const INTERVAL: Duration = Duration::from_mins(2);

    fn daemon(bench: &Bench, spec: SyncSpec) -> Daemon<Arc<FakeVault>, FakeVolume> {
        Daemon::new(bench.reconciler(spec), Arc::new(LoadedDice(0.5)))
    }

    fn start(bench: &Bench, spec: SyncSpec) -> (Waker, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let waker = Waker::default();
        let (stopped, stop) = watch::channel(false);
        let running = tokio::spawn(daemon(bench, spec).run(waker.clone(), stop));
        (waker, stopped, running)
    }

    /// Lets paused time run on; a publish happens on another thread, so time stands still until it is done.
    async fn pass_time(bench: &Bench, time: Duration) {
        tokio::time::sleep(time).await;
        bench.settle().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_rotation_is_on_the_volume_within_one_interval_and_its_jitter() {
        let bench = Bench::new();
        bench.vault.set("a", "one", 1);
        let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
        pass_time(&bench, Duration::from_secs(1)).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
        bench.vault.set("a", "two", 2);
        pass_time(&bench, INTERVAL * 3 / 2).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_object_is_retried_alone_and_sooner_than_the_interval() {
        let bench = Bench::new();
        bench.vault.set("good", "one", 1);
        bench.vault.refuse("bad", Reason::Unavailable, None);
        let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("good"), secret("bad")]));
        pass_time(&bench, Duration::from_secs(30)).await;
        let calls = bench.vault.take_calls();
        let good = calls.iter().filter(|source| **source == latest("good")).count();
        assert_eq!(good, 1);
        assert!(
            (4..=8).contains(&(calls.len() - good)),
            "{} retries",
            calls.len() - good
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_after_is_honoured() {
        let bench = Bench::new();
        bench
            .vault
            .refuse("busy", Reason::Throttled, Some(Duration::from_mins(1)));
        let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("busy")]));
        pass_time(&bench, Duration::from_secs(59)).await;
        assert_eq!(bench.vault.take_calls().len(), 1);
        pass_time(&bench, Duration::from_secs(10)).await;
        assert_eq!(bench.vault.take_calls().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wake_syncs_everything_now() {
        let bench = Bench::new();
        bench.vault.set("a", "one", 1);
        let (waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
        pass_time(&bench, Duration::from_secs(1)).await;
        bench.vault.set("a", "two", 2);
        waker.wake();
        pass_time(&bench, Duration::from_secs(1)).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_loop_in_the_middle_of_a_pass() {
        let bench = Bench::new();
        bench.vault.silence("silent");
        let (_waker, stopped, running) = start(&bench, spec(vec![secret("silent")]));
        pass_time(&bench, Duration::from_secs(1)).await;
        stopped.send_replace(true);
        let began = Instant::now();
        running.await.expect("the loop ends");
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_volume_failure_is_retried_with_everything() {
        let bench = Bench::new();
        bench.vault.set("a", "one", 1);
        *bench.volume.broken.lock().expect("not poisoned") = true;
        let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
        pass_time(&bench, Duration::from_secs(3)).await;
        *bench.volume.broken.lock().expect("not poisoned") = false;
        pass_time(&bench, Duration::from_secs(10)).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    }

    #[tokio::test(start_paused = true)]
    async fn once_waits_for_what_may_pass_and_not_for_what_may_not() {
        let bench = Bench::new();
        bench.vault.refuse("a", Reason::Unavailable, None);
        let began = Instant::now();
        let deadline = began + Duration::from_mins(1);
        let report = daemon(&bench, spec(vec![secret("a")]))
            .until_served(deadline, &())
            .await;
        assert!(!report.required_are_served() && began.elapsed() > Duration::from_secs(20));

        bench.vault.refuse("a", Reason::Forbidden, None);
        let began = Instant::now();
        daemon(&bench, spec(vec![secret("a")]))
            .until_served(began + INTERVAL, &())
            .await;
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn once_does_not_wait_for_an_optional_object() {
        let bench = Bench::new();
        bench.vault.set("a", "one", 1);
        let mut optional = secret("b");
        optional.required = false;
        let began = Instant::now();
        let mut daemon = daemon(&bench, spec(vec![secret("a"), optional]));
        let report = daemon.until_served(began + INTERVAL, &()).await;
        assert!(daemon.is_served(&report) && began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn last_known_good_is_enough_at_start_when_the_manifest_says_so() {
        let bench = Bench::new();
        bench.vault.set("a", "one", 1);
        let mut spec = spec(vec![secret("a")]);
        spec.refresh.on_start = OnStart::LastKnownGood;
        daemon(&bench, spec.clone())
            .until_served(Instant::now() + INTERVAL, &())
            .await;
        bench.vault.refuse("a", Reason::Unreachable, None);
        let restarted = daemon(&bench, spec);
        assert!(restarted.is_ready_from_before().await);
    }
}
