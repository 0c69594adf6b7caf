//! Directories of somebody else, and of ours.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use crate::domain::desired::Layout;
use crate::domain::mode::{FileMode, Principal};
use crate::domain::payload::Payload;
use crate::volume::BlockingVolume as _;
use crate::volume::flat::Step;
use crate::volume::tests::owners::FILES;
use crate::volume::tests::support::{
    AnyStep, Before, TestVolume, expected, is_privileged, is_unprivileged, names, payload, refused, set_mode,
};

#[test]
fn a_directory_of_somebody_else_in_which_nothing_may_be_put_is_refused() {
    if !is_unprivileged() {
        return;
    }
    for (mode, found) in [
        (0o555, "a directory that akv-sync may not write to"),
        (0, "a directory that akv-sync may not enter"),
        // It can be listed, and that is all.
        (0o644, "a directory that akv-sync may not enter"),
    ] {
        let test = TestVolume::new(Layout::Flat);
        let theirs = test.root().join("db");
        fs::create_dir(&theirs).expect("directory");
        set_mode(&theirs, mode);
        let volume = test.open();
        for _ in 0..2 {
            let publication = volume.publish(&payload(FILES)).expect("publishes");
            assert_eq!(publication.refused.len(), 1);
            assert_eq!(publication.refused[0].name, "db");
            assert_eq!(publication.refused[0].found, found);
        }
        assert_eq!(fs::read(test.root().join("token")).expect("there"), b"t");

        // Published there, and then closed: the other files go on, and nothing is forgotten.
        set_mode(&theirs, 0o755);
        volume.publish(&payload(FILES)).expect("publishes");
        set_mode(&theirs, mode);
        let changed = payload(&[("db/password", "two", 0o440), ("token", "t", 0o400)]);
        for _ in 0..2 {
            let publication = volume.publish(&changed).expect("publishes");
            assert_eq!(publication.refused.len(), 1);
            assert_eq!(publication.refused[0].found, found);
            assert!(publication.written.is_empty());
        }
        let next = payload(&[("token", "u", 0o400)]);
        let publication = volume.publish(&next).expect("publishes");
        assert_eq!(publication.written.len(), 1);
        assert!(publication.removed.is_empty());
        assert_eq!(fs::read(test.root().join("token")).expect("there"), b"u");
        set_mode(&theirs, 0o755);
        volume.publish(&next).expect("publishes");
        assert!(names(&theirs).is_empty(), "{mode:o}");
    }
}

/// Publishes up to the first rename.
fn stop_at_rename(test: &TestVolume, wanted: &Payload) {
    let stops = Before(|step| {
        let happens = step != AnyStep::Flat(Step::Rename);
        happens.then_some(()).ok_or_else(|| io::Error::other("stopped"))
    });
    test.open_observed(stops).publish(wanted).expect_err("stopped");
}

#[test]
fn a_directory_of_ours_that_may_not_be_searched_stops_neither_the_others_nor_an_unfinished_publish() {
    if !is_unprivileged() {
        return;
    }
    let changed = payload(&[("db/password", "two", 0o440), ("token", "u", 0o400)]);
    for unfinished in [false, true] {
        let test = TestVolume::new(Layout::Flat);
        test.publish(&payload(FILES));
        if unfinished {
            stop_at_rename(&test, &changed);
        }
        let ours = test.root().join("db");
        set_mode(&ours, 0o600);
        let volume = test.open();
        volume.observe().expect("observes");
        for _ in 0..2 {
            let publication = volume.publish(&changed).expect("publishes");
            assert_eq!(
                publication.refused,
                refused("db", "a directory that akv-sync may not enter")
            );
        }
        assert_eq!(fs::read(test.root().join("token")).expect("there"), b"u");
        set_mode(&ours, 0o755);
        assert!(volume.publish(&changed).expect("publishes").refused.is_empty());
        assert_eq!(test.visible(), expected(&changed));
        test.assert_tidy(&changed);
    }
}

#[test]
fn a_directory_of_ours_stays_ours_when_a_publish_is_finished_under_another_owner() {
    if !is_privileged() {
        return;
    }
    let mut test = TestVolume::new(Layout::Flat);
    test.spec.owner = Some(Principal::Id(4711));
    test.publish(&payload(FILES));
    let changed = payload(&[("db/password", "two", 0o440), ("token", "u", 0o400)]);
    stop_at_rename(&test, &changed);
    test.spec.owner = Some(Principal::Id(4712));
    test.publish(&changed);
    assert_eq!(fs::metadata(test.root().join("db")).expect("there").uid(), 4712);
    test.publish(&Payload::default());
    assert!(!test.root().join("db").exists());
}

#[test]
fn directories_of_ours_that_nobody_may_write_to_are_ours_also_when_the_records_are_lost() {
    if !is_unprivileged() {
        return;
    }
    let mut test = TestVolume::new(Layout::Flat);
    test.spec.dir_mode = FileMode::from_bits(0o550);
    test.publish(&payload(&[("a/b/c", "one", 0o440), ("token", "t", 0o400)]));
    fs::write(test.state_file(), "damaged").expect("writes");
    let changed = payload(&[("a/b/c", "two", 0o440), ("token", "u", 0o400)]);
    let volume = test.open();
    let asked = volume.refused(&changed.files.keys().cloned().collect());
    assert!(asked.expect("looks").is_empty());
    assert!(volume.publish(&changed).expect("publishes").refused.is_empty());
    assert_eq!(test.visible(), expected(&changed));
    test.assert_directory_modes(0o550);
    test.assert_tidy(&changed);
    volume.publish(&Payload::default()).expect("publishes");
    assert!(!test.root().join("a").exists());
}
