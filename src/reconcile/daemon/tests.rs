//! The loop over fakes, in paused time.

mod fallbacks;

use crate::domain::desired::{Content, ObjectSpec, SecretEncoding, SyncSpec, VersionPolicy};
use crate::domain::failure::Reason;
use crate::domain::object::GroupName;
use crate::domain::path::RelativePath;
use crate::reconcile::fakes::{Bench, FakeVault, FakeVolume, latest, secret, select, spec, version_id};

use super::*;

const INTERVAL: Duration = Duration::from_mins(2);

fn daemon(bench: &Bench, spec: SyncSpec) -> Daemon<Arc<FakeVault>, FakeVolume> {
    Daemon::new(bench.reconciler(spec), Arc::new(0.5))
}

fn start(bench: &Bench, spec: SyncSpec) -> (Waker, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let waker = Waker::default();
    let (stopped, stop) = watch::channel(false);
    let running = tokio::spawn(daemon(bench, spec).run(waker.clone(), stop));
    (waker, stopped, running)
}

/// Lets paused time run on.
async fn pass_time(bench: &Bench, time: Duration) {
    tokio::time::sleep(time).await;
    bench.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_on_the_volume_within_one_interval_and_its_jitter() {
    let bench = Bench::holding(&["a"]);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
    pass_time(&bench, Duration::from_secs(1)).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("a", "two", 2);
    pass_time(&bench, INTERVAL * 3 / 2).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_object_is_retried_alone_and_sooner_than_the_interval() {
    let bench = Bench::holding(&["good"]);
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
    let bench = Bench::holding(&["a"]);
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
    let bench = Bench::holding(&["a"]);
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
    let bench = Bench::holding(&["a"]);
    let mut optional = secret("b");
    optional.required = false;
    let began = Instant::now();
    let mut daemon = daemon(&bench, spec(vec![secret("a"), optional]));
    let report = daemon.until_served(began + INTERVAL, &()).await;
    assert!(daemon.is_served(&report) && began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn last_known_good_is_enough_at_start_when_the_manifest_says_so() {
    let bench = Bench::holding(&["a"]);
    let mut spec = spec(vec![secret("a")]);
    spec.refresh.on_start = OnStart::LastKnownGood;
    daemon(&bench, spec.clone())
        .until_served(Instant::now() + INTERVAL, &())
        .await;
    bench.vault.refuse("a", Reason::Unreachable, None);
    let restarted = daemon(&bench, spec);
    assert!(restarted.is_ready_from_before().await);
}

fn optional(name: &str) -> ObjectSpec {
    ObjectSpec {
        required: false,
        ..secret(name)
    }
}

fn pinned(name: &str, version: u32) -> ObjectSpec {
    let mut object = secret(name);
    object.wanted.version = VersionPolicy::Exact(version_id(version));
    object
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_cannot_be_read_is_tried_again_with_a_pause_also_while_an_object_fails() {
    let bench = Bench::new();
    bench.vault.refuse("a", Reason::Unavailable, None);
    let mut daemon = daemon(&bench, spec(vec![secret("a")]));
    daemon.pass(&()).await;
    tokio::time::sleep(INTERVAL).await;
    bench.volume.hide(true);
    let report = daemon.pass(&()).await;
    assert!(report.volume_failure.is_some());
    let next = daemon.ledger.next_due().expect("known");
    assert!(next >= Instant::now() + Duration::from_millis(500), "no pause");
}

#[tokio::test(start_paused = true)]
async fn a_failing_pinned_object_that_is_served_after_all_leaves_the_schedule() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = daemon(&bench, spec(vec![pinned("a", 1)]));
    bench.volume.take_name("a", true);
    let report = daemon.pass(&()).await;
    assert!(!report.required_are_served());
    bench.volume.take_name("a", false);
    tokio::time::sleep(INTERVAL).await;
    let report = daemon.pass(&()).await;
    assert!(report.required_are_served());
    let next = daemon.ledger.next_due().expect("known");
    assert!(next > Instant::now() + INTERVAL / 4, "no pause");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_fails_is_not_served_by_its_old_files_while_it_waits_for_its_next_try() {
    let bench = Bench::new();
    let objects = || spec(vec![secret("a"), secret("b")]);
    bench.vault.set("a", "one", 1);
    bench.vault.set("b", "one", 1);
    let soon = || Instant::now() + Duration::from_secs(20);
    daemon(&bench, objects()).until_served(soon(), &()).await;

    // Tried again at different times: the first after a minute, the second within seconds.
    let minute = Some(Duration::from_mins(1));
    bench.vault.refuse("a", Reason::Conflict, minute);
    bench.vault.refuse("b", Reason::Unavailable, None);
    let mut restarted = daemon(&bench, objects());
    restarted.pass(&()).await;
    bench.vault.set("b", "two", 2);
    let report = restarted.until_served(soon(), &()).await;
    assert!(!restarted.is_served(&report));
    let reasons: Vec<_> = report.failures().map(|(_, failure)| failure.reason).collect();
    assert_eq!(reasons, [Reason::Conflict]);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_listed_twice_is_served_when_its_own_entry_is() {
    let bench = Bench::new();
    bench.vault.set("a", "not base64 at all", 1);
    bench.vault.refuse("b", Reason::Unavailable, None);
    let mut decoded = optional("a");
    decoded.files[0].path = RelativePath::parse("decoded").expect("valid");
    decoded.files[0].content = Content::Secret(SecretEncoding::Base64.into());
    let mut daemon = daemon(&bench, spec(vec![secret("a"), decoded, secret("b")]));
    daemon.pass(&()).await;
    bench.vault.set("b", "one", 1);
    let began = Instant::now();
    let report = daemon.until_served(began + INTERVAL, &()).await;
    assert!(daemon.is_served(&report) && began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn once_lets_a_try_that_is_under_way_at_its_deadline_come_to_its_own_end() {
    let bench = Bench::new();
    bench.vault.silence("silent");
    let began = Instant::now();
    let report = daemon(&bench, spec(vec![secret("silent")]))
        .until_served(began + Duration::from_secs(5), &())
        .await;
    assert_eq!(began.elapsed(), FetchLimits::default().per_object);
    assert!(!report.required_are_served());
}

/// The current version is disabled, and what leads to an older one fails: at first, and again at the next try.
#[tokio::test(start_paused = true)]
async fn a_member_in_backoff_keeps_its_time_while_others_are_held_back_for_it() {
    let bench = Bench::new();
    let grouped = |name| ObjectSpec {
        group: GroupName::parse("pair").ok(),
        ..secret(name)
    };
    for name in ["a", "b"] {
        bench.vault.set(name, "one", 1);
    }
    let mut daemon = daemon(&bench, spec(vec![grouped("a"), grouped("b")]));
    daemon.pass(&()).await;
    bench.vault.set("a", "two", 2);
    bench.vault.refuse("b", Reason::Throttled, Some(INTERVAL * 3));
    daemon.ledger.wake_all();
    daemon.pass(&()).await;
    let refused = Instant::now();
    for _ in 0..2 {
        tokio::time::sleep_until(daemon.ledger.next_due().expect("known")).await;
        daemon.pass(&()).await;
        assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    }
    bench.vault.set("b", "two", 2);
    while bench.volume.text("b").as_deref() == Some("one") {
        tokio::time::sleep_until(daemon.ledger.next_due().expect("known")).await;
        daemon.pass(&()).await;
    }
    assert!(refused.elapsed() < INTERVAL * 4, "{:?}", refused.elapsed());
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn another_objects_file_is_not_last_known_good() {
    let bench = Bench::holding(&["a"]);
    let mut spec = spec(vec![secret("a")]);
    spec.refresh.on_start = OnStart::LastKnownGood;
    daemon(&bench, spec.clone())
        .until_served(Instant::now() + INTERVAL, &())
        .await;
    spec.objects[0].wanted.object = latest("b").object;
    assert!(!daemon(&bench, spec).is_ready_from_before().await);
}

#[tokio::test(start_paused = true)]
async fn a_selection_that_was_never_listed_is_not_served() {
    let bench = Bench::new();
    bench.vault.refuse_lists(Some(Reason::Forbidden));
    bench.vault.refuse("other", Reason::Unavailable, None);
    let mut spec = spec(vec![optional("other")]);
    spec.refresh.on_start = OnStart::LastKnownGood;
    spec.selections.push(select("app-"));
    let mut daemon = daemon(&bench, spec);
    assert!(!daemon.is_ready_from_before().await);
    for _ in 0..2 {
        let report = daemon.pass(&()).await;
        assert!(!daemon.is_served(&report));
        tokio::time::sleep_until(daemon.ledger.next_due().expect("known")).await;
    }
}

/// A group fails for the first of its members that failed; each is asked again when it is its own turn.
#[tokio::test(start_paused = true)]
async fn a_retry_after_is_honoured_also_when_another_failure_is_told() {
    let bench = Bench::new();
    let grouped = |name| ObjectSpec {
        group: GroupName::parse("pair").ok(),
        ..secret(name)
    };
    bench.vault.refuse("a", Reason::Unavailable, None);
    let minute = Some(Duration::from_mins(1));
    bench.vault.refuse("b", Reason::Throttled, minute);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![grouped("a"), grouped("b")]));
    pass_time(&bench, Duration::from_secs(50)).await;
    let calls = bench.vault.take_calls();
    let of = |name| calls.iter().filter(|source| **source == latest(name)).count();
    assert_eq!(of("b"), 1);
    assert!(of("a") > 3, "{}", of("a"));
}

/// The list that leads to an older version is throttled; what leads to the list is not.
#[tokio::test(start_paused = true)]
async fn what_failed_while_the_volume_did_too_is_not_served_by_its_old_file() {
    let bench = Bench::holding(&["a"]);
    let objects = || spec(vec![secret("a")]);
    daemon(&bench, objects()).pass(&()).await;
    bench.vault.refuse("a", Reason::Forbidden, None);
    *bench.volume.broken.lock().expect("not poisoned") = true;
    let mut restarted = daemon(&bench, objects());
    restarted.pass(&()).await;
    *bench.volume.broken.lock().expect("not poisoned") = false;
    tokio::time::sleep_until(restarted.ledger.next_due().expect("known")).await;
    let report = restarted.pass(&()).await;
    assert!(!restarted.is_served(&report));
}
