//! Locks of readers, of others, and of akv-sync itself.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use tempfile::TempDir;

use super::*;
use crate::volume::directory::DIRECTORY;

fn root() -> (TempDir, Directory) {
    let place = TempDir::new().expect("temporary directory");
    let fd = fcntl::open(place.path(), DIRECTORY, Mode::empty()).expect("opens");
    let root = Directory::new(fd, place.path().to_owned());
    (place, root)
}

fn open(path: &Path) -> File {
    File::open(path).expect("opens")
}

#[test]
fn a_readers_lock_on_the_root_keeps_nobody_out() {
    let (place, root) = root();
    for exclusive in [false, true] {
        let reader = open(place.path());
        let locked = if exclusive {
            reader.lock()
        } else {
            reader.lock_shared()
        };
        locked.expect("locks");
        let held = lock(&root).expect("a reader is not another akv-sync");
        let again = lock(&root).expect_err("but this is one");
        assert_eq!(again.kind(), VolumeFailureKind::InUse);
        drop(held);
    }
}

#[test]
fn an_older_akv_sync_that_locks_the_root_is_kept_out() {
    let (place, root) = root();
    let held = lock(&root).expect("locks");
    assert!(open(place.path()).try_lock().is_err());
    drop(held);
    open(place.path()).try_lock().expect("free again");

    let reader = open(place.path());
    reader.lock_shared().expect("locks");
    let _held = lock(&root).expect("beside a reader");
    drop(reader);
    assert!(
        open(place.path()).try_lock().is_err(),
        "also when the reader has gone"
    );
}

#[test]
fn who_has_the_lock_is_named() {
    let (_place, root) = root();
    let _held = lock(&root).expect("locks");
    let failure = lock(&root).expect_err("held");
    let own = std::process::id();
    let cause = failure.cause().to_string();
    assert!(cause.starts_with(&format!("process {own} (")), "{cause}");
    // This test is another program.
    let hint = failure.hint().action();
    assert!(hint.starts_with("that is no akv-sync"), "{hint}");
}

#[test]
fn only_its_user_can_open_the_file_and_it_is_used_again() {
    let (place, root) = root();
    for _ in 0..2 {
        let _held = lock(&root).expect("locks");
        let found = fs::metadata(place.path().join(FILE)).expect("there");
        assert_eq!(found.permissions().mode() & 0o7777, 0o600);
    }
}

#[test]
fn something_else_under_the_name_of_the_file_is_refused_and_stays() {
    let (place, root) = root();
    let at = place.path().join(FILE);
    symlink("/etc/passwd", &at).expect("link");
    assert_eq!(
        lock(&root).expect_err("a link").kind(),
        VolumeFailureKind::Foreign
    );
    fs::remove_file(&at).expect("still there");
    fs::create_dir(&at).expect("directory");
    assert_eq!(
        lock(&root).expect_err("a directory").kind(),
        VolumeFailureKind::Foreign
    );
    fs::remove_dir(&at).expect("still there");
    nix::unistd::mkfifo(&at, Mode::S_IRUSR).expect("pipe");
    assert_eq!(
        lock(&root).expect_err("a pipe").kind(),
        VolumeFailureKind::Foreign
    );
}

#[test]
fn a_file_of_another_user_names_that_user() {
    if !Uid::effective().is_root() {
        return;
    }
    let (place, root) = root();
    fs::write(place.path().join(FILE), "").expect("file");
    std::os::unix::fs::chown(place.path().join(FILE), Some(4711), None).expect("owner");
    let failure = lock(&root).expect_err("another user's");
    assert!(
        failure.hint().action().contains("run as user 4711"),
        "{}",
        failure.hint()
    );
}
