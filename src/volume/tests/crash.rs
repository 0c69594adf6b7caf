//! The writer is stopped before every single step, and again while it recovers from that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::support::{TestVolume, expected, file, kept, path, payload, record};
use crate::domain::mode::FileMode;
use crate::domain::payload::{Observation, Payload};
use crate::ports::Volume as _;
use crate::volume::StepObserver;
use crate::volume::atomic::Step;

/// Lets so many steps happen, then acts.
#[derive(Clone)]
struct StopAt {
    number: usize,
    /// Whether later steps are refused too, as for a process that is gone; or happen, as after a failed call.
    for_good: bool,
    count: Arc<AtomicUsize>,
    stopped: Arc<Mutex<Option<Step>>>,
}

impl StopAt {
    fn new(number: usize, for_good: bool) -> Self {
        Self {
            number,
            for_good,
            count: Arc::default(),
            stopped: Arc::default(),
        }
    }

    fn stopped(&self) -> Option<Step> {
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
    old: Option<Payload>,
    new: Payload,
}

fn scenarios() -> Vec<Scenario> {
    let pair = |n: &str| {
        payload(&[
            ("tls/tls.crt", &format!("certificate {n}"), 0o440),
            ("tls/tls.key", &format!("key {n}"), 0o400),
            ("db/password", "stays", 0o440),
        ])
    };
    let mut moved = pair("2");
    moved.files.remove(&path("db/password"));
    moved.files.insert(path("db"), file("now a file", 0o440));
    moved.files.insert(path("new/deep/file"), file("new", 0o440));
    let mut renamed = pair("1");
    renamed.files.remove(&path("db/password"));
    renamed.files.insert(path("other"), file("stays", 0o440));
    let mut modes = pair("1");
    modes
        .files
        .values_mut()
        .for_each(|file| file.mode = FileMode::from_bits(0o444));
    let mut versions = pair("1");
    versions
        .files
        .values_mut()
        .for_each(|file| file.record = record(2));
    let old = || Some(pair("1"));
    [
        (None, pair("1")),
        (old(), pair("2")),
        (old(), moved),
        (old(), renamed),
        (old(), modes),
        (old(), versions),
        (old(), Payload::default()),
    ]
    .into_iter()
    .map(|(old, new)| Scenario { old, new })
    .collect()
}

impl Scenario {
    /// A volume on which the old set is published.
    fn volume(&self) -> TestVolume {
        let test = TestVolume::new();
        if let Some(old) = &self.old {
            test.publish(old);
        }
        test
    }

    /// Fails unless a reader that resolves `..data` once finds all of the old set or all of the new one, and no
    /// link shows anything but that set.
    fn assert_whole(&self, test: &TestVolume) {
        let old = self.old.as_ref().map(expected).unwrap_or_default();
        let new = expected(&self.new);
        if !test.root().join("..data").exists() {
            assert!(self.old.is_none(), "the old set is gone");
            return;
        }
        let generation = test.files_of_generation();
        assert!(
            generation == old || generation == new,
            "a mix: {:?}",
            generation.keys()
        );
        for (path, found) in test.visible() {
            assert_eq!(generation.get(&path), Some(&found), "{path}");
        }
    }

