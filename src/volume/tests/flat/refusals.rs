//! What cannot be published is told before anything is staged, and costs no published file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Payload, RefusedName};
use crate::volume::BlockingVolume;
use crate::volume::tests::support::{StopAt, TestVolume, fingerprint, path, payload};

fn paths(payload: &Payload) -> BTreeSet<RelativePath> {
    payload.files.keys().cloned().collect()
}

fn names(refused: &[RefusedName]) -> Vec<&str> {
    refused.iter().map(|refused| refused.name.as_str()).collect()
}

fn wanted() -> Payload {
    payload(&[
        ("db/password", "one", 0o440),
        ("tls/web/tls.crt", "crt", 0o440),
        ("token", "t", 0o440),
    ])
}

/// Asks what is refused, which must touch nothing, and be what a publish finds after it.
fn assert_foretold(
    volume: &impl BlockingVolume,
    root: &std::path::Path,
    wanted: &Payload,
) -> Vec<RefusedName> {
    let before = fingerprint(root);
    let foretold = volume.refused(&paths(wanted)).expect("looks");
    assert_eq!(fingerprint(root), before, "something was touched");
    assert_eq!(volume.publish(wanted).expect("publishes").refused, foretold);
    foretold
}

#[test]
fn an_atomic_volume_foretells_the_names_that_it_refuses() {
    let test = TestVolume::new(Layout::Atomic);
    let volume = test.open();
    fs::create_dir(test.root().join("tls")).expect("directory");
    symlink("..data/other", test.root().join("token")).expect("link");
    fs::write(test.root().join("unrelated"), "theirs").expect("file");
    let foretold = assert_foretold(&volume, test.root(), &wanted());
    assert_eq!(names(&foretold), ["tls", "token"]);
    fs::remove_dir(test.root().join("tls")).expect("removes");
    fs::remove_file(test.root().join("token")).expect("removes");
    assert!(assert_foretold(&volume, test.root(), &wanted()).is_empty());
    // Its own links are in nobody's way.
    assert!(assert_foretold(&volume, test.root(), &wanted()).is_empty());
}

#[test]
fn a_flat_volume_foretells_the_paths_that_it_refuses() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    fs::create_dir(test.root().join("db")).expect("directory");
    fs::write(test.root().join("db/password"), "theirs").expect("file");
    symlink("/etc", test.root().join("tls")).expect("link");
    fs::write(test.root().join("unrelated"), "theirs").expect("file");
    let foretold = assert_foretold(&volume, test.root(), &wanted());
    assert_eq!(names(&foretold), ["db/password", "tls"]);
    assert!(foretold[1].covers(&path("tls/web/tls.crt")));
    fs::remove_file(test.root().join("db/password")).expect("removes");
    fs::remove_file(test.root().join("tls")).expect("removes");
    assert!(assert_foretold(&volume, test.root(), &wanted()).is_empty());
}

#[test]
fn published_files_are_in_nobodys_way_not_even_edited_ones() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    volume.publish(&wanted()).expect("publishes");
    fs::remove_file(test.root().join("token")).expect("removes");
    fs::write(test.root().join("token"), "edited").expect("writes");
    assert!(assert_foretold(&volume, test.root(), &wanted()).is_empty());
    // Nor is a file where a directory is needed, or a directory where a file is.
    let turned = payload(&[("db", "file", 0o440), ("token/new", "t", 0o440)]);
    assert!(assert_foretold(&volume, test.root(), &turned).is_empty());
}

#[test]
fn what_an_unfinished_publish_has_put_into_place_is_not_refused() {
    for number in 0.. {
        let test = TestVolume::new(Layout::Flat);
        let observer = StopAt::new(number, true);
        let _ = test.open_observed(observer.clone()).publish(&wanted());
        let volume = test.open();
        let before = fingerprint(test.root());
        assert!(volume.refused(&paths(&wanted())).expect("looks").is_empty());
        assert_eq!(fingerprint(test.root()), before, "something was touched");
        if observer.stopped().is_none() {
            break;
        }
    }
}

#[test]
fn a_volume_of_the_other_layout_fails_the_question_as_it_fails_a_publish() {
    let flat = TestVolume::new(Layout::Flat);
    flat.publish(&wanted());
    let atomic = TestVolume::at(Layout::Atomic, flat.root().to_owned());
    let failure = atomic.open().refused(&paths(&wanted())).expect_err("flat");
    assert!(
        failure.hint().action().contains("volume.layout: flat"),
        "{}",
        failure.hint()
    );
}
