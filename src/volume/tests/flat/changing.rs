//! What stays as it is while something else changes, and what a watcher sees of a change.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::{Duration, SystemTime};

use crate::domain::desired::Layout;
use crate::domain::payload::Publication;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::publishing::OLD;
use crate::volume::tests::support::{
    TestVolume, expected, file, fingerprint, kept, path, payload, set_mode, texts,
};

fn modified(test: &TestVolume, name: &str) -> i64 {
    fs::metadata(test.root().join(name)).expect("there").mtime()
}

#[test]
fn a_change_moves_the_time_by_a_whole_second_at_least() {
    for test in [TestVolume::new(Layout::Flat), TestVolume::on_disk(Layout::Flat)] {
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
    let test = TestVolume::new(Layout::Flat);
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
fn another_mode_comes_with_a_new_file_of_the_same_bytes() {
    let test = TestVolume::new(Layout::Flat);
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
    assert_ne!(after.ino(), before.ino());
    assert_eq!(fs::read(test.root().join("token")).expect("there"), b"t");
    test.assert_tidy(&wanted);
    assert_eq!(
        volume.publish(&wanted).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_file_whose_bytes_stay_is_not_touched_while_others_change() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let before = fingerprint(&test.root().join("token"));
    let mut wanted = payload(OLD);
    wanted.files.insert(path("db/password"), file("two", 0o440));
    volume.publish(&wanted).expect("publishes");
    assert_eq!(fingerprint(&test.root().join("token")), before);
    assert_eq!(test.visible(), expected(&wanted));
}

#[test]
fn a_file_that_was_altered_stays_when_it_is_no_longer_wanted() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let user = test.root().join("db/user");
    set_mode(&user, 0o600);
    fs::write(&user, "edited by hand").expect("writes");
    let next = payload(&[("token", "t", 0o400)]);
    volume.publish(&next).expect("publishes");
    assert_eq!(fs::read(&user).expect("still there"), b"edited by hand");
    assert!(!test.root().join("db/password").exists());
    let before = fingerprint(test.root());
    let publication = volume.publish(&next).expect("publishes");
    assert_eq!(publication, Publication::default());
    assert_eq!(fingerprint(test.root()), before, "it is forgotten");
}
