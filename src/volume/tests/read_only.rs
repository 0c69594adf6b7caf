//! Looking at a volume that another process may be writing to.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::crash::{bytes, scenarios};
use super::publishing::OLD;
use super::support::{
    Files, Place, StopAt, TestVolume, at_version, expected, file, fingerprint, is_unprivileged, kept, later,
    moved, numbered, path, payload, publish_sets, set_mode, telling, texts, with_mode,
};
use crate::domain::desired::Layout;
use crate::domain::payload::{Observation, Payload, Publication};
use crate::ports::VolumeFailureKind;
use crate::volume::{BlockingVolume, ReadOnlyVolume};

for_both_layouts! {
    it_sees_and_foretells_what_the_writer_does_and_touches_nothing,
    what_a_crash_left_is_looked_past_and_stays,
    whole_sets_are_seen_while_a_writer_replaces_them,
    a_missing_root_is_an_empty_volume_and_is_not_made,
    what_stops_the_writer_is_told_as_the_writer_tells_it,
    a_lost_record_is_told,
    a_directory_that_may_not_be_written_is_looked_at,
}

fn look_at(test: &TestVolume) -> ReadOnlyVolume {
    ReadOnlyVolume::new(&test.spec, Arc::new(later())).expect("resolves")
}

/// Fails unless nothing changes while `look` looks.
fn untouched<T>(test: &TestVolume, look: impl FnOnce() -> T) -> T {
    let before = fingerprint(test.root());
    let seen = look();
    assert_eq!(fingerprint(test.root()), before, "something was touched");
    seen
}

fn it_sees_and_foretells_what_the_writer_does_and_touches_nothing(layout: Layout) {
    let old = payload(OLD);
    let mut more = kept(&old);
    more.files.insert(path("new/deep"), file("new", 0o440));
    for wanted in [
        Payload::default(),
        old.clone(),
        kept(&old),
        telling(&old, "something"),
        at_version(&old, 2),
        with_mode(&old, 0o400),
        more,
        payload(&[("db", "a file now", 0o440)]),
        payload(&[("token/below", "a directory now", 0o440)]),
        moved(&old, &[("elsewhere", "token")]),
    ] {
        let test = TestVolume::new(layout);
        // While it is open, nobody else can open it to write.
        let writer = test.open();
        let reader = look_at(&test);
        assert_eq!(reader.observe().expect("looks"), Observation::nothing());
        writer.publish(&old).expect("publishes");
        // Somebody takes a name of a file that is there, and one of a file that may come.
        let taken = test.root().join("new");
        fs::write(&taken, "theirs").expect("file");

        let seen = untouched(&test, || reader.observe().expect("looks"));
        let paths: BTreeSet<_> = wanted.files.keys().cloned().collect();
        let refused = untouched(&test, || reader.refused(&paths).expect("looks"));
        let foretold = untouched(&test, || reader.publish(&wanted).expect("looks"));
        assert_eq!(seen, writer.observe().expect("observes"));
        assert_eq!(refused, writer.refused(&paths).expect("looks"));
        assert_eq!(foretold, writer.publish(&wanted).expect("publishes"));
        // Where the writer fails, because bytes have moved, so does the onlooker.
        let again = untouched(&test, || reader.publish(&wanted).ok());
        assert_eq!(again, writer.publish(&wanted).ok());
    }
}

fn what_a_crash_left_is_looked_past_and_stays(layout: Layout) {
    for scenario in scenarios(layout, Place::Memory) {
        for number in 0.. {
            let test = scenario.volume();
            let observer = StopAt::new(number, true);
            let _ = test.open_observed(observer.clone()).publish(&scenario.new);
            let reader = look_at(&test);
            let seen = untouched(&test, || reader.observe().expect("looks"));
            let foretold = untouched(&test, || reader.publish(&scenario.new).expect("looks"));
            let paths = scenario.new.files.keys().cloned().collect();
            untouched(&test, || reader.refused(&paths).expect("looks"));

            // All that is there is known: each file of either set, and nothing else.
            let there = if test.is_published() {
                test.files_of_set()
            } else {
                Files::new()
            };
            assert!(
                texts(&seen.files.into_keys().collect::<Vec<_>>())
                    .into_iter()
                    .eq(there.keys())
            );
            let wanted = expected(&scenario.new);
            let either: BTreeSet<_> = there.keys().chain(wanted.keys()).map(String::as_str).collect();
            let (there, wanted) = (bytes(&there), bytes(&wanted));
            let differ = |path: &&str| there.get(path) != wanted.get(path);
            let differ: Vec<_> = either.into_iter().filter(differ).collect();
            let changed = [foretold.written, foretold.removed].concat();
            let changed: BTreeSet<_> = texts(&changed).into_iter().collect();
            assert_eq!(Vec::from_iter(changed), differ, "{:?}", observer.stopped());
            if observer.stopped().is_none() {
                break;
            }
        }
    }
}

