//! What a publish changes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use time::OffsetDateTime;

use super::support::{TestVolume, expected, file, fingerprint, kept, names, path, payload, record, texts};
use crate::domain::mode::FileMode;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::ports::Volume as _;
use crate::volume::AtomicVolume;

const OLD: &[(&str, &str, u32)] = &[
    ("db/password", "one", 0o440),
    ("db/user", "app", 0o440),
    ("token", "t", 0o400),
];

#[test]
fn the_first_publish_makes_the_layout_of_a_projected_volume() {
    for test in [TestVolume::new(), TestVolume::on_disk()] {
        let volume = test.open();
        assert!(volume.observe().expect("observes").files.is_empty());
        assert!(names(test.root()).is_empty(), "observing made something");

        let wanted = payload(OLD);
        let publication = volume.publish(&wanted).expect("publishes");
        let written = texts(&publication.written);
        assert_eq!(written, ["db/password", "db/user", "token"]);
        assert_eq!(test.visible(), expected(&wanted));
        test.assert_tidy(&wanted);

        let next = payload(&[("db/password", "two", 0o440)]);
        volume.publish(&next).expect("publishes");
        test.assert_tidy(&next);
    }
}

#[test]
fn an_equal_payload_touches_nothing() {
    let test = TestVolume::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let before = fingerprint(test.root());
    for again in [&wanted, &kept(&wanted)] {
        assert_eq!(volume.publish(again).expect("publishes"), Publication::default());
    }
    drop(volume);
    let restarted = test.open();
    assert_eq!(
        restarted.publish(&wanted).expect("publishes"),
        Publication::default()
    );
    assert_eq!(fingerprint(test.root()), before);
}

#[test]
fn an_empty_payload_on_an_empty_volume_makes_nothing() {
    let test = TestVolume::new();
    let publication = test.open().publish(&Payload::default());
    assert_eq!(publication.expect("publishes"), Publication::default());
    assert!(names(test.root()).is_empty());
}

#[test]
fn added_changed_and_removed_files_are_told_apart() {
    let test = TestVolume::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let wanted = payload(&[
        ("db/password", "two", 0o440),
        ("db/user", "app", 0o400),
        ("new", "n", 0o440),
    ]);
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["db/password", "new"]);
    assert_eq!(texts(&publication.adjusted), ["db/user"]);
    assert_eq!(texts(&publication.removed), ["token"]);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

#[test]
fn everything_can_be_removed() {
    let test = TestVolume::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let publication = volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(publication.removed.len(), OLD.len());
    test.assert_tidy(&Payload::default());
    assert!(volume.observe().expect("observes").files.is_empty());
}

#[test]
fn a_file_becomes_a_directory_and_a_file_again() {
    let test = TestVolume::new();
    let volume = test.open();
    for files in [
        [("a", "file", 0o440)],
        [("a/b", "below", 0o440)],
        [("a/b/c", "deeper", 0o440)],
        [("a", "file", 0o440)],
    ] {
        let wanted = payload(&files);
        volume.publish(&wanted).expect("publishes");
        assert_eq!(test.visible(), expected(&wanted));
        test.assert_tidy(&wanted);
    }
}

#[test]
fn a_mode_alone_makes_a_new_generation_and_leaves_open_files_alone() {
    let test = TestVolume::new();
    let volume = test.open();
    volume
        .publish(&payload(&[("token", "t", 0o444)]))
        .expect("publishes");
    let reader = fs::File::open(test.root().join("token")).expect("opens");
    let publication = volume
        .publish(&payload(&[("token", "t", 0o400)]))
        .expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["token"]);
    assert!(publication.written.is_empty());
    assert_eq!(test.visible()["token"].1, 0o400);
    let mode = reader.metadata().expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o444);
}

