//! Somebody who may write to the root puts their own, or a link to what is somewhere else, under our names.
//!
//! None of it gets the owner or the mode of ours.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::domain::desired::Layout;
use crate::domain::mode::{FileMode, Principal};
use crate::domain::payload::Payload;
use crate::volume::BlockingVolume as _;
use crate::volume::flat::Step;
use crate::volume::tests::owners::FILES;
use crate::volume::tests::support::{
    AnyStep, Before, TestVolume, is_privileged, kept, mode_of, payload, set_mode,
};

/// Puts a directory with mode 0750, with a file of its own in it, in the place of `db`.
fn plant_directory(test: &TestVolume) {
    let (ours, theirs) = (test.root().join("db"), test.root().join("theirs"));
    fs::create_dir(&theirs).expect("directory");
    fs::write(theirs.join("private"), "p").expect("file");
    if ours.join("password").exists() {
        fs::copy(ours.join("password"), theirs.join("password")).expect("copies");
    }
    set_mode(&theirs, 0o750);
    fs::rename(&ours, test.root().join("moved-away")).expect("moves");
    fs::rename(&theirs, &ours).expect("moves");
}

/// Puts a hard link to a new file outside of the volume, with the same bytes, in the place of `token`.
fn plant_link(test: &TestVolume) -> PathBuf {
    let (token, outside) = (test.root().join("token"), test.beside("outside"));
    fs::copy(&token, &outside).expect("copies");
    set_mode(&outside, 0o600);
    fs::remove_file(&token).expect("removes");
    fs::hard_link(&outside, &token).expect("links");
    outside
}

fn links_to(path: &Path) -> u64 {
    fs::metadata(path).expect("there").nlink()
}

#[test]
fn a_hard_link_in_the_place_of_a_file_lends_no_mode_to_what_is_outside() {
    let test = TestVolume::new(Layout::Flat);
    test.publish(&payload(&[("token", "t", 0o644)]));
    let outside = plant_link(&test);
    let wanted = payload(&[("token", "t", 0o644)]);
    test.publish(&kept(&wanted));
    assert_eq!(mode_of(&outside), 0o600);
    assert_eq!(mode_of(&test.root().join("token")), 0o644);
    assert_eq!(links_to(&outside), 1, "it is another file now");
    test.assert_tidy(&wanted);
}

#[test]
fn a_hard_link_in_the_place_of_a_file_lends_no_owner_to_what_is_outside() {
    if !is_privileged() {
        return;
    }
    let mut test = TestVolume::new(Layout::Flat);
    test.spec.owner = Some(Principal::Id(4711));
    let wanted = payload(&[("token", "t", 0o400)]);
    test.publish(&wanted);
    let outside = plant_link(&test);
    test.publish(&wanted);
    let found = fs::metadata(&outside).expect("there");
    assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o600));
    let token = fs::metadata(test.root().join("token")).expect("there");
    assert_eq!(
        (token.uid(), token.mode() & 0o777, token.nlink()),
        (4711, 0o400, 1)
    );
}

#[test]
fn a_directory_in_the_place_of_ours_keeps_its_mode_and_is_never_removed() {
    let mut test = TestVolume::new(Layout::Flat);
    test.publish(&payload(FILES));
    plant_directory(&test);
    let theirs = test.root().join("db");
    test.publish(&payload(FILES));
    assert_eq!(mode_of(&theirs), 0o750);
    test.spec.dir_mode = FileMode::from_bits(0o711);
    test.publish(&payload(FILES));
    assert_eq!(mode_of(&theirs), 0o750);
    fs::remove_file(theirs.join("private")).expect("removes");
    test.publish(&Payload::default());
    assert!(theirs.exists());
}

#[test]
fn a_directory_that_comes_while_a_publish_is_finished_after_a_crash_keeps_its_mode() {
    let test = TestVolume::new(Layout::Flat);
    let stops = Before(|step| {
        let happens = step != AnyStep::Flat(Step::Rename);
        happens.then_some(()).ok_or_else(|| io::Error::other("stopped"))
    });
    let volume = test.open_observed(stops);
    volume.publish(&payload(FILES)).expect_err("stopped");
    drop(volume);
    plant_directory(&test);
    test.publish(&payload(FILES));
    assert_eq!(mode_of(&test.root().join("db")), 0o750);
    assert!(test.root().join("db/password").exists());
}

#[test]
fn directories_that_an_older_program_recorded_are_still_ours() {
    let mut test = TestVolume::new(Layout::Flat);
    test.publish(&payload(FILES));
    let mut state = test.state();
    let inodes = state.as_object_mut().expect("object").remove("directoryInodes");
    assert!(inodes.is_some_and(|inodes| inodes.get("db").is_some()));
    fs::write(test.state_file(), state.to_string()).expect("writes");
    test.spec.dir_mode = FileMode::from_bits(0o711);
    test.publish(&payload(FILES));
    assert_eq!(mode_of(&test.root().join("db")), 0o711);
    test.publish(&Payload::default());
    assert!(!test.root().join("db").exists());
}
