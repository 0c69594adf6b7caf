//! A published file that somebody edits stays ours while its entry brings no bytes.

use std::fs;

use crate::domain::desired::Layout;
use crate::domain::payload::Payload;
use crate::volume::BlockingVolume as _;
use crate::volume::tests::support::{TestVolume, expected, path, payload, refused};

/// A payload without the bytes of `a`, which an entry has all the same.
fn without_a(b: &str) -> Payload {
    let mut payload = payload(&[("b", b, 0o440)]);
    payload.wanted = ["a", "b"].map(path).into();
    payload
}

#[test]
fn an_edited_file_is_replaced_when_its_entry_brings_bytes_again() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    let both = payload(&[("a", "one", 0o440), ("b", "one", 0o440)]);
    volume.publish(&both).expect("publishes");
    let at = test.root().join("a");
    fs::remove_file(&at).expect("removes");
    fs::write(&at, "edited").expect("writes");
    for b in ["one", "two", "two"] {
        let publication = volume.publish(&without_a(b)).expect("publishes");
        assert!(publication.removed.is_empty() && publication.refused.is_empty());
        assert_eq!(fs::read(&at).expect("there"), b"edited");
    }
    drop(volume);
    let publication = test.open().publish(&both).expect("publishes");
    assert!(publication.refused.is_empty());
    assert_eq!(test.visible(), expected(&both));
}

#[test]
fn a_file_that_stands_where_ours_was_removed_is_somebody_elses() {
    let test = TestVolume::new(Layout::Flat);
    let volume = test.open();
    let both = payload(&[("a", "one", 0o440), ("b", "one", 0o440)]);
    volume.publish(&both).expect("publishes");
    let at = test.root().join("a");
    fs::remove_file(&at).expect("removes");
    volume.publish(&without_a("two")).expect("publishes");
    fs::write(&at, "theirs").expect("writes");
    let publication = volume.publish(&both).expect("publishes");
    assert_eq!(publication.refused, refused("a", "a regular file"));
    assert_eq!(fs::read(&at).expect("there"), b"theirs");
}
