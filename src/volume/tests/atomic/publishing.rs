//! Generations.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{TestVolume, payload, texts};

#[test]
fn a_mode_alone_makes_a_new_generation_and_leaves_open_files_alone() {
    let test = TestVolume::new(Layout::Atomic);
    let volume = test.open();
    volume
        .publish(&payload(&[("token", "t", 0o444)]))
        .expect("publishes");
    let before = test.top();
    let reader = fs::File::open(test.root().join("token")).expect("opens");
    let publication = volume
        .publish(&payload(&[("token", "t", 0o400)]))
        .expect("publishes");
    assert_eq!(texts(&publication.adjusted), ["token"]);
    assert!(publication.written.is_empty());
    assert_ne!(test.top(), before);
    assert_eq!(test.visible()["token"].1, 0o400);
    let mode = reader.metadata().expect("metadata").permissions().mode();
    assert_eq!(mode & 0o777, 0o444);
}
