//! The state file: what it holds, and what its loss costs.

use std::fs;

use super::publishing::OLD;
use super::support::{TestVolume, expected, mode_of, payload};
use crate::domain::desired::Layout;
use crate::volume::BlockingVolume as _;

for_both_layouts! {
    a_damaged_state_file_costs_a_rewrite_and_never_a_failure,
    a_state_file_that_somebody_changes_is_read_again,
    the_state_file_is_private_and_holds_no_value,
    the_key_of_digests_outlives_a_publish,
}

fn a_damaged_state_file_costs_a_rewrite_and_never_a_failure(layout: Layout) {
    let old = payload(OLD);
    let changed = payload(&[
        ("db/password", "two", 0o440),
        ("db/user", "app", 0o440),
        ("token", "t", 0o400),
    ]);
    for damage in [
        &b""[..],
        b"{",
        b"null",
        br#"{"format":2,"files":{}}"#,
        br#"{"format":1,"digestKey":"AA==","files":{}}"#,
        b"\xff\xfe\x00",
    ] {
        for wanted in [&old, &changed] {
            let test = TestVolume::new(layout);
            test.publish(&old);
            fs::write(test.state_file(), damage).expect("writes");
            let volume = test.open();
            let observed = volume.observe().expect("observes");
            assert!(observed.files.is_empty() && observed.records_lost);
            assert_eq!(test.visible(), expected(&old), "observing took files away");
            let publication = volume.publish(wanted).expect("publishes");
            assert_eq!(publication.written.len(), OLD.len());
            assert!(publication.refused.is_empty());
            assert_eq!(test.visible(), expected(wanted));
            test.assert_tidy(wanted);
            let observed = volume.observe().expect("observes");
            assert!(observed.files.len() == OLD.len() && !observed.records_lost);
        }
    }
}

fn a_state_file_that_somebody_changes_is_read_again(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&payload(OLD));
    let volume = test.open();
    let before = fs::read(test.state_file()).expect("readable");
    let known = || {
        let observed = volume.observe().expect("observes");
        (observed.files.len(), observed.records_lost)
    };
    assert_eq!(known(), (OLD.len(), false));
    fs::write(test.state_file(), "{").expect("writes");
    assert_eq!(known(), (0, true));
    fs::write(test.state_file(), before).expect("writes");
    assert_eq!(known(), (OLD.len(), false));
}

fn the_state_file_is_private_and_holds_no_value(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&payload(&[("a", "marker-of-a-value", 0o444)]));
    let state = fs::read_to_string(test.state_file()).expect("readable");
    assert!(!state.contains("marker-of-a-value"));
    assert_eq!(mode_of(&test.state_file()), 0o600);
}

fn the_key_of_digests_outlives_a_publish(layout: Layout) {
    let test = TestVolume::new(layout);
    test.publish(&payload(&[("a", "1", 0o440)]));
    let first = test.state()["digestKey"].clone();
    assert!(first.is_string());
    test.publish(&payload(&[("a", "2", 0o440)]));
    assert_eq!(test.state()["digestKey"], first);
}
