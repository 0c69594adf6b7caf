//! The writer is stopped before every single step, and again while it recovers from that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::support::FlatTest;
use crate::domain::mode::FileMode;
use crate::domain::payload::Payload;
use crate::ports::Volume as _;
use crate::volume::StepObserver;
use crate::volume::flat::Step;
use crate::volume::tests::support::{expected, file, path, payload, record};

/// Lets so many steps happen, then refuses one, or that one and all later ones.
#[derive(Clone)]
pub(super) struct StopAt {
    number: usize,
    for_good: bool,
    count: Arc<AtomicUsize>,
    stopped: Arc<Mutex<Option<Step>>>,
}

impl StopAt {
    pub(super) fn new(number: usize, for_good: bool) -> Self {
        Self {
            number,
            for_good,
            count: Arc::default(),
            stopped: Arc::default(),
        }
    }

    pub(super) fn stopped(&self) -> Option<Step> {
        *self.stopped.lock().expect("not poisoned")
    }
}

impl StepObserver<Step> for StopAt {
    fn before(&self, step: Step) -> io::Result<()> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if number == self.number {
            *self.stopped.lock().expect("not poisoned") = Some(step);
        }
        if number == self.number || (self.for_good && number > self.number) {
            return Err(io::Error::from(Errno::ENOSPC));
        }
        Ok(())
    }
}

/// From what to what.
struct Scenario {
    old: Payload,
    new: Payload,
}

fn pair(n: &str) -> Payload {
    payload(&[
        ("tls/tls.crt", &format!("certificate {n}"), 0o440),
        ("tls/tls.key", &format!("key {n}"), 0o400),
        ("db/password", "stays", 0o440),
    ])
}

fn scenarios() -> Vec<Scenario> {
    // A directory becomes a file, a file a directory, and directories are new.
    let mut moved = pair("2");
    moved.files.remove(&path("db/password"));
    moved.files.insert(path("db"), file("now a file", 0o440));
    moved.files.insert(path("new/deep/file"), file("new", 0o440));
    let mut back = pair("3");
    back.files.remove(&path("tls/tls.key"));
    let mut renamed = pair("1");
    renamed.files.remove(&path("db/password"));
    renamed.files.insert(path("other"), file("stays", 0o440));
    let mut modes = pair("1");
    for file in modes.files.values_mut() {
        file.mode = FileMode::from_bits(0o444);
    }
    let mut versions = pair("1");
    for file in versions.files.values_mut() {
        file.record = record(2);
    }
    [
        (Payload::default(), pair("1")),
        (pair("1"), pair("2")),
        (pair("1"), moved.clone()),
        (moved, back),
        (pair("1"), renamed),
        (pair("1"), modes),
        (pair("1"), versions),
        (pair("1"), Payload::default()),
    ]
    .into_iter()
    .map(|(old, new)| Scenario { old, new })
    .collect()
}

type Files = BTreeMap<String, (Vec<u8>, u32)>;

fn bytes(files: &Files) -> BTreeMap<&str, &[u8]> {
    let files = files.iter();
    files
        .map(|(path, (bytes, _))| (path.as_str(), bytes.as_slice()))
        .collect()
}

impl Scenario {
    /// A volume on which the old set is published.
    fn volume(&self) -> FlatTest {
        let test = FlatTest::new();
        test.publish(&self.old);
        test
    }

    /// Fails unless each file is the whole old one or the whole new one, and is there if it is in both sets.
    fn assert_whole(&self, test: &FlatTest) {
        let (old, new, found) = (expected(&self.old), expected(&self.new), test.visible());
        for (path, (bytes, mode)) in &found {
            let is = |set: &Files, other: &Files| {
                set.get(path).is_some_and(|file| {
                    // A mode that alone changes is changed in place.
                    let adjusted = other.get(path).is_some_and(|o| o.0 == file.0 && o.1 == *mode);
                    file.0 == *bytes && (file.1 == *mode || adjusted)
                })
            };
            assert!(is(&old, &new) || is(&new, &old), "{path} with mode {mode:o}");
        }
        for path in old.keys().filter(|path| new.contains_key(*path)) {
            assert!(found.contains_key(path), "{path} is gone");
        }
    }

    /// Fails unless the volume, opened again and without the vault, has all of one set.
    fn assert_recovered(&self, test: &FlatTest) {
        self.assert_whole(test);
        let found = test.visible();
        let is = |set: &Payload| bytes(&found) == bytes(&expected(set));
        assert!(is(&self.old) || is(&self.new), "a mix: {:?}", found.keys());
    }

    /// Fails unless the volume takes the new set and leaves nothing over.
    fn assert_converges(&self, test: &FlatTest) {
        let volume = test.open();
        let observed = volume.observe().expect("observes");
        self.assert_recovered(test);
        assert_eq!(observed.files.len(), test.visible().len(), "files are unknown");
        volume.publish(&self.new).expect("publishes");
        assert_eq!(test.visible(), expected(&self.new));
        test.assert_tidy(&self.new);
        let observed = volume.observe().expect("observes");
        assert!(observed.files.keys().eq(self.new.files.keys()));
        for (path, file) in &observed.files {
            assert_eq!(file.record, self.new.files[path].record);
        }
    }
}

#[test]
fn a_crash_before_any_step_leaves_whole_files_and_is_recovered_from() {
    let mut seen = BTreeSet::new();
    for scenario in scenarios() {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let published = test.open_observed(observer.clone()).publish(&scenario.new);
            scenario.assert_whole(&test);
            scenario.assert_converges(&test);
            let Some(step) = observer.stopped() else { break };
            published.expect_err("a stopped publish must not succeed");
            seen.insert(step);
        }
    }
    let steps: Vec<_> = seen.iter().map(|step| step.number()).collect();
    assert_eq!(steps, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
}

