//! What a publish changes, what it leaves alone, and what is observed of it.

use std::fs;

use time::OffsetDateTime;

use super::support::{
    TestVolume, at_version, expected, file, fingerprint, kept, names, path, payload, record, set_mode, texts,
};
use crate::domain::desired::Layout;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    the_first_publish_makes_the_files_and_what_the_layout_needs_and_nothing_else,
    an_equal_payload_touches_nothing,
    an_empty_payload_on_an_empty_volume_makes_nothing,
    added_changed_and_removed_files_are_told_apart,
    everything_can_be_removed,
    a_file_becomes_a_directory_and_a_file_again,
    a_new_version_with_equal_bytes_changes_the_state_file_only,
    kept_files_stay_while_others_change,
    what_shall_be_kept_and_is_gone_fails_the_publish_and_changes_nothing,
    an_altered_file_is_not_observed_and_is_written_again,
    bytes_are_read_once_and_again_only_when_the_file_changed,
    observing_gives_what_was_published,
    a_payload_in_which_a_file_is_a_directory_of_another_is_refused,
    a_path_as_deep_as_a_path_can_be_is_published_and_removed,
    no_bytes_are_bytes_too,
}

pub(super) const OLD: &[(&str, &str, u32)] = &[
    ("db/password", "one", 0o440),
    ("db/user", "app", 0o440),
    ("token", "t", 0o400),
];

fn the_first_publish_makes_the_files_and_what_the_layout_needs_and_nothing_else(layout: Layout) {
    for test in [TestVolume::new(layout), TestVolume::on_disk(layout)] {
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

fn an_equal_payload_touches_nothing(layout: Layout) {
    let test = TestVolume::new(layout);
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

fn an_empty_payload_on_an_empty_volume_makes_nothing(layout: Layout) {
    let test = TestVolume::new(layout);
    let publication = test.open().publish(&Payload::default());
    assert_eq!(publication.expect("publishes"), Publication::default());
    assert!(names(test.root()).is_empty());
}

fn added_changed_and_removed_files_are_told_apart(layout: Layout) {
    let test = TestVolume::new(layout);
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

fn everything_can_be_removed(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let publication = volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(publication.removed.len(), OLD.len());
    test.assert_tidy(&Payload::default());
    assert!(volume.observe().expect("observes").files.is_empty());
}

fn a_file_becomes_a_directory_and_a_file_again(layout: Layout) {
    let test = TestVolume::new(layout);
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

fn a_new_version_with_equal_bytes_changes_the_state_file_only(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    let top = test.top();
    let before = fingerprint(&top.join("db"));
    let wanted = at_version(&payload(OLD), 2);
    let publication = volume.publish(&kept(&wanted)).expect("publishes");
    assert_eq!(publication, Publication::default());
    assert_eq!(test.top(), top);
    assert_eq!(fingerprint(&top.join("db")), before);
    test.assert_tidy(&wanted);
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| file.record == record(2)));
}

fn kept_files_stay_while_others_change(layout: Layout) {
    let test = TestVolume::new(layout);
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

fn what_shall_be_kept_and_is_gone_fails_the_publish_and_changes_nothing(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(OLD);
    volume.publish(&old).expect("publishes");
    let never = payload(&[("never", "x", 0o440)]);
    let failure = volume.publish(&kept(&never)).expect_err("nothing to keep");
    assert_eq!(failure.action(), "keep");

    let token = test.top().join("token");
    set_mode(&token, 0o600);
    fs::write(&token, "altered").expect("writes");
    let before = fingerprint(test.root());
    let mut wanted = kept(&old);
    wanted.files.insert(path("db/password"), file("two", 0o440));
    let failure = volume.publish(&wanted).expect_err("altered");
    assert!(
        failure.hint().action().contains("fetches it again"),
        "{}",
        failure.hint()
    );
    assert_eq!(fingerprint(test.root()), before);
}

fn an_altered_file_is_not_observed_and_is_written_again(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let wanted = payload(OLD);
    volume.publish(&wanted).expect("publishes");
    assert_eq!(volume.observe().expect("observes").files.len(), 3);

    // Of the same length, so that only the bytes tell.
    let token = test.top().join("token");
    set_mode(&token, 0o600);
    fs::write(&token, "u").expect("writes");
    fs::remove_file(test.top().join("db/user")).expect("removes");
    let observed = volume.observe().expect("observes");
    assert!(observed.files.keys().eq(&[path("db/password")]));

    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(texts(&publication.written), ["db/user", "token"]);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_tidy(&wanted);
}

fn bytes_are_read_once_and_again_only_when_the_file_changed(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    volume.publish(&payload(OLD)).expect("publishes");
    volume.observe().expect("observes");
    assert_eq!(volume.verified(), 3);
    drop(volume);

    // A stamp of this very moment proves nothing: the file could change again within the same tick.
    let volume = test.open_at(OffsetDateTime::now_utc() - time::Duration::minutes(1));
    volume.observe().expect("observes");
    assert_eq!(volume.verified(), 0);
}

fn observing_gives_what_was_published(layout: Layout) {
    let test = TestVolume::new(layout);
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

fn a_payload_in_which_a_file_is_a_directory_of_another_is_refused(layout: Layout) {
    let test = TestVolume::new(layout);
    let wanted = payload(&[
        ("a", "file", 0o440),
        ("a-b", "between the two in order", 0o440),
        ("a/b", "below", 0o440),
    ]);
    assert!(test.publish_failure(&wanted).target().ends_with("/a"));
    assert!(names(test.root()).is_empty());
}

fn a_path_as_deep_as_a_path_can_be_is_published_and_removed(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let deep = "d/".repeat(1500) + "file";
    let wanted = Payload {
        files: [(path(&deep), file("deep", 0o440))].into(),
        ..Payload::default()
    };
    volume.publish(&wanted).expect("publishes");
    assert_eq!(volume.observe().expect("observes").files.len(), 1);
    let shallow = payload(&[("file", "shallow", 0o440)]);
    volume.publish(&shallow).expect("publishes");
    test.assert_tidy(&shallow);
}

fn no_bytes_are_bytes_too(layout: Layout) {
    let test = TestVolume::new(layout);
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