#[test]
fn a_mode_of_directories_alone_is_applied() {
    let mut test = TestVolume::new();
    let wanted = payload(OLD);
    test.publish(&wanted);
    test.spec.dir_mode = FileMode::from_bits(0o750);
    let volume = test.open();
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| !file.owner_matches));
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication.adjusted.len(), OLD.len());
    for directory in ["", "db"] {
        let found = fs::metadata(test.generation().join(directory)).expect("there");
        assert_eq!(found.permissions().mode() & 0o777, 0o750, "{directory:?}");
    }
    assert_eq!(test.visible(), expected(&wanted));
    assert_eq!(
        volume.publish(&kept(&wanted)).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_directory_without_write_permission_is_replaced_and_removed_like_any_other() {
    let mut test = TestVolume::new();
    test.spec.dir_mode = FileMode::from_bits(0o555);
    let volume = test.open();
    let mut wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    for file in wanted.files.values_mut() {
        file.record = record(2);
    }
    volume.publish(&wanted).expect("records");
    let mode = fs::metadata(test.generation())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o555);
    for bytes in ["t", "u", "v"] {
        let fewer = payload(&[("token", bytes, 0o400)]);
        volume.publish(&fewer).expect("publishes");
        test.assert_tidy(&fewer);
    }
    // So that an unprivileged test can remove its directory.
    fs::set_permissions(test.generation(), fs::Permissions::from_mode(0o755)).expect("mode");
}

#[test]
fn a_new_version_with_equal_bytes_changes_the_state_file_only() {
    let test = TestVolume::new();
    let volume = test.open();
    let mut wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let generation = test.generation();
    let before = fingerprint(&generation.join("db"));
    for file in wanted.files.values_mut() {
        file.record = record(2);
    }
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication, Publication::default());
    assert_eq!(test.generation(), generation);
    assert_eq!(fingerprint(&generation.join("db")), before);
    test.assert_tidy(&wanted);
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| file.record == record(2)));
}

#[test]
fn kept_files_are_carried_into_the_next_generation() {
    let test = TestVolume::new();
    let volume = test.open();
    let long = "x".repeat(100_000);
    let old = payload(&[("a", &long, 0o440), ("b/c", "old", 0o440)]);
    volume.publish(&old).expect("publishes");
    let mut wanted = kept(&old);
    wanted.files.insert(path("b/c"), file("new", 0o440));
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["b/c"]);
    assert_eq!(test.visible()["a"], (long.into_bytes(), 0o440));
    assert_eq!(test.visible()["b/c"].0, b"new");
}

#[test]
fn what_shall_be_kept_and_is_gone_fails_the_publish_and_changes_nothing() {
    let test = TestVolume::new();
    let volume = test.open();
    let old = payload(OLD);
    volume.publish(&old).expect("publishes");
    let never = payload(&[("never", "x", 0o440)]);
    let failure = volume.publish(&kept(&never)).expect_err("nothing to keep");
    assert_eq!(failure.action, "keep");

    let token = test.generation().join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("mode");
    fs::write(&token, "altered").expect("writes");
    let before = fingerprint(test.root());
    let mut wanted = kept(&old);
    wanted.files.insert(path("db/password"), file("two", 0o440));
    let failure = volume.publish(&wanted).expect_err("altered");
    assert!(failure.hint.contains("fetches it again"), "{}", failure.hint);
    assert_eq!(fingerprint(test.root()), before);
}

#[test]
fn an_altered_file_is_not_observed_and_is_written_again() {
    let test = TestVolume::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    assert_eq!(volume.observe().expect("observes").files.len(), 3);

    // Of the same length, so that only the bytes tell.
    let token = test.generation().join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("mode");
    fs::write(&token, "u").expect("writes");
    fs::remove_file(test.generation().join("db/user")).expect("removes");
    let observed = volume.observe().expect("observes");
    let left: Vec<_> = observed.files.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["db/password"]);

    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["db/user", "token"]);
    assert_eq!(test.visible(), expected(&wanted));
}

#[test]
fn bytes_are_read_once_and_again_only_when_the_file_changed() {
    let test = TestVolume::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    volume.observe().expect("observes");
    assert_eq!(volume.verified(), 3);
    drop(volume);

    // A stamp of this very moment proves nothing: the file could change again within the same tick.
    let now = Arc::new(OffsetDateTime::now_utc() - time::Duration::minutes(1));
    let volume = AtomicVolume::open(&test.spec, now).expect("opens");
    volume.observe().expect("observes");
    assert_eq!(volume.verified(), 0);
}

