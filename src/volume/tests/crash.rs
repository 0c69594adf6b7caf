//! The writer is stopped before every single step, and again while it recovers from that.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::support::{
    Files, Place, StopAt, TestVolume, at_version, expected, file, kept, names, path, payload, set_mode,
    telling, with_mode,
};
use crate::domain::desired::Layout;
use crate::domain::payload::{Observation, Payload};
use crate::volume::BlockingVolume as _;

/// Makes of each function a test for each layout, in memory and on a disk.
macro_rules! for_both_layouts_in_memory_and_on_disk {
    ($($test:ident),+ $(,)?) => {
        for_both_layouts_in_memory_and_on_disk! { @ atomic Atomic, [memory Memory, disk Disk], [$($test),+] }
        for_both_layouts_in_memory_and_on_disk! { @ flat Flat, [memory Memory, disk Disk], [$($test),+] }
    };
    (@ $module:ident $layout:ident, [$($on:ident $place:ident),+], $tests:tt) => {
        mod $module {
            $(
                for_both_layouts_in_memory_and_on_disk! { @ $on $layout $place $tests }
            )+
        }
    };
    (@ $on:ident $layout:ident $place:ident [$($test:ident),+]) => {
        mod $on {
            use crate::domain::desired::Layout;
            use crate::volume::tests::support::Place;

            $(
                #[test]
                fn $test() {
                    super::super::$test(Layout::$layout, Place::$place);
                }
            )+
        }
    };
}

for_both_layouts_in_memory_and_on_disk! {
    a_crash_before_any_step_leaves_what_the_layout_promises_and_is_recovered_from,
    a_crash_while_recovering_from_a_crash_is_recovered_from,
    a_failing_call_changes_no_bytes_before_the_commit_and_is_made_good_after_it,
    a_crash_within_a_publish_that_keeps_files_loses_none,
}

/// Of the scenarios: bytes change, files and directories take each other's place, names go, modes change.
const ON_DISK: [usize; 4] = [1, 2, 4, 5];

/// From what to what.
pub(super) struct Scenario {
    layout: Layout,
    place: Place,
    /// Whether what was replaced before is young, so that it is still kept for readers.
    young: bool,
    pub(super) old: Payload,
    pub(super) new: Payload,
}

/// A certificate with its key, and a file that stays.
pub(super) fn pair(n: &str) -> Payload {
    payload(&[
        ("tls/tls.crt", &format!("certificate {n}"), 0o440),
        ("tls/tls.key", &format!("key {n}"), 0o400),
        ("db/password", "stays", 0o440),
    ])
}

/// On a disk, where each takes longer, those that take all steps between them.
pub(super) fn scenarios(layout: Layout, place: Place) -> Vec<Scenario> {
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
    let pairs = [
        (Payload::default(), pair("1")),
        (pair("1"), pair("2")),
        (pair("1"), moved.clone()),
        (moved, back),
        (pair("1"), renamed),
        (pair("1"), with_mode(&pair("1"), 0o444)),
        (pair("1"), at_version(&pair("1"), 2)),
        (pair("1"), pair("1")),
        (pair("1"), Payload::default()),
    ];
    pairs
        .into_iter()
        .enumerate()
        .filter(|(number, _)| place == Place::Memory || ON_DISK.contains(number))
        .map(|(number, (old, new))| Scenario {
            layout,
            place,
            young: number % 2 == 1,
            old: if old.files.is_empty() {
                old
            } else {
                telling(&old, "old")
            },
            new: telling(&new, "new"),
        })
        .collect()
}

/// The bytes alone.
pub(super) fn bytes(files: &Files) -> BTreeMap<&str, &[u8]> {
    let files = files.iter();
    files
        .map(|(path, (bytes, _))| (path.as_str(), bytes.as_slice()))
        .collect()
}

impl Scenario {
    /// A volume on which the old set is published. Where modes are about to change, somebody has changed one of a
    /// directory as well.
    pub(super) fn volume(&self) -> TestVolume {
        let mut test = TestVolume::on(self.place, self.layout);
        if self.young {
            test.clock = OffsetDateTime::now_utc();
            test.publish(&pair("0"));
        }
        test.publish(&self.old);
        if self.changes_modes() {
            set_mode(&test.top().join("db"), 0o700);
        }
        test
    }

    fn changes_modes(&self) -> bool {
        let (old, new) = (expected(&self.old), expected(&self.new));
        bytes(&old) == bytes(&new) && old != new
    }

    /// Fails unless a reader finds at any moment what the layout promises.
    fn assert_whole(&self, test: &TestVolume) {
        match self.layout {
            Layout::Atomic => self.assert_one_set(test),
            Layout::Flat => self.assert_whole_files(test),
        }
    }

    /// Fails unless a reader that resolves `..data` once finds all of the old set or all of the new one, and no
    /// link shows anything but that set.
    fn assert_one_set(&self, test: &TestVolume) {
        let generations = test.generations();
        assert!(generations.len() <= 2, "room for three: {generations:?}");
        if !test.is_published() {
            assert!(self.old.files.is_empty(), "the old set is gone");
            return;
        }
        let set = test.files_of_set();
        assert!(
            set == expected(&self.old) || set == expected(&self.new),
            "a mix: {:?}",
            set.keys()
        );
        for (path, found) in test.visible() {
            assert_eq!(set.get(&path), Some(&found), "{path}");
        }
    }

