//! What is not ours is never followed, replaced or removed.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{
    FOREIGN, Make, TestVolume, clear, expected, fingerprint, payload, refused, texts,
};

#[test]
fn a_foreign_entry_at_one_of_our_names_is_refused_and_the_others_are_published() {
    let into_set: Make = |at| symlink("..data/other", at).expect("link");
    let cases = FOREIGN.into_iter().chain([("a link to elsewhere", into_set)]);
    for (found, make) in cases {
        let test = TestVolume::new(Layout::Atomic);
        let taken = test.root().join("db");
        make(&taken);
        let before = fingerprint(&taken);
        let volume = test.open();
        let wanted = payload(&[("db/password", "one", 0o440), ("token", "t", 0o440)]);
        let refused = refused("db", found);
        let first = volume.publish(&wanted).expect("publishes");
        assert_eq!(first.refused, refused);
        let again = volume.publish(&wanted).expect("publishes");
        assert_eq!(again.refused, refused, "a no-op forgets what is refused");
        assert!(again.written.is_empty());
        let observed = volume.observe().expect("observes");
        assert_eq!(observed.files.len(), 2);
        assert_eq!(observed.refused, refused, "nobody reaches what is there");
        assert_eq!(fs::read(test.root().join("token")).expect("published"), b"t");

        // When the name is no longer wanted, the foreign entry stays; when it goes, the name is ours.
        volume
            .publish(&payload(&[("token", "t", 0o440)]))
            .expect("publishes");
        assert_eq!(fingerprint(&taken), before, "{found}");
        clear(&taken);
        let publication = volume.publish(&wanted).expect("publishes");
        assert!(publication.refused.is_empty());
        assert!(volume.observe().expect("observes").refused.is_empty());
        test.assert_tidy(&wanted);
    }
}

#[test]
fn a_missing_link_is_made_even_when_nothing_is_written() {
    let test = TestVolume::new(Layout::Atomic);
    let wanted = payload(&[("db/password", "one", 0o440), ("token", "t", 0o440)]);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");
    fs::remove_file(test.root().join("db")).expect("removes");
    volume.observe().expect("observes");
    test.assert_tidy(&wanted);
    fs::remove_file(test.root().join("token")).expect("removes");
    let publication = volume.publish(&wanted).expect("publishes");
    assert!(publication.written.is_empty());
    test.assert_tidy(&wanted);
}

#[test]
fn a_data_link_that_is_not_ours_stops_everything() {
    let cases: [(&str, Make); 5] = [
        ("file", |root| fs::write(root.join("..data"), "x").expect("file")),
        ("directory", |root| {
            fs::create_dir(root.join("..data")).expect("directory");
        }),
        ("absolute link", |root| {
            symlink("/etc", root.join("..data")).expect("link");
        }),
        ("link out", |root| {
            symlink("../..2026_01_02_03_04_05.1", root.join("..data")).expect("link");
        }),
        ("projected volume", |root| {
            let generation = root.join("..2026_01_02_03_04_05.123");
            fs::create_dir(&generation).expect("directory");
            fs::write(generation.join("token"), "theirs").expect("file");
            symlink("..2026_01_02_03_04_05.123", root.join("..data")).expect("link");
            symlink("..data/token", root.join("token")).expect("link");
        }),
    ];
    for (case, make) in cases {
        let test = TestVolume::new(Layout::Atomic);
        let volume = test.open();
        make(test.root());
        let before = fingerprint(test.root());
        let failure = volume.observe().expect_err(case);
        assert!(!failure.hint().action().is_empty());
        volume
            .publish(&payload(&[("token", "ours", 0o440)]))
            .expect_err(case);
        assert_eq!(fingerprint(test.root()), before, "{case}");
    }
}

#[test]
fn a_data_link_that_leads_nowhere_is_replaced() {
    let test = TestVolume::new(Layout::Atomic);
    symlink("..2026_01_02_03_04_05.123", test.root().join("..data")).expect("link");
    let wanted = payload(&[("token", "ours", 0o440)]);
    test.publish(&wanted);
    test.assert_tidy(&wanted);
}

#[test]
fn a_staged_link_of_a_crash_is_removed_and_anything_else_of_that_name_is_not() {
    let test = TestVolume::new(Layout::Atomic);
    let staged = test.root().join("..data_tmp");
    symlink("..2026_01_02_03_04_05.123", &staged).expect("link");
    let wanted = payload(&[("token", "ours", 0o440)]);
    test.publish(&wanted);
    test.assert_tidy(&wanted);

    fs::write(&staged, "theirs").expect("file");
    test.open().observe().expect_err("not ours");
    assert_eq!(fs::read(&staged).expect("still there"), b"theirs");
}

#[test]
fn directories_that_only_look_like_generations_stay() {
    let test = TestVolume::new(Layout::Atomic);
    let theirs = test.root().join("..2026_01_02_03_04_05.123");
    fs::create_dir(&theirs).expect("directory");
    fs::write(theirs.join("token"), "theirs").expect("file");
    let marked_by_link = test.root().join("..2026_01_02_03_04_05.456");
    fs::create_dir(&marked_by_link).expect("directory");
    symlink("/etc/hostname", marked_by_link.join("..akv-sync.json")).expect("link");
    let elsewhere = test.beside("elsewhere");
    fs::create_dir(&elsewhere).expect("directory");
    fs::write(elsewhere.join("..akv-sync.json"), "").expect("file");
    symlink(&elsewhere, test.root().join("..2026_01_02_03_04_05.789")).expect("link");

    let before = [
        fingerprint(&theirs),
        fingerprint(&marked_by_link),
        fingerprint(&elsewhere),
    ];
    let volume = test.open();
    for bytes in ["one", "two"] {
        let publication = volume.publish(&payload(&[("token", bytes, 0o440)]));
        assert_eq!(texts(&publication.expect("publishes").written), ["token"]);
    }
    let after = [
        fingerprint(&theirs),
        fingerprint(&marked_by_link),
        fingerprint(&elsewhere),
    ];
    assert_eq!(after, before);
}

#[test]
fn a_link_put_inside_the_generation_is_not_followed() {
    let test = TestVolume::new(Layout::Atomic);
    let wanted = payload(&[("db/password", "one", 0o440), ("token", "t", 0o440)]);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");

    let elsewhere = test.beside("elsewhere");
    fs::create_dir(&elsewhere).expect("directory");
    fs::write(elsewhere.join("password"), "one").expect("file");
    fs::write(test.beside("t"), "t").expect("file");
    let generation = test.top();
    fs::remove_dir_all(generation.join("db")).expect("removes");
    symlink(&elsewhere, generation.join("db")).expect("link");
    fs::remove_file(generation.join("token")).expect("removes");
    symlink(test.beside("t"), generation.join("token")).expect("link");

    assert!(volume.observe().expect("observes").files.is_empty());
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(publication.written.len(), 2);
    test.assert_tidy(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
    assert_eq!(fs::read(elsewhere.join("password")).expect("still there"), b"one");
}

#[test]
fn a_pipe_in_place_of_a_published_file_does_not_hold_the_process_up() {
    let test = TestVolume::new(Layout::Atomic);
    let wanted = payload(&[("empty", "", 0o440)]);
    let volume = test.open();
    volume.publish(&wanted).expect("publishes");
    let file = test.top().join("empty");
    fs::remove_file(&file).expect("removes");
    mkfifo(&file, Mode::S_IRUSR).expect("pipe");
    assert!(volume.observe().expect("observes").files.is_empty());
    volume.publish(&wanted).expect("publishes");
    test.assert_tidy(&wanted);
}
