//! File systems mounted below the root.

use std::fs;

use crate::domain::spec::Layout;
use crate::ports::Volume as _;
use crate::volume::tests::support::{
    TestVolume, given_root, is_inner, mount, names, payload, refused, run_on_small_volume, test_name,
};

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
