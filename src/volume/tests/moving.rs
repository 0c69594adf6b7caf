//! Bytes that are published already, at the same path or at another.

use std::fs;

use super::support::{
    StopAt, TestVolume, expected, file, fingerprint, moved, path, payload, set_mode, texts,
};
use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    a_history_shifts_by_copies_of_what_is_published,
    two_paths_can_change_places,
    a_path_moves_without_its_object_being_fetched,
    equal_bytes_at_another_path_are_no_change,
    a_source_that_is_not_intact_fails_the_publish_and_changes_nothing,
    a_crash_within_a_shift_loses_no_version,
}

fn a_history_shifts_by_copies_of_what_is_published(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(&[
        ("p/0", "newest", 0o440),
        ("p/1", "older", 0o440),
        ("p/2", "oldest", 0o440),
    ]);
    volume.publish(&old).expect("publishes");
    let mut next = moved(&old, &[("p/1", "p/0"), ("p/2", "p/1")]);
    next.files.insert(path("p/0"), file("brand new", 0o440));
    let publication = volume.publish(&next).expect("publishes");
    assert_eq!(texts(&publication.written), ["p/0", "p/1", "p/2"]);
    let shifted = payload(&[
        ("p/0", "brand new", 0o440),
        ("p/1", "newest", 0o440),
        ("p/2", "older", 0o440),
    ]);
    assert_eq!(test.visible(), expected(&shifted));
    assert!(volume.publish(&shifted).expect("publishes").written.is_empty());
}

fn two_paths_can_change_places(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(&[("a", "one", 0o440), ("b/c", "two", 0o400)]);
    volume.publish(&old).expect("publishes");
    let swapped = moved(&old, &[("a", "b/c"), ("b/c", "a")]);
    volume.publish(&swapped).expect("publishes");
    let wanted = payload(&[("a", "two", 0o400), ("b/c", "one", 0o440)]);
    assert_eq!(test.visible(), expected(&wanted));
}

fn a_path_moves_without_its_object_being_fetched(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(&[("a", "bytes", 0o440)]);
    volume.publish(&old).expect("publishes");
    for (at, to) in [("a", "b/c"), ("b/c", "b"), ("b", "b/c/d")] {
        let before = payload(&[(at, "bytes", 0o440)]);
        let publication = volume.publish(&moved(&before, &[(to, at)])).expect("publishes");
        assert_eq!(texts(&publication.written), [to]);
        assert_eq!(texts(&publication.removed), [at]);
        assert_eq!(test.visible(), expected(&payload(&[(to, "bytes", 0o440)])));
    }
}

fn equal_bytes_at_another_path_are_no_change(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(&[("a", "same", 0o440), ("b", "same", 0o440)]);
    volume.publish(&old).expect("publishes");
    let before = fingerprint(test.root());
    let publication = volume
        .publish(&moved(&old, &[("a", "b"), ("b", "a")]))
        .expect("publishes");
    assert!(publication.written.is_empty());
    assert_eq!(fingerprint(test.root()), before);
}

fn a_source_that_is_not_intact_fails_the_publish_and_changes_nothing(layout: Layout) {
    let test = TestVolume::new(layout);
    let volume = test.open();
    let old = payload(&[("a", "one", 0o440), ("b", "two", 0o440)]);
    volume.publish(&old).expect("publishes");
    let never = moved(&payload(&[("never", "x", 0o440)]), &[("c", "never")]);
    assert_eq!(
        volume.publish(&never).expect_err("nothing there").action(),
        "keep"
    );

    let source = fs::canonicalize(test.root().join("a")).expect("there");
    set_mode(&source, 0o600);
    fs::write(&source, "uno").expect("writes");
    let before = fingerprint(test.root());
    // To a new path, and to one that is published itself.
    for to in ["c", "b"] {
        let failure = volume.publish(&moved(&old, &[(to, "a")])).expect_err("altered");
        assert!(
            failure.hint().action().contains("fetches it again"),
            "{}",
            failure.hint()
        );
        assert_eq!(fingerprint(test.root()), before);
    }
}

fn a_crash_within_a_shift_loses_no_version(layout: Layout) {
    let old = payload(&[("p/0", "newest", 0o440), ("p/1", "older", 0o440)]);
    let mut next = moved(&old, &[("p/1", "p/0")]);
    next.files.insert(path("p/0"), file("brand new", 0o440));
    let shifted = payload(&[("p/0", "brand new", 0o440), ("p/1", "newest", 0o440)]);
    for number in 0.. {
        let test = TestVolume::new(layout);
        test.publish(&old);
        let observer = StopAt::new(number, true);
        let _ = test.open_observed(observer.clone()).publish(&next);
        // The vault is away: nothing but what is on the volume.
        test.open().observe().expect("recovers");
        let visible = test.visible();
        assert!(
            visible == expected(&old) || visible == expected(&shifted),
            "{number}"
        );
        if observer.stopped().is_none() {
            break;
        }
    }
}
