//! What a publish makes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::support::FlatTest;
use crate::domain::mode::FileMode;
use crate::domain::payload::{Payload, Publication};
use crate::ports::Volume as _;
use crate::volume::tests::support::{expected, file, fingerprint, kept, names, path, payload, record, texts};

const OLD: &[(&str, &str, u32)] = &[
    ("db/password", "one", 0o440),
    ("db/user", "app", 0o440),
    ("token", "t", 0o400),
];

#[test]
fn the_first_publish_makes_real_files_at_their_paths() {
    for test in [FlatTest::new(), FlatTest::on_disk()] {
        let volume = test.open();
        assert!(volume.observe().expect("observes").files.is_empty());
        assert!(names(test.root()).is_empty(), "observing made something");

        let wanted = payload(OLD);
        let publication = volume.publish(&wanted).expect("publishes");
        assert_eq!(texts(&publication.written), ["db/password", "db/user", "token"]);
        assert_eq!(test.visible(), expected(&wanted));
        test.assert_tidy(&wanted);

        let next = payload(&[("db/password", "two", 0o440)]);
        volume.publish(&next).expect("publishes");
        assert_eq!(test.visible(), expected(&next));
        test.assert_tidy(&next);
    }
}

#[test]
fn an_equal_payload_touches_nothing() {
    let test = FlatTest::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let before = fingerprint(test.root());
    for again in [&wanted, &kept(&wanted)] {
        assert_eq!(volume.publish(again).expect("publishes"), Publication::default());
    }
    drop(volume);
    let restarted = test.open().publish(&wanted).expect("publishes");
    assert_eq!(restarted, Publication::default());
    assert_eq!(fingerprint(test.root()), before);
}

#[test]
fn an_empty_payload_on_an_empty_volume_makes_nothing() {
    let test = FlatTest::new();
    let publication = test.open().publish(&Payload::default());
    assert_eq!(publication.expect("publishes"), Publication::default());
    assert!(names(test.root()).is_empty());
}

#[test]
fn added_changed_and_removed_files_are_told_apart() {
    let test = FlatTest::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let wanted = payload(&[
        ("db/password", "two", 0o440),
        ("db/user", "app", 0o400),
        ("new/deep/n", "n", 0o440),
    ]);
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["db/password", "new/deep/n"]);
    assert_eq!(texts(&publication.adjusted), ["db/user"]);
    assert_eq!(texts(&publication.removed), ["token"]);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

#[test]
fn a_file_whose_bytes_stay_is_not_touched_while_others_change() {
    let test = FlatTest::new();
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
fn everything_can_be_removed() {
    let test = FlatTest::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let publication = volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(publication.removed.len(), OLD.len());
    test.assert_tidy(&Payload::default());
    assert!(volume.observe().expect("observes").files.is_empty());
}

#[test]
fn a_new_version_with_equal_bytes_changes_the_state_file_only() {
    let test = FlatTest::new();
    let volume = test.open();
    let mut wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let before = fingerprint(&test.root().join("db"));
    for file in wanted.files.values_mut() {
        file.record = record(2);
    }
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication, Publication::default());
    assert_eq!(fingerprint(&test.root().join("db")), before);
    test.assert_tidy(&wanted);
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| file.record == record(2)));
}

#[test]
fn observing_gives_what_was_published() {
    let test = FlatTest::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    let observed = volume.observe().expect("observes");
    assert_eq!(observed.files.len(), wanted.files.len());
    for (path, file) in &wanted.files {
        let found = &observed.files[path];
        assert_eq!((&found.record, found.mode), (&file.record, file.mode));
        assert!(found.owner_matches);
    }
}

#[test]
fn an_altered_file_is_not_observed_and_is_written_again() {
    let test = FlatTest::new();
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    // Of the same length, so that only the bytes tell.
    let token = test.root().join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("mode");
    fs::write(&token, "u").expect("writes");
    fs::remove_file(test.root().join("db/user")).expect("removes");
    let observed = volume.observe().expect("observes");
    assert_eq!(
        observed.files.into_keys().collect::<Vec<_>>(),
        [path("db/password")]
    );
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["db/user", "token"]);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

#[test]
fn a_file_that_was_altered_stays_when_it_is_no_longer_wanted() {
    let test = FlatTest::new();
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let user = test.root().join("db/user");
    fs::set_permissions(&user, fs::Permissions::from_mode(0o600)).expect("mode");
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

#[test]
fn a_damaged_state_file_costs_a_rewrite_and_never_a_failure() {
    for damage in [&b""[..], b"{", br#"{"format":2,"files":{}}"#, b"\xff\xfe\x00"] {
        let test = FlatTest::new();
        let wanted = payload(OLD);
        test.publish(&wanted);
        fs::write(test.state_file(), damage).expect("writes");
        let volume = test.open();
        let observed = volume.observe().expect("observes");
        assert!(observed.files.is_empty() && observed.records_lost);
        let changed = payload(&[
            ("db/password", "two", 0o440),
            ("db/user", "app", 0o440),
            ("token", "t", 0o400),
        ]);
        let publication = volume.publish(&changed).expect("publishes");
        assert_eq!(publication.written.len(), OLD.len());
        assert!(publication.refused.is_empty());
        assert_eq!(test.visible(), expected(&changed));
        test.assert_tidy(&changed);
        let observed = volume.observe().expect("observes");
        assert!(observed.files.len() == OLD.len() && !observed.records_lost);
    }
}

#[test]
fn the_state_file_is_private_and_holds_no_value() {
    let test = FlatTest::new();
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
fn a_file_becomes_a_directory_and_a_file_again() {
    let test = FlatTest::new();
    let volume = test.open();
    for files in [
        [("a", "file", 0o440)],
        [("a/b", "below", 0o440)],
        [("a/b/c", "deeper", 0o440)],
        [("a", "file", 0o440)],
    ] {
        let wanted = payload(&files);
        let publication = volume.publish(&wanted).expect("publishes");
        assert!(publication.refused.is_empty());
        assert_eq!(test.visible(), expected(&wanted));
        test.assert_tidy(&wanted);
    }
}

#[test]
fn a_path_as_deep_as_a_path_can_be_is_published_and_removed() {
    let test = FlatTest::new();
    let volume = test.open();
    let deep = "d/".repeat(500) + "file";
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
fn a_directory_without_write_permission_is_changed_like_any_other() {
    let mut test = FlatTest::new();
    test.spec.dir_mode = FileMode::from_bits(0o555);
    let volume = test.open();
    for bytes in ["one", "two"] {
        let wanted = payload(&[("db/deep/password", bytes, 0o440), ("db/user", "app", 0o440)]);
        volume.publish(&wanted).expect("publishes");
        assert_eq!(test.visible(), expected(&wanted));
        for directory in ["db", "db/deep"] {
            let mode = fs::metadata(test.root().join(directory))
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o555, "{directory}");
        }
        test.assert_tidy(&wanted);
    }
    volume.publish(&Payload::default()).expect("publishes");
    test.assert_tidy(&Payload::default());
}

#[test]
fn a_payload_in_which_a_file_is_a_directory_of_another_is_refused() {
    let test = FlatTest::new();
    let wanted = payload(&[("a", "file", 0o440), ("a-b", "x", 0o440), ("a/b", "below", 0o440)]);
    assert!(test.refusal(&wanted).path.ends_with("a"));
    assert!(names(test.root()).is_empty());
}
