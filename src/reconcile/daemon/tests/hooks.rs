//! Hooks beside the passes.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::*;
use crate::domain::desired::{HookAction, HookFilter, HookSpec};
use crate::domain::hook::{HookCall, HookFailure};
use crate::ports::HookRunner;

/// What a try comes to.
#[derive(Debug, Clone, Copy)]
enum End {
    Succeeds,
    Fails,
    Hangs,
}

/// Remembers what it was called for; each call ends as the next of `ends` says, and succeeds when there is none.
#[derive(Debug, Default)]
struct FakeRunner {
    calls: Mutex<Vec<HookCall>>,
    ends: Mutex<VecDeque<End>>,
}

impl FakeRunner {
    fn ending(ends: &[End]) -> Arc<Self> {
        Arc::new(Self {
            ends: Mutex::new(ends.iter().copied().collect()),
            ..Self::default()
        })
    }

    /// What was called since the last call of this: hook, and each change as `name previous>version`.
    fn take(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.calls.lock().expect("not poisoned"));
        calls.iter().map(text).collect()
    }
}

fn text(call: &HookCall) -> String {
    let short = |version: &Option<crate::domain::object::VersionId>| {
        version
            .as_ref()
            .map_or("-".to_owned(), |version| version.as_str()[31..].to_owned())
    };
    let changes = call.changes.iter().map(|change| {
        let (previous, version) = (short(&change.previous), short(&change.version));
        format!("{} {previous}>{version}", change.name)
    });
    let changes: Vec<_> = changes.collect();
    format!("{}: {}", call.hook.name, changes.join(", "))
}

impl HookRunner for FakeRunner {
    fn run<'c>(&'c self, call: &'c HookCall) -> BoxFuture<'c, Result<(), HookFailure>> {
        self.calls.lock().expect("not poisoned").push(call.clone());
        let end = self.ends.lock().expect("not poisoned").pop_front();
        async move {
            match end.unwrap_or(End::Succeeds) {
                End::Succeeds => Ok(()),
                End::Fails => Err(HookFailure {
                    error: "it ended with 1".to_owned(),
                    hint: "mend it".to_owned(),
                }),
                End::Hangs => std::future::pending().await,
            }
        }
        .boxed()
    }
}

fn hook(name: &str, when: &[&str]) -> HookSpec {
    HookSpec {
        when: when
            .iter()
            .map(|text| HookFilter::parse(text).expect("valid"))
            .collect(),
        ..HookSpec::marking(name)
    }
}

fn with_hooks(objects: &[&str], hooks: Vec<HookSpec>) -> SyncSpec {
    SyncSpec {
        hooks,
        ..spec(objects.iter().map(|name| secret(name)).collect())
    }
}

/// A running loop. What it holds ends it.
struct Running {
    waker: Waker,
    stopped: watch::Sender<bool>,
    task: tokio::task::JoinHandle<Option<u8>>,
}

impl Running {
    async fn end(self) {
        self.stopped.send_replace(true);
        self.task.await.expect("the loop ends");
    }
}

async fn running(bench: &Bench, spec: SyncSpec, runner: &Arc<FakeRunner>) -> Running {
    let (waker, triggers) = channel();
    let (stopped, stop) = watch::channel(false);
    let daemon = daemon(bench, spec).with_hooks(Arc::clone(runner) as Arc<dyn HookRunner>);
    let task = tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(1)).await;
    Running { waker, stopped, task }
}