#[test]
fn observing_gives_what_was_published() {
    let test = TestVolume::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let observed = volume.observe().expect("observes");
    assert_eq!(observed.files.len(), wanted.files.len());
    for (path, file) in &wanted.files {
        let found = &observed.files[path];
        assert_eq!(found.record, file.record);
        assert_eq!(found.mode, file.mode);
        assert!(found.owner_matches);
    }
}

#[test]
fn a_damaged_state_file_costs_a_rewrite_and_never_a_failure() {
    for damage in [
        &b""[..],
        b"{",
        b"null",
        br#"{"format":2,"files":{}}"#,
        br#"{"format":1,"digestKey":"AA==","files":{}}"#,
        b"\xff\xfe\x00",
    ] {
        let test = TestVolume::new();
        let wanted = payload(OLD);
        test.publish(&wanted);
        fs::write(test.state_file(), damage).expect("writes");
        let volume = test.open();
        let observed = volume.observe().expect("observes");
        assert!(observed.files.is_empty() && observed.records_lost);
        assert_eq!(test.visible(), expected(&wanted), "observing took files away");
        let publication = volume.publish(&wanted).expect("publishes");
        assert_eq!(publication.written.len(), OLD.len());
        test.assert_tidy(&wanted);
        let observed = volume.observe().expect("observes");
        assert!(observed.files.len() == OLD.len() && !observed.records_lost);
    }
}

#[test]
fn the_state_file_is_private_and_holds_no_value() {
    let test = TestVolume::new();
    test.publish(&payload(&[("a", "marker-of-a-value", 0o444)]));
    let state = fs::read_to_string(test.state_file()).expect("readable");
    assert!(!state.contains("marker-of-a-value"));
    let mode = fs::metadata(test.state_file())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn the_key_of_digests_outlives_a_generation() {
    let test = TestVolume::new();
    let key = || {
        let state: serde_json::Value =
            serde_json::from_slice(&fs::read(test.state_file()).expect("readable")).expect("JSON");
        state["digestKey"].as_str().expect("text").to_owned()
    };
    test.publish(&payload(&[("a", "1", 0o440)]));
    let first = key();
    test.publish(&payload(&[("a", "2", 0o440)]));
    assert_eq!(key(), first);
}

#[test]
fn a_payload_in_which_a_file_is_a_directory_of_another_is_refused() {
    let test = TestVolume::new();
    let volume = test.open();
    let wanted = payload(&[
        ("a", "file", 0o440),
        ("a-b", "between the two in order", 0o440),
        ("a/b", "below", 0o440),
    ]);
    let failure = volume.publish(&wanted).expect_err("conflict");
    assert!(failure.path.ends_with("a"));
    assert!(names(test.root()).is_empty());
}

#[test]
fn a_path_as_deep_as_a_path_can_be_is_published_and_removed() {
    let test = TestVolume::new();
    let volume = test.open();
    let deep = "d/".repeat(1500) + "file";
    let wanted = Payload {
        files: [(path(&deep), file("deep", 0o440))].into(),
    };
    volume.publish(&wanted).expect("publishes");
    assert_eq!(volume.observe().expect("observes").files.len(), 1);
    let shallow = payload(&[("file", "shallow", 0o440)]);
    volume.publish(&shallow).expect("publishes");
    test.assert_tidy(&shallow);
}

#[test]
fn no_bytes_are_bytes_too() {
    let test = TestVolume::new();
    let volume = test.open();
    let wanted = payload(&[("empty", "", 0o440)]);
    volume.publish(&wanted).expect("publishes");
    assert_eq!(test.visible(), expected(&wanted));
    assert_eq!(volume.observe().expect("observes").files.len(), 1);
    let FileBytes::Write(bytes) = &wanted.files[&path("empty")].bytes else {
        panic!("written");
    };
    assert!(bytes.is_empty());
}
