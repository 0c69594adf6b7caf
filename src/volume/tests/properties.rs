//! Any sequence of payloads: what is visible is the payload, and publishing it again changes nothing.

use proptest::prelude::*;

use super::support::{TestVolume, expected, file, fingerprint, kept, path};
use crate::domain::payload::{Payload, Publication};
use crate::ports::Volume as _;

/// Names that nest, collide in order and replace each other as file and directory.
const PATHS: &[&str] = &[
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
            let fits = |other: &_| !path.is_directory_of(other) && !other.is_directory_of(&path);
            if payload.files.keys().all(fits) {
                payload.files.insert(path, file(bytes, mode));
            }
        }
        payload
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_publish_makes_the_payload_visible_and_a_second_one_touches_nothing(
        payloads in prop::collection::vec(any_payload(), 1..6),
        restarts in any::<u8>(),
    ) {
        let test = TestVolume::new();
        let mut volume = test.open();
        let mut before = Payload::default();
        for (number, payload) in payloads.iter().enumerate() {
            if restarts >> (number % 8) & 1 == 1 {
                drop(volume);
                volume = test.open();
            }
            let publication = volume.publish(payload).expect("publishes");
            prop_assert_eq!(publication, difference(&before, payload));
            prop_assert_eq!(test.visible(), expected(payload));
            if test.root().join("..data").exists() {
                test.assert_tidy(payload);
            }

            let fingerprint_before = fingerprint(test.root());
            for again in [payload, &kept(payload)] {
                prop_assert_eq!(volume.publish(again).expect("publishes"), Publication::default());
            }
            prop_assert_eq!(fingerprint(test.root()), fingerprint_before);

            let observed = volume.observe().expect("observes");
            prop_assert!(observed.files.keys().eq(payload.files.keys()));
            for (path, file) in &payload.files {
                let found = &observed.files[path];
                prop_assert_eq!((&found.record, found.mode), (&file.record, file.mode));
                prop_assert!(found.owner_matches);
            }
            before = payload.clone();
        }
    }
}

/// What a publish shall report, told from the payloads alone.
pub(super) fn difference(before: &Payload, after: &Payload) -> Publication {
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
