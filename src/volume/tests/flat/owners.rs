//! Owners and groups. What needs privileges is skipped, with a message, where there are none.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use nix::unistd::{Gid, Uid};

use super::support::FlatTest;
use crate::domain::mode::{FileMode, Principal};
use crate::domain::payload::Publication;
use crate::ports::Volume as _;
use crate::volume::owner::Declared;
use crate::volume::stat::Stat;
use crate::volume::tests::owners::is_privileged;
use crate::volume::tests::support::{expected, fingerprint, kept, names, payload};

const FILES: &[(&str, &str, u32)] = &[("db/password", "one", 0o440), ("token", "t", 0o400)];

/// Owner, group and mode of the files and the directory that are published.
fn owners(test: &FlatTest) -> [(u32, u32, u32); 3] {
    ["db", "db/password", "token"].map(|name| {
        let found = fs::metadata(test.root().join(name)).expect("there");
        (found.uid(), found.gid(), found.mode() & 0o7777)
    })
}

fn all(uid: u32, gid: u32, dir_mode: u32) -> [(u32, u32, u32); 3] {
    [dir_mode, 0o440, 0o400].map(|mode| (uid, gid, mode))
}

#[test]
fn without_a_declaration_everything_is_the_processs_own() {
    let test = FlatTest::new();
    test.publish(&payload(FILES));
    let own = all(Uid::effective().as_raw(), Gid::effective().as_raw(), 0o755);
    assert_eq!(owners(&test), own);
}

#[test]
fn declared_owner_and_group_are_given_in_place_and_to_new_files() {
    if !is_privileged("declared_owner_and_group_are_given_in_place_and_to_new_files") {
        return;
    }
    let mut test = FlatTest::new();
    let wanted = payload(FILES);
    test.publish(&wanted);
    let inode = |test: &FlatTest| fs::metadata(test.root().join("token")).expect("there").ino();
    let before = inode(&test);

    test.spec.owner = Some(Principal::Id(4711));
    test.spec.group = Some(Principal::Id(4712));
    let volume = test.open();
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication.adjusted.len(), FILES.len());
    assert!(publication.written.is_empty());
    assert_eq!(inode(&test), before, "changed in place");
    assert_eq!(owners(&test), all(4711, 4712, 0o755));
    assert_eq!(fs::metadata(test.state_file()).expect("there").uid(), 0);
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );

    let mut changed = wanted;
    for file in changed.files.values_mut() {
        file.bytes = payload(&[("x", "changed", 0)])
            .files
            .into_values()
            .next()
            .expect("one")
            .bytes;
    }
    volume.publish(&changed).expect("publishes");
    assert_eq!(owners(&test), all(4711, 4712, 0o755));
    assert_eq!(test.visible(), expected(&changed));
    test.assert_tidy(&changed);
}

#[test]
fn bits_that_a_file_loses_go_before_its_owner_does() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let mut test = FlatTest::new();
    test.publish(&payload(&[("token", "t", 0o640)]));
    let path = test.root().join("token");
    let file = fs::File::open(&path).expect("opens");
    test.spec.owner = Some(Principal::Id(4711));
    let root = Stat::of(fs::File::open(test.root()).expect("opens")).expect("stat");
    let owner = Declared::resolve(&test.spec)
        .expect("a number")
        .on(&root, test.spec.dir_mode);
    // What the process may not do stops it where another one would be between its two steps.
    owner
        .adjust_file(&file, FileMode::from_bits(0o604), &path)
        .expect_err("not permitted");
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_root_made_for_an_fs_group_hands_its_group_down() {
    if !is_privileged("a_root_made_for_an_fs_group_hands_its_group_down") {
        return;
    }
    let mut test = FlatTest::new();
    chown(test.root(), None, Some(2000)).expect("chown");
    fs::set_permissions(test.root(), fs::Permissions::from_mode(0o2777)).expect("mode");
    test.spec.dir_mode = FileMode::from_bits(0o750);
    test.publish(&payload(FILES));
    assert_eq!(owners(&test), all(0, 2000, 0o2750));

    test.spec.group = Some(Principal::Id(3000));
    test.publish(&payload(FILES));
    assert_eq!(owners(&test), all(0, 3000, 0o750));
}

#[test]
fn files_published_by_another_user_are_not_taken_over() {
    if !is_privileged("files_published_by_another_user_are_not_taken_over") {
        return;
    }
    let test = FlatTest::new();
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
    let mut test = FlatTest::new();
    let wanted = payload(FILES);
    test.publish(&wanted);
    let before = fingerprint(&test.root().join("db"));
    let mut changed = wanted.clone();
    changed.files.extend(payload(&[("token", "u", 0o400)]).files);
    test.spec.owner = Some(Principal::Id(4711));
    for payload in [&wanted, &changed] {
        let failure = test.refusal(payload);
        assert!(failure.hint.contains("runAsUser"), "{}", failure.hint);
    }
    test.spec.owner = None;
    test.spec.group = Some(Principal::Id(4712));
    let failure = test.refusal(&wanted);
    assert!(failure.hint.contains("fsGroup: 4712"), "{}", failure.hint);
    assert_eq!(fingerprint(&test.root().join("db")), before);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

#[test]
fn a_mode_that_the_process_itself_cannot_read_is_refused() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    let mut test = FlatTest::new();
    let failure = test.refusal(&payload(&[("token", "t", 0o040)]));
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    assert!(names(test.root()).is_empty());
    test.spec.dir_mode = FileMode::from_bits(0o055);
    let failure = test.refusal(&payload(FILES));
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    assert!(names(test.root()).is_empty());

    // Nor is what is published made so.
    test.spec.dir_mode = FileMode::from_bits(0o755);
    let wanted = payload(FILES);
    test.publish(&wanted);
    let failure = test.refusal(&payload(&[("db/password", "one", 0o040), ("token", "t", 0o400)]));
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    test.spec.dir_mode = FileMode::from_bits(0o055);
    let failure = test.refusal(&wanted);
    assert!(failure.hint.contains("owner read access"), "{}", failure.hint);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

#[test]
fn a_directory_of_somebody_else_in_which_nothing_may_be_put_is_refused() {
    if Uid::effective().is_root() {
        println!("skipped here: runs again as an unprivileged user");
        return;
    }
    for (mode, found) in [
        (0o555, "a directory that akv-sync may not write to"),
        (0, "a directory that akv-sync may not enter"),
    ] {
        let test = FlatTest::new();
        let theirs = test.root().join("db");
        fs::create_dir(&theirs).expect("directory");
        let chmod = |mode| fs::set_permissions(&theirs, fs::Permissions::from_mode(mode)).expect("mode");
        chmod(mode);
        let volume = test.open();
        for _ in 0..2 {
            let publication = volume.publish(&payload(FILES)).expect("publishes");
            assert_eq!(publication.refused.len(), 1);
            assert_eq!(publication.refused[0].name, "db");
            assert_eq!(publication.refused[0].found, found);
        }
        assert_eq!(fs::read(test.root().join("token")).expect("there"), b"t");

        // Published there, and then closed: the other files go on, and nothing is forgotten.
        chmod(0o755);
        volume.publish(&payload(FILES)).expect("publishes");
        chmod(mode);
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
        chmod(0o755);
        volume.publish(&next).expect("publishes");
        assert!(names(&theirs).is_empty(), "{mode:o}");
    }
}
