//! Any sequence of payloads, crashes among them: what is on the disk is the payload.

use proptest::prelude::*;

use super::crash::StopAt;
use super::support::FlatTest;
use crate::domain::payload::{Payload, Publication};
use crate::ports::Volume as _;
use crate::volume::tests::properties::{any_payload, difference};
use crate::volume::tests::support::{expected, fingerprint, kept};

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_publish_makes_the_payload_visible_and_a_second_one_touches_nothing(
        payloads in prop::collection::vec(any_payload(), 1..6),
        restarts in any::<u8>(),
    ) {
        let test = FlatTest::new();
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
            if test.state_file().exists() {
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

    #[test]
    fn after_crashes_anywhere_the_next_payload_is_visible_and_nothing_is_left_over(
        payloads in prop::collection::vec((any_payload(), 0_usize..40), 1..6),
        last in any_payload(),
    ) {
        let test = FlatTest::new();
        for (payload, steps) in &payloads {
            let _ = test.open_observed(StopAt::new(*steps, true)).publish(payload);
        }
        let volume = test.open();
        let publication = volume.publish(&last).expect("publishes");
        prop_assert!(publication.refused.is_empty());
        prop_assert_eq!(test.visible(), expected(&last));
        if test.state_file().exists() {
            test.assert_tidy(&last);
        }
    }
}
