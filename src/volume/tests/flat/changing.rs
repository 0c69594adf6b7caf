//! Modes and times: what a watcher sees of a change, and what stays as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::{Duration, SystemTime};

use super::support::FlatTest;
use crate::domain::mode::FileMode;
use crate::domain::payload::Publication;
use crate::ports::Volume as _;
use crate::volume::tests::support::{expected, kept, payload, texts};

fn modified(test: &FlatTest, name: &str) -> i64 {
    fs::metadata(test.root().join(name)).expect("there").mtime()
}

#[test]
fn a_change_moves_the_time_by_a_whole_second_at_least() {
    for test in [FlatTest::new(), FlatTest::on_disk()] {
        let volume = test.open();
        let mut last = 0;
        for bytes in ["one", "two", "six"] {
            volume
                .publish(&payload(&[("token", bytes, 0o440)]))
                .expect("publishes");
            let now = modified(&test, "token");
            assert!(now > last, "{bytes}: {now} after {last}");
            last = now;
        }
    }
}

#[test]
fn a_change_moves_the_time_on_even_from_the_future() {
    let test = FlatTest::new();
    let volume = test.open();
    volume
        .publish(&payload(&[("token", "one", 0o600)]))
        .expect("publishes");
    let ahead = SystemTime::now() + Duration::from_hours(1);
    let file = fs::File::options()
        .write(true)
        .open(test.root().join("token"))
        .expect("opens");
    file.set_modified(ahead).expect("time");
    let before = modified(&test, "token");
    volume
        .publish(&payload(&[("token", "two", 0o600)]))
        .expect("publishes");
    assert_eq!(modified(&test, "token"), before + 1);
}

#[test]
fn a_mode_alone_is_changed_in_place() {
    let test = FlatTest::new();
    let volume = test.open();
    volume
        .publish(&payload(&[("token", "t", 0o444), ("other", "o", 0o440)]))
        .expect("publishes");
    let before = fs::metadata(test.root().join("token")).expect("there");
    let wanted = payload(&[("token", "t", 0o400), ("other", "o", 0o440)]);
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["token"]);
    assert!(publication.written.is_empty());
    let after = fs::metadata(test.root().join("token")).expect("there");
    assert_eq!(after.permissions().mode() & 0o7777, 0o400);
    assert_eq!(
        (after.ino(), after.mtime(), after.mtime_nsec()),
        (before.ino(), before.mtime(), before.mtime_nsec())
    );
    test.assert_tidy(&wanted);
    assert_eq!(
        volume.publish(&wanted).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_mode_changed_by_somebody_else_is_put_right() {
    let test = FlatTest::new();
    let volume = test.open();
    let wanted = payload(&[("db/password", "one", 0o400)]);
    volume.publish(&wanted).expect("publishes");
    let chmod = |name: &str, mode| {
        fs::set_permissions(test.root().join(name), fs::Permissions::from_mode(mode)).expect("mode");
    };
    chmod("db/password", 0o666);
    chmod("db", 0o777);
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["db/password"]);
    assert_eq!(test.visible(), expected(&wanted));
    let mode = fs::metadata(test.root().join("db"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
}

#[test]
fn a_file_that_nobody_may_read_any_more_is_written_again() {
    let test = FlatTest::new();
    let wanted = payload(&[("token", "t", 0o400)]);
    test.publish(&wanted);
    let token = test.root().join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o000)).expect("mode");
    test.publish(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
}

#[test]
fn a_mode_of_directories_alone_is_applied() {
    let mut test = FlatTest::new();
    let wanted = payload(&[("a/b/c", "x", 0o440), ("a/d", "y", 0o440), ("e", "z", 0o440)]);
    test.publish(&wanted);
    test.spec.dir_mode = FileMode::from_bits(0o750);
    let volume = test.open();
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["a/b/c", "a/d"]);
    for directory in ["a", "a/b"] {
        let found = fs::metadata(test.root().join(directory)).expect("there");
        assert_eq!(found.permissions().mode() & 0o777, 0o750, "{directory}");
    }
    assert_eq!(test.visible(), expected(&wanted));
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_read_only_file_is_replaced_and_an_open_one_stays_what_it_was() {
    use std::io::Read as _;
    let test = FlatTest::new();
    let volume = test.open();
    for mode in [0o440, 0o400, 0o444] {
        volume
            .publish(&payload(&[("token", "old", mode)]))
            .expect("publishes");
        let mut reader = fs::File::open(test.root().join("token")).expect("opens");
        let new = payload(&[("token", "new", mode)]);
        volume.publish(&new).expect("publishes");
        assert_eq!(test.visible(), expected(&new));
        let mut found = String::new();
        reader.read_to_string(&mut found).expect("readable");
        assert_eq!(found, "old");
    }
}