    /// Fails unless each file is the whole old one or the whole new one, and is there if it is in both sets.
    fn assert_whole_files(&self, test: &TestVolume) {
        let (old, new, found) = (expected(&self.old), expected(&self.new), test.visible());
        for (path, (bytes, mode)) in &found {
            let is = |set: &Files| {
                set.get(path)
                    .is_some_and(|file| file.0 == *bytes && file.1 == *mode)
            };
            assert!(is(&old) || is(&new), "{path} with mode {mode:o}");
        }
        for path in old.keys().filter(|path| new.contains_key(*path)) {
            assert!(found.contains_key(path), "{path} is gone");
        }
    }

    /// Fails unless the volume, after a recovery without the vault, has all of one set.
    pub(super) fn assert_recovered(&self, test: &TestVolume) {
        self.assert_whole(test);
        let found = test.visible();
        let is = |set: &Payload| found == expected(set);
        assert!(is(&self.old) || is(&self.new), "a mix: {:?}", found.keys());
    }

    /// Fails unless the volume, opened again, knows exactly what it has, takes the new set and leaves nothing over.
    fn assert_converges(&self, test: &TestVolume) {
        let volume = test.open();
        let observed = volume.observe().expect("observes");
        self.assert_recovered(test);
        let found = test.visible();
        let modes = observed.files.iter();
        let modes = modes.map(|(path, file)| (path.to_string(), file.mode.bits()));
        assert!(modes.eq(found.into_iter().map(|(path, (_, mode))| (path, mode))));
        let is = |set| records(&observed, set);
        assert!(is(&self.old) || is(&self.new), "a mix of records");
        self.assert_told(test, &observed);

        volume.publish(&self.new).expect("publishes");
        assert_eq!(test.visible(), expected(&self.new));
        test.assert_tidy(&self.new);
        let observed = volume.observe().expect("observes");
        assert!(records(&observed, &self.new));
    }

    /// Fails unless what is to be told is of the set whose files are there.
    fn assert_told(&self, test: &TestVolume, observed: &Observation) {
        let found = test.visible();
        let told = if observed.outbox == self.new.telling.open {
            &self.new
        } else {
            assert_eq!(observed.outbox, self.old.telling.open);
            &self.old
        };
        assert_eq!(found, expected(told), "told of another set");
    }

    /// Fails unless the volume is as if the new set had never been there.
    fn assert_abandoned(&self, test: &TestVolume) {
        assert_eq!(test.visible(), expected(&self.old));
        if test.is_published() {
            test.assert_tidy(&self.old);
        } else {
            assert!(names(test.root()).is_empty());
        }
    }
}

/// Whether what is known of the files is what was published with `set`.
fn records(observed: &Observation, set: &Payload) -> bool {
    let files = observed.files.iter().map(|(path, file)| (path, &file.record));
    observed.outbox == set.telling.open && files.eq(set.files.iter().map(|(path, file)| (path, &file.record)))
}

fn a_crash_before_any_step_leaves_what_the_layout_promises_and_is_recovered_from(
    layout: Layout,
    place: Place,
) {
    let mut seen = BTreeSet::new();
    for scenario in scenarios(layout, place) {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let published = test.open_observed(observer.clone()).publish(&scenario.new);
            scenario.assert_whole(&test);
            scenario.assert_converges(&test);
            let Some(step) = observer.stopped() else { break };
            published.expect_err("a stopped publish must not succeed");
            seen.insert(step.number());
        }
    }
    // All but those of a recovery, and of a failure that is not a crash.
    let steps: &[u8] = match layout {
        Layout::Atomic => &[1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
        Layout::Flat => &[1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    };
    assert!(seen.iter().eq(steps), "{seen:?}");
}

fn a_crash_while_recovering_from_a_crash_is_recovered_from(layout: Layout, place: Place) {
    let mut recoveries = 0;
    for scenario in scenarios(layout, place) {
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
                    Some(step) => recoveries += usize::from(step.is_recovery()),
                    None => break,
                }
            }
            scenario.assert_converges(&test);
        }
    }
    let enough = match (layout, place) {
        (Layout::Atomic, Place::Memory) => 50,
        (Layout::Flat, Place::Memory) => 100,
        (_, Place::Disk) => 20,
    };
    assert!(
        recoveries > enough,
        "only {recoveries} recoveries were interrupted"
    );
}

fn a_failing_call_changes_no_bytes_before_the_commit_and_is_made_good_after_it(layout: Layout, place: Place) {
    let mut abandoned = 0;
    for scenario in scenarios(layout, place) {
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
            assert!(
                failure.hint().action().contains("sizeLimit"),
                "{}",
                failure.hint()
            );
            if step.is_up_to_commit() {
                scenario.assert_abandoned(&test);
                abandoned += 1;
            }
            volume.publish(&scenario.new).expect("the next publish works");
            assert_eq!(test.visible(), expected(&scenario.new));
            test.assert_tidy(&scenario.new);
        }
    }
    let enough = match place {
        Place::Memory => 50,
        Place::Disk => 25,
    };
    assert!(abandoned > enough, "only {abandoned} publishes were abandoned");
}

fn a_crash_within_a_publish_that_keeps_files_loses_none(layout: Layout, place: Place) {
    let old = payload(&[("a", "1", 0o440), ("b/c", "2", 0o440)]);
    let mut next = kept(&old);
    next.files.insert(path("d"), file("3", 0o440));
    for number in 0.. {
        let test = TestVolume::on(place, layout);
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