    /// Fails unless the volume, opened again, knows exactly what it has, takes the new set and leaves nothing over.
    fn assert_recovers(&self, test: &TestVolume) {
        let volume = test.open();
        let observed = volume.observe().expect("observes");
        self.assert_whole(test);
        let is = |payload: &Payload| recorded(&observed) == records(payload);
        assert!(is(&self.new) || self.old.as_ref().map_or(observed.files.is_empty(), is));
        volume.publish(&self.new).expect("publishes");
        assert_eq!(test.visible(), expected(&self.new));
        test.assert_tidy(&self.new);
        assert_eq!(recorded(&volume.observe().expect("observes")), records(&self.new));
    }
}

type Records = BTreeMap<String, (String, u32)>;

fn recorded(observed: &Observation) -> Records {
    let files = observed.files.iter();
    files
        .map(|(path, file)| {
            (
                path.to_string(),
                (file.record.inputs[0].version.to_string(), file.mode.bits()),
            )
        })
        .collect()
}

fn records(payload: &Payload) -> Records {
    let files = payload.files.iter();
    files
        .map(|(path, file)| {
            (
                path.to_string(),
                (file.record.inputs[0].version.to_string(), file.mode.bits()),
            )
        })
        .collect()
}

#[test]
fn a_crash_before_any_step_leaves_a_whole_set_and_is_recovered_from() {
    let mut seen = BTreeSet::new();
    for scenario in scenarios() {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let published = test.open_observed(observer.clone()).publish(&scenario.new);
            scenario.assert_whole(&test);
            scenario.assert_recovers(&test);
            match observer.stopped() {
                Some(step) => {
                    published.expect_err("a stopped publish must not succeed");
                    seen.insert(step)
                }
                None => break,
            };
        }
    }
    let steps: Vec<_> = seen.iter().map(|step| step.number()).collect();
    assert_eq!(steps, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
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
                    Some(Step::Recover) => recoveries += 1,
                    Some(_) => {}
                    None => break,
                }
            }
            scenario.assert_recovers(&test);
        }
    }
    assert!(recoveries > 50, "only {recoveries} recoveries were interrupted");
}

#[test]
fn a_failing_call_changes_nothing_before_the_commit_and_is_made_good_after_it() {
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
            if step <= Step::Commit
                && let Some(old) = &scenario.old
            {
                assert_eq!(test.visible(), expected(old), "{step:?}");
                test.assert_tidy(old);
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
fn a_crash_while_the_state_file_is_replaced_leaves_nothing_over() {
    let test = TestVolume::new();
    let mut wanted = payload(&[("a", "1", 0o440)]);
    test.publish(&wanted);
    let staged = test.generation().join("..akv-sync.json_tmp");
    for recorded_next in [1, 2] {
        fs::write(&staged, "half of a st").expect("writes");
        for file in wanted.files.values_mut() {
            file.record = record(recorded_next);
        }
        test.publish(&wanted);
        test.assert_tidy(&wanted);
    }
}

#[test]
fn half_a_state_file_is_removed_from_a_directory_that_nobody_may_write() {
    let mut test = TestVolume::new();
    test.spec.dir_mode = FileMode::from_bits(0o555);
    let wanted = payload(&[("a", "1", 0o440)]);
    test.publish(&wanted);
    let generation = test.generation();
    let allow = |mode| fs::set_permissions(&generation, Permissions::from_mode(mode)).expect("mode");
    allow(0o755);
    fs::write(generation.join("..akv-sync.json_tmp"), "half of a st").expect("writes");
    allow(0o555);
    test.publish(&wanted);
    assert_eq!(test.generation(), generation);
    test.assert_tidy(&wanted);
    let mode = fs::metadata(&generation).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o555);
    // So that an unprivileged test can remove its directory.
    allow(0o755);
}

#[test]
fn a_crash_within_a_publish_that_keeps_files_loses_none() {
    let old = payload(&[("a", "1", 0o440), ("b/c", "2", 0o440)]);
    let mut next = kept(&old);
    next.files.insert(path("d"), file("3", 0o440));
    for number in 0.. {
        let test = TestVolume::new();
        test.publish(&old);
        let observer = StopAt::new(number, true);
        let _ = test.open_observed(observer.clone()).publish(&next);
        test.open().publish(&next).expect("publishes");
        let visible = test.visible();
        assert_eq!(visible["a"].0, b"1");
        assert_eq!(visible["b/c"].0, b"2");
        assert_eq!(visible["d"].0, b"3");
        test.assert_tidy(&next);
        if observer.stopped().is_none() {
            break;
        }
    }
}