fn whole_sets_are_seen_while_a_writer_replaces_them(layout: Layout) {
    let set = |number: usize| {
        let bytes = numbered(number);
        let set = payload(&[
            ("tls/tls.crt", &bytes, 0o444),
            ("tls/tls.key", &bytes, 0o440),
            ("a", &bytes, 0o440),
        ]);
        telling(
            &at_version(&set, u8::try_from(number % 250).expect("small")),
            &number.to_string(),
        )
    };
    let test = TestVolume::new(layout);
    let writer = test.open();
    writer.publish(&set(0)).expect("publishes");
    let reader = look_at(&test);
    let done = AtomicBool::new(false);
    let mut looks = 0;
    thread::scope(|scope| {
        scope.spawn(|| publish_sets(&writer, set, &done));
        while !done.load(Ordering::Relaxed) {
            let seen = reader.observe().expect("looks");
            assert!(!seen.records_lost);
            assert_eq!(seen.files.len(), 3, "a file is missing");
            let records: BTreeSet<_> = seen
                .files
                .values()
                .map(|file| file.record.inputs.clone())
                .collect();
            if layout == Layout::Atomic {
                assert_eq!(records.len(), 1, "a mix of sets");
            }
            let foretold = reader.publish(&set(0)).expect("looks");
            assert!(foretold.removed.is_empty() && foretold.adjusted.is_empty());
            looks += 1;
        }
    });
    assert!(looks > 10, "only {looks} looks");
}

fn a_missing_root_is_an_empty_volume_and_is_not_made(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.path = test.root().join("missing");
    let reader = look_at(&test);
    assert_eq!(reader.observe().expect("looks"), Observation::nothing());
    let wanted = payload(OLD);
    let paths: BTreeSet<_> = wanted.files.keys().cloned().collect();
    assert!(reader.refused(&paths).expect("looks").is_empty());
    let foretold = reader.publish(&wanted).expect("looks");
    assert!(foretold.written.iter().eq(&paths));
    assert_eq!(
        foretold,
        Publication {
            written: foretold.written.clone(),
            ..Publication::default()
        }
    );
    assert!(!test.root().exists(), "the root was made");
    // What is above it is the operator's.
    test.spec.path = test.root().join("below");
    let failure = look_at(&test).observe().expect_err("no such place");
    assert!(
        failure.hint().action().contains("mount a volume at"),
        "{}",
        failure.hint()
    );
}

fn what_stops_the_writer_is_told_as_the_writer_tells_it(layout: Layout) {
    let (other, mark) = match layout {
        Layout::Atomic => (Layout::Flat, "..data_tmp"),
        Layout::Flat => (Layout::Atomic, "..akv-sync.json"),
    };
    let test = TestVolume::new(other);
    test.publish(&payload(OLD));
    let beside = TestVolume::at(layout, test.root().to_owned());
    let foreign = TestVolume::new(layout);
    fs::create_dir(foreign.root().join(mark)).expect("directory");
    for test in [beside, foreign] {
        let reader = look_at(&test);
        let failure = untouched(&test, || reader.observe().expect_err("stops"));
        let told = test.open().observe().expect_err("stops");
        assert_eq!(failure.to_string(), told.to_string());
        assert_eq!(failure.hint(), told.hint());
        assert_eq!(failure.kind(), VolumeFailureKind::Foreign);
        reader.publish(&payload(OLD)).expect_err("stops");
    }
}

fn a_lost_record_is_told(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&payload(OLD));
    fs::write(test.state_file(), "{").expect("writes");
    let reader = look_at(&test);
    let seen = untouched(&test, || reader.observe().expect("looks"));
    assert!(seen.records_lost && seen.files.is_empty());
    let foretold = untouched(&test, || reader.publish(&payload(OLD)).expect("looks"));
    assert_eq!(foretold.written.len(), OLD.len());
}

fn a_directory_that_may_not_be_written_is_looked_at(layout: Layout) {
    if !is_unprivileged() {
        return;
    }
    let test = TestVolume::new(layout);
    test.publish(&payload(OLD));
    set_mode(test.root(), 0o555);
    let reader = look_at(&test);
    let seen = untouched(&test, || reader.observe().expect("looks"));
    assert_eq!(seen.files.len(), OLD.len());
    let foretold = untouched(&test, || {
        reader.publish(&payload(&[("new", "n", 0o440)])).expect("looks")
    });
    assert_eq!(texts(&foretold.written), ["new"]);
    assert_eq!(foretold.removed.len(), OLD.len());
    set_mode(test.root(), 0o755);
}
