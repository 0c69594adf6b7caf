//! Opening the root.

use std::fs;
use std::os::unix::fs::symlink;

use super::publishing::OLD;
use super::support::{TestVolume, fingerprint, mode_of, payload};
use crate::domain::desired::Layout;
use crate::domain::mode::{FileMode, Principal};
use crate::ports::VolumeFailureKind;
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    two_processes_never_write_one_volume,
    a_missing_root_is_made_with_the_mode_of_directories,
    a_root_whose_parent_is_missing_asks_for_a_volume,
    a_root_that_is_a_link_or_a_file_is_refused,
    a_link_above_the_root_is_the_operators_own,
    the_root_of_the_file_system_is_no_volume,
    a_root_that_was_replaced_is_noticed,
    an_unknown_group_is_named,
    a_layout_is_not_written_beside_the_other,
}

fn two_processes_never_write_one_volume(layout: Layout) {
    let test = TestVolume::new(layout);
    let first = test.open();
    let failure = test.refusal();
    assert_eq!(failure.action(), "lock");
    assert_eq!(failure.kind(), VolumeFailureKind::InUse);
    // This test is another program than akv-sync.
    assert!(
        failure.hint().action().contains("that is no akv-sync"),
        "{}",
        failure.hint()
    );
    drop(first);
    test.open();
}

fn a_missing_root_is_made_with_the_mode_of_directories(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.path = test.beside("made");
    test.spec.dir_mode = FileMode::from_bits(0o750);
    test.publish(&payload(&[("a", "1", 0o440)]));
    assert_eq!(mode_of(test.root()), 0o750);
    assert_eq!(test.visible()["a"].0, b"1");
}

fn a_root_whose_parent_is_missing_asks_for_a_volume(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.path = test.beside("missing").join("akv");
    let failure = test.refusal();
    assert!(
        failure.hint().action().contains("mount a volume at"),
        "{}",
        failure.hint()
    );
    assert!(!test.beside("missing").exists());
}

fn a_root_that_is_a_link_or_a_file_is_refused(layout: Layout) {
    let mut test = TestVolume::new(layout);
    let real = test.root().to_owned();
    test.spec.path = test.beside("link");
    symlink(&real, test.root()).expect("link");
    let failure = test.refusal();
    assert!(
        failure.hint().action().contains("is a link"),
        "{}",
        failure.hint()
    );

    test.spec.path = test.beside("file");
    fs::write(test.root(), "").expect("file");
    let failure = test.refusal();
    assert!(
        failure
            .hint()
            .action()
            .contains("something else than a directory"),
        "{}",
        failure.hint()
    );
}

fn a_link_above_the_root_is_the_operators_own(layout: Layout) {
    let mut test = TestVolume::new(layout);
    let above = test.root().parent().expect("parent").to_owned();
    symlink(&above, test.beside("run")).expect("link");
    test.spec.path = test.beside("run").join("akv");
    test.publish(&payload(&[("a", "1", 0o440)]));
    assert_eq!(test.visible()["a"].0, b"1");
}

fn the_root_of_the_file_system_is_no_volume(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.path = "/".into();
    assert!(test.refusal().hint().action().contains("volume.path"));
}

fn a_root_that_was_replaced_is_noticed(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    fs::rename(test.root(), test.beside("moved")).expect("renames");
    assert!(volume.observe().is_err());
    fs::create_dir(test.root()).expect("another");
    let failure = volume
        .publish(&payload(&[("a", "1", 0o440)]))
        .expect_err("replaced");
    assert!(
        failure.hint().action().contains("start akv-sync again"),
        "{}",
        failure.hint()
    );
}

fn an_unknown_group_is_named(layout: Layout) {
    let mut test = TestVolume::new(layout);
    test.spec.group = Some(Principal::Name("no-such-group-here".to_owned()));
    let failure = test.refusal();
    assert_eq!(failure.to_string(), "resolve group no-such-group-here failed");
}

fn a_layout_is_not_written_beside_the_other(layout: Layout) {
    let (other, hint) = match layout {
        Layout::Atomic => (Layout::Flat, "volume.layout: flat"),
        Layout::Flat => (Layout::Atomic, "volume.layout: atomic"),
    };
    let there = TestVolume::new(other);
    there.publish(&payload(OLD));
    let before = fingerprint(there.root());
    let volume = TestVolume::at(layout, there.root().to_owned()).open();
    for failure in [
        volume.observe().expect_err("another layout"),
        volume.publish(&payload(OLD)).expect_err("another layout"),
    ] {
        assert_eq!(failure.kind(), VolumeFailureKind::Foreign);
        assert!(failure.hint().action().contains(hint), "{}", failure.hint());
    }
    assert_eq!(fingerprint(there.root()), before);
}
