//! File systems mounted below the root.

use std::fs;
use std::path::Path;

use crate::domain::desired::Layout;
use crate::domain::payload::Publication;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{
    TestVolume, expected, fingerprint, given_root, is_inner, kept, mount, moved, names, path, payload,
    refused, run_on_small_volume, set_mode, test_name, unmount,
};

fn bind(what: &Path, at: &Path) {
    mount(&["--bind", what.to_str().expect("UTF-8")], at);
}

#[test]
fn a_file_system_mounted_below_the_root_is_not_written_to() {
    if !is_inner() {
        run_on_small_volume(&test_name(module_path!(), "mounts_below_a_given_root"));
    }
}

#[test]
#[ignore = "a part of a_file_system_mounted_below_the_root_is_not_written_to"]
fn mounts_below_a_given_root() {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(Layout::Flat, root);
    let volume = test.open();
    let below = test.root().join("below");
    fs::create_dir(&below).expect("directory");
    mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], &below);
    // Nothing can be renamed into it, and it is not ours anyway.
    let wanted = payload(&[("a", "1", 0o440), ("below/a", "1", 0o440)]);
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(publication.refused, refused("below", "a mounted file system"));
    assert!(names(&below).is_empty());
}

#[test]
fn what_is_bound_below_the_root_from_the_same_file_system_is_refused_before_anything_moves() {
    if !is_inner() {
        run_on_small_volume(&test_name(module_path!(), "binds_below_a_given_root"));
    }
}

#[test]
#[ignore = "a part of what_is_bound_below_the_root_from_the_same_file_system_is_refused_before_anything_moves"]
fn binds_below_a_given_root() {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(Layout::Flat, root.join("akv"));
    let volume = test.open();
    let old = payload(&[("a.crt", "crt", 0o440), ("b.key", "key", 0o440)]);
    volume.publish(&old).expect("publishes");
    let (other, below) = (test.beside("other"), test.root().join("sub"));
    for directory in [&other, &below] {
        fs::create_dir(directory).expect("directory");
    }
    bind(&other, &below);
    let wanted = moved(&old, &[("a.crt", "a.crt"), ("sub/b.key", "b.key")]);
    let foretold = volume.refused(&[path("sub/b.key")].into()).expect("looks");
    assert_eq!(foretold, refused("sub", "a mounted file system"));
    let publication = volume.publish(&wanted).expect("publishes");
    assert_eq!(publication.refused, foretold);
    assert!(publication.removed.is_empty());
    assert_eq!(test.visible(), expected(&old));
    assert!(names(&other).is_empty());
}

#[test]
fn what_is_mounted_over_a_directory_of_ours_is_left_alone_and_what_it_hides_stays_ours() {
    if !is_inner() {
        run_on_small_volume(&test_name(module_path!(), "mounts_over_a_directory_of_ours"));
    }
}

#[test]
#[ignore = "a part of what_is_mounted_over_a_directory_of_ours_is_left_alone_and_what_it_hides_stays_ours"]
fn mounts_over_a_directory_of_ours() {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(Layout::Flat, root.join("akv"));
    let volume = test.open();
    let old = payload(&[("a.crt", "crt", 0o440), ("sub/b.key", "key", 0o440)]);
    volume.publish(&old).expect("publishes");
    let (other, below) = (test.beside("other"), test.root().join("sub"));
    fs::create_dir(&other).expect("directory");
    set_mode(&other, 0o711);
    bind(&other, &below);
    let before = fingerprint(&other);
    let new = payload(&[("a.crt", "crt 2", 0o440), ("sub/b.key", "key 2", 0o440)]);
    // Below it, and in its place.
    for wanted in [
        moved(&old, &[("a.crt", "a.crt"), ("sub/c.key", "sub/b.key")]),
        payload(&[("sub", "file", 0o440)]),
    ] {
        let foretold = volume
            .refused(&wanted.files.keys().cloned().collect())
            .expect("looks");
        assert_eq!(foretold.len(), 1);
        assert_eq!(foretold[0].name, "sub");
    }
    let publication = volume.publish(&new).expect("publishes");
    assert_eq!(publication.refused, refused("sub", "a mounted file system"));
    let publication = volume
        .publish(&payload(&[("a.crt", "crt 3", 0o440)]))
        .expect("publishes");
    assert!(publication.removed.is_empty());
    assert_eq!(fingerprint(&other), before, "what is mounted was touched");

    unmount(&below);
    assert_eq!(fs::read(below.join("b.key")).expect("there"), b"key");
    let publication = volume.publish(&new).expect("publishes");
    assert!(publication.refused.is_empty());
    assert_eq!(test.visible(), expected(&new));
    test.assert_tidy(&new);
    assert_eq!(
        volume.publish(&kept(&new)).expect("publishes"),
        Publication::default()
    );
}

#[test]
fn a_file_mounted_over_a_file_of_ours_is_refused_before_anything_moves() {
    if !is_inner() {
        run_on_small_volume(&test_name(module_path!(), "mounts_over_a_file_of_ours"));
    }
}

#[test]
#[ignore = "a part of a_file_mounted_over_a_file_of_ours_is_refused_before_anything_moves"]
fn mounts_over_a_file_of_ours() {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(Layout::Flat, root.join("akv"));
    let volume = test.open();
    volume
        .publish(&payload(&[("a.crt", "crt", 0o440), ("b.key", "key", 0o440)]))
        .expect("publishes");
    let (other, key) = (test.beside("other"), test.root().join("b.key"));
    fs::write(&other, "theirs").expect("file");
    bind(&other, &key);
    let new = payload(&[("a.crt", "crt 2", 0o440), ("b.key", "key 2", 0o440)]);
    let foretold = volume
        .refused(&new.files.keys().cloned().collect())
        .expect("looks");
    assert_eq!(foretold, refused("b.key", "a mounted file"));
    assert_eq!(volume.publish(&new).expect("publishes").refused, foretold);
    unmount(&key);
    assert!(volume.publish(&new).expect("publishes").refused.is_empty());
    assert_eq!(test.visible(), expected(&new));
    assert_eq!(fs::read(&other).expect("there"), b"theirs");
}
