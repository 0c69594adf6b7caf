//! The loop over fakes, in paused time.

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