async fn rotate(bench: &Bench, running: &Running, name: &str, version: u32) {
    bench.vault.set(name, &format!("v{version}"), version);
    running.waker.wake();
    pass_time(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_told_once_and_the_first_set_and_a_no_op_are_not() {
    let bench = Bench::holding(&["a", "b"]);
    let runner = FakeRunner::ending(&[]);
    let running = running(&bench, with_hooks(&["a", "b"], vec![hook("h", &[])]), &runner).await;
    assert_eq!(runner.take(), Vec::<String>::new());
    rotate(&bench, &running, "a", 2).await;
    assert_eq!(runner.take(), ["h: a 1>2"]);
    running.waker.wake();
    pass_time(INTERVAL * 3).await;
    assert_eq!(runner.take(), Vec::<String>::new());
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_first_set_is_told_as_one_call_when_the_hook_says_so() {
    let bench = Bench::holding(&["a", "b"]);
    let runner = FakeRunner::ending(&[]);
    let first = HookSpec {
        on_first_sync: true,
        ..hook("h", &[])
    };
    let running = running(&bench, with_hooks(&["a", "b"], vec![first]), &runner).await;
    assert_eq!(runner.take(), ["h: a ->1, b ->1"]);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_first_set_that_comes_in_pieces_is_still_the_first_set() {
    let bench = Bench::holding(&["a"]);
    bench.vault.refuse("b", Reason::Unavailable, None);
    let runner = FakeRunner::ending(&[]);
    let running = running(&bench, with_hooks(&["a", "b"], vec![hook("h", &[])]), &runner).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("one"));
    // Another process goes on with it.
    running.end().await;
    bench.vault.set("b", "one", 1);
    let running = running_again(&bench, &runner).await;
    assert_eq!(bench.volume.text("b").as_deref(), Some("one"));
    assert_eq!(runner.take(), Vec::<String>::new());
    rotate(&bench, &running, "b", 2).await;
    assert_eq!(runner.take(), ["h: b 1>2"]);
    running.end().await;
}

async fn running_again(bench: &Bench, runner: &Arc<FakeRunner>) -> Running {
    let running = running(bench, with_hooks(&["a", "b"], vec![hook("h", &[])]), runner).await;
    pass_time(INTERVAL).await;
    running
}

#[tokio::test(start_paused = true)]
async fn a_hook_hears_of_what_its_filter_fits() {
    let bench = Bench::holding(&["a", "b"]);
    let runner = FakeRunner::ending(&[]);
    let hooks = vec![hook("of-a", &["a"]), hook("of-both", &["*"])];
    let running = running(&bench, with_hooks(&["a", "b"], hooks), &runner).await;
    rotate(&bench, &running, "b", 2).await;
    assert_eq!(runner.take(), ["of-both: b 1>2"]);
    rotate(&bench, &running, "a", 2).await;
    assert_eq!(runner.take(), ["of-a: a 1>2", "of-both: a 1>2"]);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_hook_is_tried_again_and_holds_up_no_sync() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[End::Fails, End::Fails]);
    let running = running(&bench, with_hooks(&["a"], vec![hook("h", &[])]), &runner).await;
    rotate(&bench, &running, "a", 2).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("v2"));
    assert_eq!(runner.take(), ["h: a 1>2"]);
    rotate(&bench, &running, "a", 3).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("v3"));
    pass_time(Duration::from_secs(20)).await;
    assert_eq!(runner.take(), ["h: a 1>3", "h: a 1>3"]);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_ends_at_its_timeout_and_meanwhile_files_follow() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[End::Hangs]);
    let running = running(&bench, with_hooks(&["a"], vec![hook("h", &[])]), &runner).await;
    rotate(&bench, &running, "a", 2).await;
    rotate(&bench, &running, "a", 3).await;
    assert_eq!(bench.volume.text("a").as_deref(), Some("v3"));
    assert_eq!(runner.take(), ["h: a 1>2"]);
    pass_time(Duration::from_secs(32)).await;
    assert_eq!(runner.take(), ["h: a 1>3"]);
    running.end().await;
}

/// Whether the first hook runs, as it was told last.
struct SeesRunning(Arc<Mutex<bool>>);

impl Observer for SeesRunning {
    fn tell(&mut self, status: &Status, _: &[Event]) {
        *self.0.lock().expect("not poisoned") = status.hook_statuses[0].running;
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_sees_that_a_hook_runs() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[End::Hangs]);
    let seen = Arc::new(Mutex::new(false));
    let spec = with_hooks(&["a"], vec![hook("h", &[])]);
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(SeesRunning(Arc::clone(&seen)))];
    let daemon = Daemon::new(bench.pass(spec), observers).with_hooks(runner as Arc<dyn HookRunner>);
    let (waker, triggers) = channel();
    let (_stopped, stop) = watch::channel(false);
    tokio::spawn(daemon.run(triggers, stop));
    pass_time(Duration::from_secs(1)).await;
    bench.vault.set("a", "two", 2);
    waker.wake();
    pass_time(Duration::from_secs(1)).await;
    assert!(*seen.lock().expect("not poisoned"));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_told_is_told_by_the_next_process_and_what_was_told_is_not() {
    let bench = Bench::holding(&["a"]);
    let hanging = FakeRunner::ending(&[End::Hangs]);
    let spec = || with_hooks(&["a"], vec![hook("h", &[])]);
    let first = running(&bench, spec(), &hanging).await;
    rotate(&bench, &first, "a", 2).await;
    assert_eq!(hanging.take(), ["h: a 1>2"]);
    first.end().await;

    let runner = FakeRunner::ending(&[]);
    let second = running(&bench, spec(), &runner).await;
    assert_eq!(runner.take(), ["h: a 1>2"], "at once, although nothing changed");
    second.end().await;
    let third = running(&bench, spec(), &runner).await;
    assert_eq!(runner.take(), Vec::<String>::new());
    third.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_found_after_a_downtime_is_told() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    let spec = || with_hooks(&["a"], vec![hook("h", &[])]);
    running(&bench, spec(), &runner).await.end().await;
    bench.vault.set("a", "two", 2);
    let again = running(&bench, spec(), &runner).await;
    assert_eq!(runner.take(), ["h: a 1>2"]);
    again.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_file_is_told_and_a_change_of_mode_alone_is_not() {
    let bench = Bench::holding(&["a", "b"]);
    let runner = FakeRunner::ending(&[]);
    running(&bench, with_hooks(&["a", "b"], vec![hook("h", &[])]), &runner)
        .await
        .end()
        .await;
    let mut spec = with_hooks(&["a"], vec![hook("h", &[])]);
    let again = running(&bench, spec.clone(), &runner).await;
    assert_eq!(runner.take(), ["h: b 1>-"]);
    again.end().await;
    spec.objects[0].files[0].mode = crate::domain::mode::FileMode::from_bits(0o400);
    let again = running(&bench, spec, &runner).await;
    assert_eq!(runner.take(), Vec::<String>::new());
    again.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_fails_after_the_hook_does_not_make_it_run_twice() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    let spec = with_hooks(&["a"], vec![hook("h", &[])]);
    let mut daemon = daemon(&bench, spec).with_hooks(Arc::clone(&runner) as Arc<dyn HookRunner>);
    daemon.sync().await;
    bench.vault.set("a", "two", 2);
    daemon.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    daemon.sync().await;
    *bench.volume.broken.lock().expect("not poisoned") = true;
    daemon.run_hooks(soon()).await;
    assert_eq!(runner.take(), ["h: a 1>2"]);
    *bench.volume.broken.lock().expect("not poisoned") = false;
    tokio::time::sleep_until(daemon.next()).await;
    daemon.sync().await;
    daemon.run_hooks(soon()).await;
    assert_eq!(runner.take(), Vec::<String>::new());
    assert!(daemon.status.hooks.edits().is_empty(), "recorded by now");
}

/// A hook that ends the program with 88.
fn exit() -> HookSpec {
    HookSpec {
        action: HookAction::Exit(88),
        ..hook("exit", &[])
    }
}

#[tokio::test(start_paused = true)]
async fn what_ends_the_program_is_recorded_first_and_does_not_end_it_again() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    let ends = running(&bench, with_hooks(&["a"], vec![exit()]), &runner).await;
    rotate(&bench, &ends, "a", 2).await;
    pass_time(Duration::from_secs(1)).await;
    assert_eq!(ends.task.await.expect("no panic"), Some(88));
    let again = running(&bench, with_hooks(&["a"], vec![exit()]), &runner).await;
    pass_time(INTERVAL * 2).await;
    assert_eq!(runner.take(), ["exit: a 1>2"]);
    again.stopped.send_replace(true);
    assert_eq!(again.task.await.expect("no panic"), None);
}

