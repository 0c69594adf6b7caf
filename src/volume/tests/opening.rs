//! Opening the root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::support::{TestVolume, payload};
use crate::domain::mode::{FileMode, Principal};
use crate::ports::Volume as _;

#[test]
fn two_processes_never_write_one_volume() {
    let test = TestVolume::new();
    let first = test.open();
    let failure = test.refusal();
    assert_eq!(failure.action, "lock");
    assert!(failure.hint.contains("another akv-sync"), "{}", failure.hint);
    drop(first);
    test.open();
}

#[test]
fn a_missing_root_is_made_with_the_mode_of_directories() {
    let mut test = TestVolume::new();
    test.spec.path = test.beside("made");
    test.spec.dir_mode = FileMode::from_bits(0o750);
    test.publish(&payload(&[("a", "1", 0o440)]));
    let mode = fs::metadata(test.root()).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert_eq!(test.visible()["a"].0, b"1");
}

#[test]
fn a_root_whose_parent_is_missing_asks_for_a_volume() {
    let mut test = TestVolume::new();
    test.spec.path = test.beside("missing").join("akv");
    let failure = test.refusal();
    assert!(failure.hint.contains("mount a volume at"), "{}", failure.hint);
    assert!(!test.beside("missing").exists());
}

#[test]
fn a_root_that_is_a_link_or_a_file_is_refused() {
    let mut test = TestVolume::new();
    let real = test.root().to_owned();
    test.spec.path = test.beside("link");
    symlink(&real, test.root()).expect("link");
    let failure = test.refusal();
    assert!(failure.hint.contains("is a link"), "{}", failure.hint);

    test.spec.path = test.beside("file");
    fs::write(test.root(), "").expect("file");
    let failure = test.refusal();
    assert!(
        failure.hint.contains("something else than a directory"),
        "{}",
        failure.hint
    );
}

#[test]
fn a_link_above_the_root_is_the_operators_own() {
    let mut test = TestVolume::new();
    let above = test.root().parent().expect("parent").to_owned();
    symlink(&above, test.beside("run")).expect("link");
    test.spec.path = test.beside("run").join("akv");
    test.publish(&payload(&[("a", "1", 0o440)]));
    assert_eq!(test.visible()["a"].0, b"1");
}

#[test]
fn the_root_of_the_file_system_is_no_volume() {
    let mut test = TestVolume::new();
    test.spec.path = "/".into();
    assert!(test.refusal().hint.contains("volume.path"));
}

#[test]
fn a_root_that_was_replaced_is_noticed() {
    let test = TestVolume::new();
    let volume = test.open();
    fs::rename(test.root(), test.beside("moved")).expect("renames");
    assert!(volume.observe().is_err());
    fs::create_dir(test.root()).expect("another");
    let failure = volume
        .publish(&payload(&[("a", "1", 0o440)]))
        .expect_err("replaced");
    assert!(failure.hint.contains("start akv-sync again"), "{}", failure.hint);
}

#[test]
fn an_unknown_group_is_named() {
    let mut test = TestVolume::new();
    test.spec.group = Some(Principal::Name("no-such-group-here".to_owned()));
    let failure = test.refusal();
    assert_eq!(failure.to_string(), "resolve group no-such-group-here failed");
}
