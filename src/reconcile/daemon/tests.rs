//! The loop over fakes, in paused time.

mod barrier;
mod calls;
mod clock;
mod fallbacks;
mod heartbeat;
mod hooks;
mod reload;
mod reminders;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::desired::{Content, ObjectSpec, OnStart, SecretEncoding, SyncSpec, VersionPolicy};
use crate::domain::failure::Reason;
use crate::domain::object::{GroupName, Source};
use crate::domain::path::RelativePath;
use crate::domain::schedule::SyncScope;
use crate::reconcile::asking::AskLimits;
use crate::reconcile::fakes::{Bench, FakeVault, FakeVolume, latest, secret, select, spec, version_id};
use crate::reconcile::trigger::{Waker, channel};

use super::*;

const INTERVAL: Duration = Duration::from_mins(2);

type FakeDaemon = Daemon<FakeVault, Arc<FakeVolume>>;

fn daemon(bench: &Bench, spec: SyncSpec) -> FakeDaemon {
    Daemon::new(bench.pass(spec), Vec::new())
}

fn start(bench: &Bench, spec: SyncSpec) -> (Waker, watch::Sender<bool>, tokio::task::JoinHandle<Option<u8>>) {
    let (waker, triggers) = channel();
    let (stopped, stop) = watch::channel(false);
    let running = tokio::spawn(daemon(bench, spec).run(triggers, stop));
    (waker, stopped, running)
}

/// Lets paused time run on. What is rendered runs on another thread, and time stands still until it is done.
async fn pass_time(time: Duration) {
    tokio::time::sleep(time).await;
}

impl FakeDaemon {
    /// Takes passes until everything that is due has an answer.
    async fn sync(&mut self) {
        loop {
            self.step().await;
            if !self.status.busy || self.status.volume.failures > 0 {
                return;
            }
            self.something_to_do().await;
        }
    }

    /// When the next pass is due.
    fn next(&self) -> Instant {
        self.pass.uptime.instant(self.status.wakes_at.expect("known"))
    }

