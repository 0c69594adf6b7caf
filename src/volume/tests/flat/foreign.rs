//! What is not ours is never followed, replaced, changed or removed.

use std::fs;
use std::os::unix::fs::symlink;

use crate::domain::desired::Layout;
use crate::domain::payload::{Payload, Publication};
use crate::volume::BlockingVolume as _;
use crate::volume::flat::Step;
use crate::volume::tests::support::{
    AnyStep, Before, FOREIGN, Make, TestVolume, clear, expected, fingerprint, mode_of, payload, refused,
    set_mode,
};

fn wanted() -> Payload {
    payload(&[
        ("db/password", "one", 0o440),
        ("db/user", "app", 0o440),
        ("token", "t", 0o440),
    ])
}

#[test]
fn a_foreign_entry_at_one_of_our_paths_is_refused_and_the_others_are_published() {
    for (found, make) in FOREIGN {
        let test = TestVolume::new(Layout::Flat);
        fs::create_dir(test.root().join("db")).expect("directory");
        let taken = test.root().join("db/password");
        make(&taken);
        let before = fingerprint(&taken);
        let volume = test.open();
        let first = volume.publish(&wanted()).expect("publishes");
        assert_eq!(first.refused, refused("db/password", found));
        assert_eq!(first.written.len(), 2);
        let whole = fingerprint(test.root());
        let again = volume.publish(&wanted()).expect("publishes");
        assert_eq!(again.refused, first.refused, "a no-op forgets what is refused");
        assert!(again.written.is_empty());
        assert_eq!(fingerprint(test.root()), whole, "a no-op touches something");
        let observed = volume.observe().expect("observes");
        assert_eq!(observed.files.len(), 2);
        assert!(
            observed.refused.is_empty(),
            "what stands in a file's own place is asked for"
        );

        // When the path is no longer wanted, the foreign entry stays; when it goes, the path is ours.
        volume
            .publish(&payload(&[("token", "t", 0o440)]))
            .expect("publishes");
        assert_eq!(fingerprint(&taken), before, "{found}");
        clear(&taken);
        assert!(volume.publish(&wanted()).expect("publishes").refused.is_empty());
        assert_eq!(test.visible(), expected(&wanted()));
    }
}

#[test]
fn what_is_no_directory_on_the_way_is_refused_once_for_all_files_below_it() {
    for (found, make) in FOREIGN {
        if found == "a directory" {
            continue;
        }
        let test = TestVolume::new(Layout::Flat);
        let taken = test.root().join("db");
        make(&taken);
        let before = fingerprint(&taken);
        let publication = test.open().publish(&wanted()).expect("publishes");
        assert_eq!(publication.refused, refused("db", found));
        assert_eq!(publication.written.len(), 1);
        assert_eq!(fingerprint(&taken), before, "{found}");
    }
}

#[test]
fn a_link_to_a_directory_on_the_way_is_not_followed() {
    let test = TestVolume::new(Layout::Flat);
    let elsewhere = test.beside("elsewhere");
    fs::create_dir(&elsewhere).expect("directory");
    for target in [&elsewhere, &test.root().to_owned()] {
        symlink(target, test.root().join("db")).expect("link");
        let before = fingerprint(&elsewhere);
        let publication = test.open().publish(&wanted()).expect("publishes");
        assert_eq!(publication.refused, refused("db", "a link to elsewhere"));
        assert_eq!(fingerprint(&elsewhere), before);
        assert!(!test.root().join("password").exists());
        fs::remove_file(test.root().join("db")).expect("removes");
    }
}

#[test]
fn links_put_in_place_of_published_files_are_not_followed_and_stay() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&wanted()).expect("publishes");
    let elsewhere = test.beside("elsewhere");
    fs::create_dir(&elsewhere).expect("directory");
    fs::write(elsewhere.join("password"), "one").expect("file");
    fs::write(test.beside("t"), "t").expect("file");
    fs::remove_dir_all(test.root().join("db")).expect("removes");
    symlink(&elsewhere, test.root().join("db")).expect("link");
    fs::remove_file(test.root().join("token")).expect("removes");
    symlink(test.beside("t"), test.root().join("token")).expect("link");

    assert!(volume.observe().expect("observes").files.is_empty());
    let changed = payload(&[("db/password", "two", 0o400), ("token", "u", 0o400)]);
    let publication = volume.publish(&changed).expect("publishes");
    assert_eq!(publication.refused.len(), 2);
    assert!(publication.written.is_empty());
    assert_eq!(fs::read(elsewhere.join("password")).expect("there"), b"one");
    assert_eq!(fs::read(test.beside("t")).expect("there"), b"t");
    let removed = volume.publish(&Payload::default()).expect("publishes");
    assert!(removed.refused.is_empty());
    assert!(fs::symlink_metadata(test.root().join("token")).is_ok(), "removed");

    // What stands there now was never published, whatever it becomes.
    fs::remove_file(test.root().join("token")).expect("removes");
    fs::write(test.root().join("token"), "theirs").expect("file");
    let publication = volume.publish(&wanted()).expect("publishes");
    assert_eq!(publication.refused[1..], refused("token", "a regular file"));
    assert_eq!(fs::read(test.root().join("token")).expect("there"), b"theirs");
}