#[tokio::test(start_paused = true)]
async fn a_signal_to_stop_after_the_end_was_told_leaves_its_code() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    let mut daemon =
        daemon(&bench, with_hooks(&["a"], vec![exit()])).with_hooks(runner as Arc<dyn HookRunner>);
    daemon.sync().await;
    bench.vault.set("a", "two", 2);
    daemon.wake(Trigger {
        wanted: SyncScope::All,
        reply: None,
    });
    daemon.sync().await;
    daemon.start_hooks();
    let told = daemon.hooks.ended().await;
    daemon.take_hook(&told);
    let (_stopped, stop) = watch::channel(true);
    let (_waker, triggers) = channel();
    assert_eq!(daemon.run(triggers, stop).await, Some(88));
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_cannot_record_the_end_puts_it_off() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    let late = HookSpec {
        debounce: Duration::from_secs(5),
        ..exit()
    };
    let ends = running(&bench, with_hooks(&["a"], vec![late]), &runner).await;
    rotate(&bench, &ends, "a", 2).await;
    *bench.volume.broken.lock().expect("not poisoned") = true;
    pass_time(Duration::from_secs(30)).await;
    assert_eq!(runner.take(), ["exit: a 1>2"]);
    assert!(!ends.task.is_finished());
    *bench.volume.broken.lock().expect("not poisoned") = false;
    pass_time(INTERVAL).await;
    assert_eq!(ends.task.await.expect("no panic"), Some(88));
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_heard_that_the_last_file_is_gone_does_not_hear_it_again() {
    let bench = Bench::holding(&["a"]);
    let runner = FakeRunner::ending(&[]);
    running(&bench, with_hooks(&["a"], vec![hook("h", &[])]), &runner)
        .await
        .end()
        .await;
    for told in [&["h: a 1>-"][..], &[]] {
        // Of what is required, something missing would keep the file.
        let empty = SyncSpec {
            hooks: vec![hook("h", &[])],
            ..spec(vec![optional("missing")])
        };
        let again = running(&bench, empty, &runner).await;
        assert_eq!(runner.take(), told);
        again.end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_ends_runs_hooks_until_its_deadline_and_leaves_the_rest() {
    let bench = Bench::holding(&["a"]);
    let spec = || with_hooks(&["a"], vec![hook("h", &[])]);
    let runner = FakeRunner::ending(&[End::Fails, End::Fails, End::Hangs]);
    daemon(&bench, spec()).until_served(soon()).await;
    bench.vault.set("a", "two", 2);
    let mut once = daemon(&bench, spec()).with_hooks(Arc::clone(&runner) as Arc<dyn HookRunner>);
    once.until_served(soon()).await;
    once.run_hooks(soon()).await;
    assert_eq!(runner.take().len(), 3, "two in vain, and one that hangs");
    assert_eq!(once.status.hooks.waiting().count(), 1);

    // `--hooks=leave` has no runner.
    let mut leaving = daemon(&bench, spec());
    leaving.until_served(soon()).await;
    leaving.run_hooks(soon()).await;
    assert_eq!(leaving.status.hooks.waiting().count(), 1);
}