    fn reasons(&self) -> Vec<Reason> {
        self.status.failing().map(|(_, failure)| failure.reason).collect()
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn count(calls: &[Source], name: &str) -> usize {
    calls.iter().filter(|source| **source == latest(name)).count()
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_on_the_volume_within_one_interval_and_its_jitter() {
    let bench = Bench::holding(&["a"]);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("a", "two", 2);
    pass_time(INTERVAL * 3 / 2).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn a_replaced_set_is_removed_after_ten_seconds_although_nothing_else_happens() {
    let bench = Bench::holding(&["a"]);
    let (waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
    pass_time(Duration::from_secs(1)).await;
    assert!(!bench.volume.keeps_replaced(), "the first set replaces none");
    bench.vault.set("a", "two", 2);
    waker.wake();
    pass_time(Duration::from_secs(9)).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    assert!(bench.volume.keeps_replaced());
    bench.vault.take_calls();
    pass_time(Duration::from_secs(4)).await;
    assert!(!bench.volume.keeps_replaced());
    assert_eq!(bench.vault.take_calls(), [], "nothing is asked for that");
}

#[tokio::test(start_paused = true)]
async fn who_ends_removes_the_replaced_set_a_second_after_it_was_replaced() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = daemon(&bench, spec(vec![secret("a")]));
    daemon.sync().await;
    daemon.tidy_up().await;
    bench.vault.set("a", "two", 2);
    daemon.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    daemon.sync().await;
    assert!(bench.volume.keeps_replaced());
    let before = Instant::now();
    daemon.tidy_up().await;
    assert!(!bench.volume.keeps_replaced());
    assert!(before.elapsed() <= volume::KEPT_AT_END);
}

#[tokio::test(start_paused = true)]
async fn a_failing_object_is_retried_alone_and_sooner_than_the_interval() {
    let bench = Bench::holding(&["good"]);
    bench.vault.refuse("bad", Reason::Unavailable, None);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![secret("good"), secret("bad")]));
    pass_time(Duration::from_secs(30)).await;
    let calls = bench.vault.take_calls();
    let good = count(&calls, "good");
    assert!(good <= 2, "one is the probe of a gate at the most: {good}");
    let bad = calls.len() - good;
    assert!((4..=8).contains(&bad), "{bad} tries");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_is_honoured() {
    let bench = Bench::new();
    bench
        .vault
        .refuse("busy", Reason::Throttled, Some(Duration::from_mins(1)));
    let (waker, _stopped, _running) = start(&bench, spec(vec![secret("busy")]));
    pass_time(Duration::from_secs(59)).await;
    assert_eq!(bench.vault.take_calls().len(), 1);
    pass_time(Duration::from_secs(10)).await;
    assert_eq!(bench.vault.take_calls().len(), 1);
    waker.wake();
    pass_time(Duration::from_secs(40)).await;
    assert_eq!(bench.vault.take_calls(), [], "also when somebody asks for a sync");
}

#[tokio::test(start_paused = true)]
async fn a_wake_syncs_everything_now() {
    let bench = Bench::holding(&["a"]);
    let (waker, _stopped, _running) = start(&bench, spec(vec![secret("a")]));
    pass_time(Duration::from_secs(1)).await;
    bench.vault.set("a", "two", 2);
    waker.wake();
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_some_objects_is_told_when_they_are_synced() {
    let bench = Bench::holding(&["a", "b"]);
    let (waker, _stopped, _running) = start(&bench, spec(vec![secret("a"), secret("b")]));
    pass_time(Duration::from_secs(1)).await;
    bench.vault.take_calls();
    bench.vault.set("a", "two", 2);
    let answered = waker.sync(SyncScope::Objects([latest("a").object].into())).await;
    assert_eq!(answered, Ok(Answered { failing: 0 }));
    assert_eq!(bench.volume.text("a").as_deref(), Some("two"));
    assert_eq!(bench.vault.take_calls(), [latest("a")]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_loop_in_the_middle_of_a_pass() {
    let bench = Bench::new();
    bench.vault.silence("silent");
    let (_waker, stopped, running) = start(&bench, spec(vec![secret("silent")]));
    pass_time(Duration::from_secs(1)).await;
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
    pass_time(Duration::from_secs(3)).await;
    *bench.volume.broken.lock().expect("not poisoned") = false;
    pass_time(Duration::from_secs(10)).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
}

#[tokio::test(start_paused = true)]
async fn once_waits_for_what_may_pass_and_not_for_what_may_not() {
    let bench = Bench::new();
    bench.vault.refuse("a", Reason::Unavailable, None);
    let began = Instant::now();
    let mut once = daemon(&bench, spec(vec![secret("a")]));
    once.until_served(began + Duration::from_mins(1)).await;
    assert!(!once.status.is_served() && began.elapsed() > Duration::from_secs(20));

    for lasting in [Reason::Forbidden, Reason::TlsRefused] {
        bench.vault.refuse("a", lasting, None);
        let began = Instant::now();
        daemon(&bench, spec(vec![secret("a")]))
            .until_served(began + INTERVAL)
            .await;
        assert!(began.elapsed() < Duration::from_secs(1), "{lasting}");
    }
}

#[tokio::test(start_paused = true)]
async fn once_does_not_wait_for_an_optional_object() {
    let bench = Bench::holding(&["a"]);
    let began = Instant::now();
    let mut daemon = daemon(&bench, spec(vec![secret("a"), optional("b")]));
    daemon.until_served(began + INTERVAL).await;
    assert!(daemon.status.is_served() && began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn last_known_good_is_enough_at_start_when_the_manifest_says_so() {
    let bench = Bench::holding(&["a"]);
    let mut spec = spec(vec![secret("a")]);
    spec.refresh.on_start = OnStart::LastKnownGood;
    daemon(&bench, spec.clone()).until_served(soon()).await;
    bench.vault.refuse("a", Reason::Unreachable, None);
    let mut restarted = daemon(&bench, spec);
    restarted.recall().await;
    assert!(restarted.status.is_ready());
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

fn grouped(name: &str) -> ObjectSpec {
    ObjectSpec {
        group: GroupName::parse("pair").ok(),
        ..secret(name)
    }
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_cannot_be_read_is_tried_again_with_a_pause_also_while_an_object_fails() {
    let bench = Bench::new();
    bench.vault.refuse("a", Reason::Unavailable, None);
    let mut daemon = daemon(&bench, spec(vec![secret("a")]));
    daemon.sync().await;
    tokio::time::sleep(INTERVAL).await;
    bench.volume.hide(true);
    daemon.sync().await;
    assert!(daemon.status.volume.failure.is_some());
    assert!(
        daemon.next() >= Instant::now() + Duration::from_millis(500),
        "no pause"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_pinned_object_that_is_served_after_all_leaves_the_schedule() {
    let bench = Bench::holding(&["a"]);
    let mut daemon = daemon(&bench, spec(vec![pinned("a", 1)]));
    bench.volume.take_name("a", true);
    daemon.sync().await;
    assert!(!daemon.status.is_served());
    bench.volume.take_name("a", false);
    tokio::time::sleep(INTERVAL).await;
    daemon.sync().await;
    assert!(daemon.status.is_served());
    assert!(daemon.next() > Instant::now() + INTERVAL / 4, "no pause");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_fails_is_not_served_by_its_old_files_while_it_waits_for_its_next_try() {
    let bench = Bench::holding(&["a", "b"]);
    let objects = || spec(vec![secret("a"), secret("b")]);
    daemon(&bench, objects()).until_served(soon()).await;

    // Tried again at different times: the first after a minute, the second within seconds.
    let minute = Some(Duration::from_mins(1));
    bench.vault.refuse("a", Reason::Conflict, minute);
    bench.vault.refuse("b", Reason::Unavailable, None);
    let mut restarted = daemon(&bench, objects());
    restarted.sync().await;
    bench.vault.set("b", "two", 2);
    restarted.until_served(soon()).await;
    assert!(!restarted.status.is_served());
    assert_eq!(restarted.reasons(), [Reason::Conflict]);
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
    daemon.sync().await;
    bench.vault.set("b", "one", 1);
    let began = Instant::now();
    daemon.until_served(began + INTERVAL).await;
    assert!(daemon.status.is_served() && began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn once_lets_a_try_that_is_under_way_at_its_deadline_come_to_its_own_end() {
    let bench = Bench::new();
    bench.vault.silence("silent");
    let began = Instant::now();
    let mut daemon = daemon(&bench, spec(vec![secret("silent")]));
    daemon.until_served(began + Duration::from_secs(5)).await;
    assert_eq!(began.elapsed(), AskLimits::default().per_object);
    assert_eq!(daemon.reasons(), [Reason::TimedOut]);
}

#[tokio::test(start_paused = true)]
async fn a_member_in_backoff_keeps_its_time_while_others_are_held_back_for_it() {
    let bench = Bench::holding(&["a", "b"]);
    let mut daemon = daemon(&bench, spec(vec![grouped("a"), grouped("b")]));
    daemon.sync().await;
    bench.vault.set("a", "two", 2);
    bench
        .vault
        .refuse("b", Reason::Throttled, Some(Duration::from_mins(4)));
    tokio::time::sleep_until(daemon.next()).await;
    daemon.sync().await;
    let refused = Instant::now();
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    bench.vault.set("b", "two", 2);
    while bench.volume.text("b").as_deref() == Some("one") {
        tokio::time::sleep_until(daemon.next()).await;
        daemon.sync().await;
        assert_eq!(bench.volume.text("a"), bench.volume.text("b"));
    }
    let waited = refused.elapsed();
    assert!(
        (Duration::from_mins(4)..INTERVAL * 5).contains(&waited),
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn another_objects_file_is_not_last_known_good() {
    let bench = Bench::holding(&["a"]);
    let mut spec = spec(vec![secret("a")]);
    spec.refresh.on_start = OnStart::LastKnownGood;
    daemon(&bench, spec.clone()).until_served(soon()).await;
    spec.objects[0].wanted.object = latest("b").object;
    let mut restarted = daemon(&bench, spec);
    restarted.recall().await;
    assert!(!restarted.status.is_ready());
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
    daemon.recall().await;
    assert!(!daemon.status.is_ready());
    for _ in 0..2 {
        daemon.sync().await;
        assert!(!daemon.status.is_served());
        tokio::time::sleep_until(daemon.next()).await;
    }
}

/// The host asked to be left alone, so nothing of it is asked.
#[tokio::test(start_paused = true)]
async fn a_retry_after_is_honoured_also_when_another_failure_is_told() {
    let bench = Bench::new();
    bench.vault.refuse("a", Reason::Unavailable, None);
    let minute = Some(Duration::from_mins(1));
    bench.vault.refuse("b", Reason::Throttled, minute);
    let (_waker, _stopped, _running) = start(&bench, spec(vec![grouped("a"), grouped("b")]));
    pass_time(Duration::from_secs(50)).await;
    let calls = bench.vault.take_calls();
    assert_eq!((count(&calls, "a"), count(&calls, "b")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_failed_while_the_volume_did_too_is_not_served_by_its_old_file() {
    let bench = Bench::holding(&["a"]);
    let objects = || spec(vec![secret("a")]);
    daemon(&bench, objects()).sync().await;
    bench.vault.refuse("a", Reason::Forbidden, None);
    *bench.volume.broken.lock().expect("not poisoned") = true;
    let mut restarted = daemon(&bench, objects());
    restarted.sync().await;
    *bench.volume.broken.lock().expect("not poisoned") = false;
    tokio::time::sleep_until(restarted.next()).await;
    restarted.sync().await;
    assert!(!restarted.status.is_served());
}
