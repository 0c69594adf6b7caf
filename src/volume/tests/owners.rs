//! Owners, groups and modes. What needs privileges is skipped, with a message, where there are none.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use nix::unistd::{Gid, Uid};

use super::support::{TestVolume, expected, fingerprint, kept, names, payload};
use crate::domain::mode::{FileMode, Principal};
use crate::domain::payload::Publication;
use crate::ports::Volume as _;

const FILES: &[(&str, &str, u32)] = &[("db/password", "one", 0o440), ("token", "t", 0o400)];

pub(super) fn is_privileged(test: &str) -> bool {
    let privileged = Uid::effective().is_root();
    if !privileged {
        println!("skipped {test}: only a privileged process can give files to others");
    }
    privileged
}

/// Owner, group and mode of everything a reader can reach, apart from the state file.
fn owners(test: &TestVolume) -> Vec<(String, u32, u32, u32)> {
    let generation = test.generation();
    ["", "db", "db/password", "token"]
        .iter()
        .map(|name| {
            let found = fs::metadata(generation.join(name)).expect("there");
            (
                (*name).to_owned(),
                found.uid(),
                found.gid(),
                found.mode() & 0o7777,
            )
        })
        .collect()
}

fn all(uid: u32, gid: u32, dir_mode: u32) -> Vec<(String, u32, u32, u32)> {
    [
        ("", dir_mode),
        ("db", dir_mode),
        ("db/password", 0o440),
        ("token", 0o400),
    ]
    .iter()
    .map(|(name, mode)| ((*name).to_owned(), uid, gid, *mode))
    .collect()
}

#[test]
fn without_a_declaration_everything_is_the_processs_own() {
    let test = TestVolume::new();
    test.publish(&payload(FILES));
    let own = all(Uid::effective().as_raw(), Gid::effective().as_raw(), 0o755);
    assert_eq!(owners(&test), own);
}

#[test]
fn declared_owner_and_group_are_given_to_files_and_directories() {
    if !is_privileged("declared_owner_and_group_are_given_to_files_and_directories") {
        return;
    }
    let mut test = TestVolume::new();
    let wanted = payload(FILES);
    test.publish(&wanted);

    test.spec.owner = Some(Principal::Id(4711));
    test.spec.group = Some(Principal::Id(4712));
    let volume = test.open();
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication.adjusted.len(), FILES.len());
    assert!(publication.written.is_empty());
    assert_eq!(owners(&test), all(4711, 4712, 0o755));
    assert_eq!(fs::metadata(test.state_file()).expect("there").uid(), 0);
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_root_made_for_an_fs_group_hands_its_group_down() {
    if !is_privileged("a_root_made_for_an_fs_group_hands_its_group_down") {
        return;
    }
    let mut test = TestVolume::new();
    chown(test.root(), None, Some(2000)).expect("chown");
    fs::set_permissions(test.root(), fs::Permissions::from_mode(0o2777)).expect("mode");
    test.spec.dir_mode = FileMode::from_bits(0o750);
    test.publish(&payload(FILES));
    assert_eq!(owners(&test), all(0, 2000, 0o2750));

    // A declared group is given as it is, and not handed down by directories.
    test.spec.group = Some(Principal::Id(3000));
    test.publish(&payload(FILES));
    assert_eq!(owners(&test), all(0, 3000, 0o750));
}

#[test]
fn an_owner_changed_by_somebody_else_is_put_right() {
    if !is_privileged("an_owner_changed_by_somebody_else_is_put_right") {
        return;
    }
    let test = TestVolume::new();
    let wanted = payload(FILES);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");
    chown(test.generation().join("token"), Some(4711), None).expect("chown");
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(publication.adjusted.len(), 1);
    assert_eq!(owners(&test), all(0, 0, 0o755));
}

#[test]
fn files_published_by_another_user_are_not_taken_over() {
    if !is_privileged("files_published_by_another_user_are_not_taken_over") {
        return;
    }
    let test = TestVolume::new();
    test.publish(&payload(FILES));
    chown(test.state_file(), Some(4711), None).expect("chown");
    let before = fingerprint(test.root());
    let failure = test.open().observe().expect_err("of another user");
    assert!(
        failure.hint.contains("as the user that published"),
        "{}",
        failure.hint
    );
    assert_eq!(fingerprint(test.root()), before);
}

#[test]
fn an_owner_that_cannot_be_given_changes_nothing_and_says_what_to_do() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let mut test = TestVolume::new();
    let wanted = payload(FILES);
    test.publish(&wanted);
    let before = names(test.root());
    test.spec.owner = Some(Principal::Id(4711));
    let failure = test.open().publish(&wanted).expect_err("not permitted");
    assert!(failure.hint.contains("runAsUser"), "{}", failure.hint);

    test.spec.owner = None;
    test.spec.group = Some(Principal::Id(4712));
    let failure = test.open().publish(&wanted).expect_err("not permitted");
    assert!(failure.hint.contains("fsGroup: 4712"), "{}", failure.hint);
    assert_eq!(names(test.root()), before);
    assert_eq!(test.visible(), expected(&wanted));
}

#[test]
fn a_root_that_cannot_get_its_owner_is_not_left_behind() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let mut test = TestVolume::new();
    test.spec.path = test.beside("made");
    test.spec.owner = Some(Principal::Id(4711));
    let failure = test.refusal();
    assert!(failure.hint.contains("runAsUser"), "{}", failure.hint);
    assert!(!test.root().exists());
}

#[test]
fn a_mode_that_the_process_itself_cannot_read_is_refused() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let mut test = TestVolume::new();
    let failure = test
        .open()
        .publish(&payload(&[("token", "t", 0o040)]))
        .expect_err("unreadable");
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    assert!(names(test.root()).is_empty());

    test.spec.dir_mode = FileMode::from_bits(0o055);
    let failure = test.open().publish(&payload(FILES)).expect_err("unreadable");
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    assert!(names(test.root()).is_empty());
}

#[test]
fn a_read_only_root_is_told_apart() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let test = TestVolume::new();
    fs::set_permissions(test.root(), fs::Permissions::from_mode(0o555)).expect("mode");
    let failure = test.open().publish(&payload(FILES)).expect_err("not writable");
    assert!(failure.hint.contains("runAsUser"), "{}", failure.hint);
    fs::set_permissions(test.root(), fs::Permissions::from_mode(0o755)).expect("mode");
}