#[test]
fn what_was_refused_once_is_not_taken_for_ours_when_it_becomes_a_file() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&wanted()).expect("publishes");
    let token = test.root().join("token");
    fs::remove_file(&token).expect("removes");
    symlink("/etc/hostname", &token).expect("link");
    let publication = volume.publish(&wanted()).expect("publishes");
    assert_eq!(publication.refused, refused("token", "a link to elsewhere"));
    fs::remove_file(&token).expect("removes");
    fs::write(&token, "theirs").expect("file");
    let publication = volume.publish(&wanted()).expect("publishes");
    assert_eq!(publication.refused, refused("token", "a regular file"));
    assert_eq!(fs::read(&token).expect("there"), b"theirs");
}

#[test]
fn a_directory_that_was_there_is_used_as_it_is_and_stays() {
    let test = TestVolume::new(Layout::Flat);
    let theirs = test.root().join("db");
    fs::create_dir(&theirs).expect("directory");
    set_mode(&theirs, 0o711);
    fs::write(theirs.join("schema.sql"), "theirs").expect("file");
    let volume = test.open();
    let publication = volume.publish(&wanted()).expect("publishes");
    assert!(publication.refused.is_empty());
    let observed = volume.observe().expect("observes");
    assert!(observed.files.values().all(|file| file.owner_matches));
    volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(fs::read_dir(&theirs).expect("there").count(), 1);
    fs::remove_file(theirs.join("schema.sql")).expect("removes");
    volume.publish(&wanted()).expect("publishes");
    volume.publish(&Payload::default()).expect("publishes");
    assert_eq!(mode_of(&theirs), 0o711);
}

#[test]
fn a_directory_of_ours_in_which_somebody_put_a_file_stays() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&wanted()).expect("publishes");
    let theirs = test.root().join("db/theirs");
    fs::write(&theirs, "theirs").expect("file");
    // Not even when a file is wanted in its place; and then our files stay too.
    let file = payload(&[("db", "a file", 0o440)]);
    let publication = volume.publish(&file).expect("publishes");
    assert_eq!(
        publication.refused,
        refused("db", "a directory with something else in it")
    );
    assert_eq!(publication.removed.len(), 1);
    assert_eq!(volume.observe().expect("observes").files.len(), 2);
    assert_eq!(fs::read(&theirs).expect("there"), b"theirs");
    let before = fingerprint(test.root());
    let again = volume.publish(&file).expect("publishes");
    assert_eq!(again.refused, publication.refused);
    assert_eq!(fingerprint(test.root()), before);
    fs::remove_dir_all(test.root().join("db")).expect("removes");
    assert!(volume.publish(&file).expect("publishes").refused.is_empty());
    test.assert_tidy(&file);
}

#[test]
fn a_volume_without_records_gives_no_file_away() {
    let test = TestVolume::new(Layout::Flat);
    test.publish(&wanted());
    fs::remove_file(test.state_file()).expect("removes");
    let before = test.visible();
    let volume = test.open();
    assert!(volume.observe().expect("observes").files.is_empty());
    let changed = payload(&[("token", "u", 0o440), ("new", "n", 0o440)]);
    let publication = volume.publish(&changed).expect("publishes");
    assert_eq!(publication.refused, refused("token", "a regular file"));
    for (path, file) in before {
        assert_eq!(test.visible()[&path], file);
    }
}

#[test]
fn a_state_file_or_a_staging_directory_that_is_not_ours_stops_everything() {
    let cases: [(&str, Make); 4] = [
        ("link", |root| {
            symlink("/etc/hostname", root.join("..akv-sync.json")).expect("link");
        }),
        ("directory", |root| {
            fs::create_dir(root.join("..akv-sync.json")).expect("directory");
        }),
        ("staging link", |root| {
            symlink("/etc", root.join("..akv-sync.staged")).expect("link");
        }),
        ("staging file", |root| {
            fs::write(root.join("..akv-sync.staged"), "theirs").expect("file");
        }),
    ];
    for (case, make) in cases {
        let test = TestVolume::new(Layout::Flat);
        let volume = test.open();
        make(test.root());
        let before = fingerprint(test.root());
        assert!(!volume.observe().expect_err(case).hint().action().is_empty());
        volume.publish(&wanted()).expect_err(case);
        assert_eq!(fingerprint(test.root()), before, "{case}");
    }
}

#[test]
fn what_takes_a_name_while_files_are_written_keeps_it() {
    let test = TestVolume::new(Layout::Flat);
    let root = test.root().to_owned();
    let volume = test.open_observed(Before(move |step| {
        if step == AnyStep::Flat(Step::Commit) {
            fs::write(root.join("token"), "theirs")?;
            symlink("/etc", root.join("db"))?;
        }
        Ok(())
    }));
    let mut all = wanted();
    all.files.extend(payload(&[("free", "f", 0o440)]).files);
    let publication = volume.publish(&all).expect("publishes");
    assert_eq!(publication.written.len(), 1);
    assert_eq!(fs::read(test.root().join("token")).expect("there"), b"theirs");
    assert_eq!(fs::read(test.root().join("free")).expect("there"), b"f");
    for file in all.files.keys() {
        let refused = publication.refused.iter().any(|refused| refused.covers(file));
        assert_eq!(refused, file.as_str() != "free", "{file}");
    }
    drop(volume);
    assert_eq!(test.open().observe().expect("observes").files.len(), 1);
    let again: Publication = test.open().publish(&all).expect("publishes");
    assert_eq!(again.refused.len(), 2);
}
