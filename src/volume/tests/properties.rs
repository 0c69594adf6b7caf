//! Any sequence of payloads, crashes among them: what is visible is the payload, and publishing it again changes
//! nothing.

use proptest::prelude::*;

use super::support::{StopAt, TestVolume, expected, file, fingerprint, kept, path};
use crate::domain::desired::Layout;
use crate::domain::payload::{Payload, Publication};
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    every_publish_makes_the_payload_visible_and_a_second_one_touches_nothing,
    after_crashes_anywhere_the_next_payload_is_visible_and_nothing_is_left_over,
}

/// Names that nest, collide in order and replace each other as file and directory.
pub(super) const PATHS: &[&str] = &[
    "a", "a/b", "a/b/c", "a/d", "a-b", "b", "b/a", "b/a/..c", "c.pem", "é/ü",
];

pub(super) fn any_payload() -> impl Strategy<Value = Payload> {
    let file_at = (
        prop::sample::select(PATHS),
        prop::sample::select(&["", "one", "two", "three"][..]),
        prop::sample::select(&[0o400, 0o440, 0o444, 0o600][..]),
    );
    prop::collection::vec(file_at, 0..7).prop_map(|files| {
        let mut payload = Payload::default();
        for (name, bytes, mode) in files {
            let path = path(name);
            let mut others = payload.files.keys();
            if others.all(|other| !path.is_directory_of(other) && !other.is_directory_of(&path)) {
                payload.files.insert(path, file(bytes, mode));
            }
        }
        payload
    })
}

fn config() -> ProptestConfig {
    ProptestConfig::with_cases(48)
}

fn every_publish_makes_the_payload_visible_and_a_second_one_touches_nothing(layout: Layout) {
    let payloads = prop::collection::vec(any_payload(), 1..6);
    proptest!(config(), |(payloads in payloads, restarts in any::<u8>())| {
        publish_each_twice(layout, &payloads, restarts);
    });
}

fn after_crashes_anywhere_the_next_payload_is_visible_and_nothing_is_left_over(layout: Layout) {
    let payloads = prop::collection::vec((any_payload(), 0_usize..40), 1..6);
    proptest!(config(), |(payloads in payloads, last in any_payload())| {
        publish_after_crashes(layout, &payloads, &last);
    });
}

/// Publishes one payload after the other, opening the volume anew where `restarts` has a bit.
fn publish_each_twice(layout: Layout, payloads: &[Payload], restarts: u8) {
    let test = TestVolume::new(layout);
    let mut volume = test.open();
    let mut before = Payload::default();
    for (number, payload) in payloads.iter().enumerate() {
        if restarts >> (number % 8) & 1 == 1 {
            drop(volume);
            volume = test.open();
        }
        let publication = volume.publish(payload).expect("publishes");
        assert_eq!(publication, difference(&before, payload));
        assert_eq!(test.visible(), expected(payload));
        if test.is_published() {
            test.assert_tidy(payload);
        }

        // What was replaced is old by this clock: the next call removes it.
        volume.observe().expect("observes");
        let fingerprint_before = fingerprint(test.root());
        for again in [payload, &kept(payload)] {
            assert_eq!(volume.publish(again).expect("publishes"), Publication::default());
        }
        assert_eq!(fingerprint(test.root()), fingerprint_before);

        let observed = volume.observe().expect("observes");
        assert!(observed.files.keys().eq(payload.files.keys()));
        for (path, file) in &payload.files {
            let found = &observed.files[path];
            assert_eq!((&found.record, found.mode), (&file.record, file.mode));
            assert!(found.owner_matches);
        }
        before = payload.clone();
    }
}

/// Publishes the last payload after others that each were interrupted after so many steps.
fn publish_after_crashes(layout: Layout, payloads: &[(Payload, usize)], last: &Payload) {
    let test = TestVolume::new(layout);
    for (payload, steps) in payloads {
        let _ = test.open_observed(StopAt::new(*steps, true)).publish(payload);
    }
    let volume = test.open();
    let publication = volume.publish(last).expect("publishes");
    assert!(publication.refused.is_empty());
    assert_eq!(test.visible(), expected(last));
    if test.is_published() {
        test.assert_tidy(last);
    }
}

/// What a publish shall report, told from the payloads alone.
fn difference(before: &Payload, after: &Payload) -> Publication {
    let mut publication = Publication::default();
    for (path, file) in &after.files {
        match before.files.get(path) {
            Some(old) if old.bytes == file.bytes && old.mode == file.mode => {}
            Some(old) if old.bytes == file.bytes => publication.adjusted.push(path.clone()),
            _ => publication.written.push(path.clone()),
        }
    }
    let gone = before.files.keys().filter(|path| !after.files.contains_key(path));
    publication.removed = gone.cloned().collect();
    publication
}
