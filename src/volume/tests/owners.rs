//! Owners and groups. What needs privileges is skipped, with a message, where there are none; what needs to have
//! none runs as a part of `everything_holds_for_an_unprivileged_user_too`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};

use nix::unistd::{Gid, Uid};

use super::support::{
    TestVolume, expected, fingerprint, is_privileged, is_unprivileged, kept, names, payload, set_mode,
};
use crate::domain::desired::Layout;
use crate::domain::mode::{FileMode, Principal};
use crate::domain::payload::Publication;
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    without_a_declaration_everything_is_the_processs_own,
    declared_owner_and_group_are_given_to_files_and_directories,
    an_owner_declared_while_it_is_open_is_given_by_the_next_publish,
    another_place_or_layout_cannot_be_declared_while_it_is_open,
    a_root_made_for_an_fs_group_hands_its_group_down,
    an_owner_changed_by_somebody_else_is_put_right,
    files_published_by_another_user_are_not_taken_over,
    an_owner_that_cannot_be_given_changes_nothing_and_says_what_to_do,
    a_root_that_cannot_get_its_owner_is_not_left_behind,
    a_mode_that_the_process_itself_cannot_read_is_refused,
    a_read_only_root_is_told_apart,
}

pub(super) const FILES: &[(&str, &str, u32)] = &[("db/password", "one", 0o440), ("token", "t", 0o400)];

/// Fails unless [`FILES`] and the directories made for them have this owner, this group and these modes.
fn assert_owned(test: &TestVolume, uid: u32, gid: u32, dir_mode: u32) {
    let directories = test.directories().into_iter().map(|name| (name, dir_mode));
    let files = [("db/password", 0o440), ("token", 0o400)];
    let files = files.map(|(name, mode)| (name.to_owned(), mode));
    for (name, mode) in directories.chain(files) {
        let found = fs::metadata(test.top().join(&name)).expect("there");
        let found = (found.uid(), found.gid(), found.mode() & 0o7777);
        assert_eq!(found, (uid, gid, mode), "{name:?}");
    }
}

fn without_a_declaration_everything_is_the_processs_own(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&payload(FILES));
    assert_owned(&test, Uid::effective().as_raw(), Gid::effective().as_raw(), 0o755);
}

fn declared_owner_and_group_are_given_to_files_and_directories(layout: Layout) {
    if !is_privileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
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
    assert_owned(&test, 4711, 4712, 0o755);
    assert_eq!(fs::metadata(test.state_file()).expect("there").uid(), 0);
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );

    let changed = payload(&[("db/password", "two", 0o440), ("token", "u", 0o400)]);
    volume.publish(&changed).expect("publishes");
    assert_owned(&test, 4711, 4712, 0o755);
    assert_eq!(test.visible(), expected(&changed));
    test.assert_tidy(&changed);
}

fn an_owner_declared_while_it_is_open_is_given_by_the_next_publish(layout: Layout) {
    if !is_privileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
    let wanted = payload(FILES);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");
    test.spec.owner = Some(Principal::Id(4711));
    test.spec.group = Some(Principal::Id(4712));
    test.spec.dir_mode = FileMode::from_bits(0o750);
    volume.declare(&test.spec).expect("the same place and layout");
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication.adjusted.len(), FILES.len());
    assert_owned(&test, 4711, 4712, 0o750);
}

fn another_place_or_layout_cannot_be_declared_while_it_is_open(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let mut elsewhere = test.spec.clone();
    elsewhere.path.push("below");
    let mut otherwise = test.spec.clone();
    otherwise.layout = match layout {
        Layout::Atomic => Layout::Flat,
        Layout::Flat => Layout::Atomic,
    };
    for spec in [elsewhere, otherwise] {
        let failure = volume.declare(&spec).expect_err("another volume");
        assert!(failure.hint().action().contains("restart"), "{}", failure.hint());
    }
}

fn a_root_made_for_an_fs_group_hands_its_group_down(layout: Layout) {
    if !is_privileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
    chown(test.root(), None, Some(2000)).expect("chown");
    set_mode(test.root(), 0o2777);
    test.spec.dir_mode = FileMode::from_bits(0o750);
    test.publish(&payload(FILES));
    assert_owned(&test, 0, 2000, 0o2750);

    // A declared group is given as it is, and not handed down by directories.
    test.spec.group = Some(Principal::Id(3000));
    test.publish(&payload(FILES));
    assert_owned(&test, 0, 3000, 0o750);
}