#[test]
fn a_crash_after_the_commit_is_finished_without_the_vault() {
    let mut finished = 0;
    for scenario in scenarios() {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let _ = test.open_observed(observer.clone()).publish(&scenario.new);
            let Some(step) = observer.stopped() else { break };
            let committed = step > Step::Commit && test.root().join("..akv-sync.staged").exists();
            test.open().observe().expect("recovers");
            scenario.assert_recovered(&test);
            if committed && expected(&scenario.old).keys().ne(expected(&scenario.new).keys()) {
                assert_eq!(test.visible(), expected(&scenario.new), "{step:?}");
                finished += 1;
            }
        }
    }
    assert!(finished > 20, "only {finished} publishes were finished");
}

#[test]
fn a_crash_while_recovering_from_a_crash_is_recovered_from() {
    let mut recoveries = 0;
    for scenario in scenarios() {
        for first in 0.. {
            let observer = StopAt::new(first, true);
            let test = scenario.volume();
            let _ = test.open_observed(observer.clone()).publish(&scenario.new);
            if observer.stopped().is_none() {
                break;
            }
            // Each round stops at a later step of the recovery that the one before could not finish.
            for second in 0.. {
                let observer = StopAt::new(second, true);
                let _ = test.open_observed(observer.clone()).observe();
                scenario.assert_whole(&test);
                match observer.stopped() {
                    Some(step) => recoveries += usize::from(step >= Step::Recover),
                    None => break,
                }
            }
            scenario.assert_converges(&test);
        }
    }
    assert!(recoveries > 100, "only {recoveries} recoveries were interrupted");
}

#[test]
fn a_failing_call_changes_no_bytes_before_the_commit_and_is_made_good_after_it() {
    let mut abandoned = 0;
    for scenario in scenarios() {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, false);
            let volume = test.open_observed(observer.clone());
            let published = volume.publish(&scenario.new);
            scenario.assert_whole(&test);
            let Some(step) = observer.stopped() else {
                published.expect("nothing failed");
                break;
            };
            let failure = published.expect_err("a failed call must be told");
            assert!(failure.hint.contains("sizeLimit"), "{}", failure.hint);
            if step <= Step::Commit {
                assert_eq!(
                    bytes(&test.visible()),
                    bytes(&expected(&scenario.old)),
                    "{step:?}"
                );
                assert!(!test.root().join("..akv-sync.staged").exists(), "{step:?}");
                abandoned += 1;
            }
            volume.publish(&scenario.new).expect("the next publish works");
            assert_eq!(test.visible(), expected(&scenario.new));
            test.assert_tidy(&scenario.new);
        }
    }
    assert!(abandoned > 50, "only {abandoned} publishes were abandoned");
}

#[test]
fn waiting_files_that_the_crash_damaged_do_not_replace_anything() {
    let (old, new) = (pair("1"), pair("2"));
    for renamed in [0, 1] {
        let test = FlatTest::new();
        test.publish(&old);
        let before = StopAtStep::new(Step::Rename, renamed);
        test.open_observed(before).publish(&new).expect_err("stopped");
        let key = test.root().join("..akv-sync.staged/1");
        fs::remove_file(&key).expect("removes");
        fs::write(&key, "half of a key").expect("writes");
        let found = test.open().observe().expect("recovers");
        assert_eq!(found.files.len(), 3);
        // What was not renamed yet stays with what cannot be any more.
        let certificate = format!("certificate {}", renamed + 1);
        assert_eq!(test.visible()["tls/tls.crt"].0, certificate.as_bytes());
        assert_eq!(test.visible()["tls/tls.key"].0, b"key 1");
        test.publish(&new);
        assert_eq!(test.visible(), expected(&new));
        test.assert_tidy(&new);
    }
}

#[test]
fn a_committed_publish_whose_waiting_files_are_gone_keeps_the_old_set() {
    let test = FlatTest::new();
    let (old, new) = (pair("1"), pair("2"));
    test.publish(&old);
    // Also for a process that has compared the old bytes, which have the length of the new ones.
    let volume = test.open_observed(FirstOf(Step::Rename, AtomicUsize::new(0)));
    volume.publish(&new).expect_err("stopped");
    fs::remove_dir_all(test.root().join("..akv-sync.staged")).expect("removes");
    let found = volume.observe().expect("recovers");
    assert_eq!(found.files.len(), 3);
    assert_eq!(test.visible(), expected(&old));
    test.assert_tidy(&old);
    let publication = volume.publish(&new).expect("publishes");
    assert_eq!(publication.written.len(), 2, "old bytes pass for new ones");
    assert_eq!(test.visible(), expected(&new));
}

/// Refuses a step the first time.
struct FirstOf(Step, AtomicUsize);

impl StepObserver<Step> for FirstOf {
    fn before(&self, step: Step) -> io::Result<()> {
        if step == self.0 && self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(io::Error::from(Errno::EIO));
        }
        Ok(())
    }
}

/// Lets a step happen so many times, then refuses it and every later one.
struct StopAtStep {
    step: Step,
    left: AtomicUsize,
}

impl StopAtStep {
    const fn new(step: Step, times: usize) -> Self {
        let left = AtomicUsize::new(times);
        Self { step, left }
    }
}

impl StepObserver<Step> for StopAtStep {
    fn before(&self, step: Step) -> io::Result<()> {
        let one_less = |left: usize| left.checked_sub(1);
        let happens = step < self.step
            || step == self.step
                && self
                    .left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                    .is_ok();
        if happens {
            return Ok(());
        }
        Err(io::Error::from(Errno::EIO))
    }
}