fn an_owner_changed_by_somebody_else_is_put_right(layout: Layout) {
    if !is_privileged() {
        return;
    }
    let test = TestVolume::new(layout);
    let wanted = payload(FILES);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");
    chown(test.top().join("token"), Some(4711), None).expect("chown");
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(publication.adjusted.len(), 1);
    assert_owned(&test, 0, 0, 0o755);
}

fn files_published_by_another_user_are_not_taken_over(layout: Layout) {
    if !is_privileged() {
        return;
    }
    let test = TestVolume::new(layout);
    test.publish(&payload(FILES));
    chown(test.state_file(), Some(4711), None).expect("chown");
    let before = fingerprint(test.root());
    let failure = test.open().observe().expect_err("of another user");
    assert!(
        failure
            .hint()
            .action()
            .contains("run akv-sync as user 4711 (`runAsUser`), or empty the volume"),
        "{}",
        failure.hint()
    );
    let source = std::error::Error::source(&failure).map(ToString::to_string);
    assert_eq!(
        source.as_deref(),
        Some("published by user 4711, and akv-sync runs as user 0")
    );
    assert_eq!(fingerprint(test.root()), before);
}

fn an_owner_that_cannot_be_given_changes_nothing_and_says_what_to_do(layout: Layout) {
    if !is_unprivileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
    let wanted = payload(FILES);
    test.publish(&wanted);
    let before = fingerprint(&test.top().join("db"));
    let entries = names(test.root());
    let mut changed = wanted.clone();
    changed.files.extend(payload(&[("token", "u", 0o400)]).files);
    test.spec.owner = Some(Principal::Id(4711));
    for payload in [&wanted, &changed] {
        let failure = test.publish_failure(payload);
        assert!(
            failure.hint().action().contains("runAsUser"),
            "{}",
            failure.hint()
        );
    }
    test.spec.owner = None;
    test.spec.group = Some(Principal::Id(4712));
    let failure = test.publish_failure(&wanted);
    assert!(
        failure.hint().action().contains("fsGroup: 4712"),
        "{}",
        failure.hint()
    );
    assert_eq!(names(test.root()), entries);
    assert_eq!(fingerprint(&test.top().join("db")), before);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

fn a_root_that_cannot_get_its_owner_is_not_left_behind(layout: Layout) {
    if !is_unprivileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
    test.spec.path = test.beside("made");
    test.spec.owner = Some(Principal::Id(4711));
    let failure = test.refusal();
    assert!(
        failure.hint().action().contains("runAsUser"),
        "{}",
        failure.hint()
    );
    assert!(!test.root().exists());
}

fn a_mode_that_the_process_itself_cannot_read_is_refused(layout: Layout) {
    if !is_unprivileged() {
        return;
    }
    let mut test = TestVolume::new(layout);
    let failure = test.publish_failure(&payload(&[("token", "t", 0o040)]));
    assert!(
        failure.hint().action().contains("owner read access"),
        "{}",
        failure.hint()
    );
    assert!(names(test.root()).is_empty());
    test.spec.dir_mode = FileMode::from_bits(0o055);
    let failure = test.publish_failure(&payload(FILES));
    assert!(
        failure.hint().action().contains("owner read access"),
        "{}",
        failure.hint()
    );
    assert!(names(test.root()).is_empty());

    // Nor is what is published made so.
    test.spec.dir_mode = FileMode::from_bits(0o755);
    let wanted = payload(FILES);
    test.publish(&wanted);
    let failure = test.publish_failure(&payload(&[("db/password", "one", 0o040), ("token", "t", 0o400)]));
    assert!(
        failure.hint().action().contains("owner read access"),
        "{}",
        failure.hint()
    );
    test.spec.dir_mode = FileMode::from_bits(0o055);
    let failure = test.publish_failure(&wanted);
    assert!(
        failure.hint().action().contains("owner read access"),
        "{}",
        failure.hint()
    );
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

fn a_read_only_root_is_told_apart(layout: Layout) {
    if !is_unprivileged() {
        return;
    }
    let test = TestVolume::new(layout);
    set_mode(test.root(), 0o555);
    let failure = test.open().publish(&payload(FILES)).expect_err("not writable");
    assert!(
        failure.hint().action().contains("runAsUser"),
        "{}",
        failure.hint()
    );
    set_mode(test.root(), 0o755);
}
