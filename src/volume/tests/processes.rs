//! Tests that need a process of another sort: without privileges, with a hostile umask, on a small volume, killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::unistd::Uid;

use super::support::{
    TestVolume, expected, given_root, is_inner, later, mount, pair, payload, read_pair, run_as_nobody,
    run_on_small_volume, run_with_hostile_umask, settled_pair, start, test_name, texts,
};
use crate::domain::desired::Layout;
use crate::ports::VolumeFailureKind;
use crate::volume::{BlockingVolume as _, ReadOnlyVolume};

for_both_layouts! {
    a_umask_that_takes_every_bit_changes_nothing,
    #[ignore = "a part of a_umask_that_takes_every_bit_changes_nothing"]
    publishes_into_a_given_root,
    a_full_and_a_read_only_volume_keep_what_is_published,
    #[ignore = "a part of a_full_and_a_read_only_volume_keep_what_is_published"]
    fills_a_given_root,
    a_writer_killed_at_any_moment_leaves_whole_files_that_the_next_call_makes_one_set,
    #[ignore = "a part of a_writer_killed_at_any_moment_leaves_whole_files_that_the_next_call_makes_one_set"]
    publishes_until_killed,
}

/// The name of a part for the layout of the test that starts it.
fn part(layout: Layout, test: &str) -> String {
    let layout = match layout {
        Layout::Atomic => "atomic",
        Layout::Flat => "flat",
    };
    test_name(module_path!(), &format!("{layout}::{test}"))
}

#[test]
fn everything_holds_for_an_unprivileged_user_too() {
    if is_inner() {
        return;
    }
    if !Uid::effective().is_root() {
        println!("skipped: this process is unprivileged already");
        return;
    }
    let prefix = test_name(module_path!(), "");
    let (prefix, _) = prefix.rsplit_once("processes").expect("this module");
    if let Some(output) = run_as_nobody(prefix) {
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert!(!text.contains(" 0 passed"), "no test ran: {text}");
    }
}

fn a_umask_that_takes_every_bit_changes_nothing(layout: Layout) {
    if !is_inner() {
        run_with_hostile_umask(&part(layout, "publishes_into_a_given_root"));
    }
}

fn publishes_into_a_given_root(layout: Layout) {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(layout, root);
    let wanted = payload(&[("db/deep/password", "one", 0o440), ("token", "t", 0o644)]);
    test.publish(&wanted);
    assert_eq!(test.visible(), expected(&wanted));
    test.assert_directory_modes(0o755);
    for changed in [
        payload(&[("db/password", "two", 0o440)]),
        payload(&[("db", "two", 0o440)]),
    ] {
        test.publish(&changed);
        test.assert_tidy(&changed);
    }
}

fn a_full_and_a_read_only_volume_keep_what_is_published(layout: Layout) {
    if !is_inner() {
        run_on_small_volume(&part(layout, "fills_a_given_root"));
    }
}

fn fills_a_given_root(layout: Layout) {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(layout, root);
    let small = payload(&[("a", "1", 0o440), ("b/c", "2", 0o440)]);
    let volume = test.open();
    volume.publish(&small).expect("publishes");

    let large = "x".repeat(100_000);
    for (first, second) in [(large.as_str(), "3"), ("3", large.as_str())] {
        let large = payload(&[("a", first, 0o440), ("b/c", second, 0o440)]);
        let failure = volume.publish(&large).expect_err("too large");
        assert!(
            failure.hint().action().contains("sizeLimit"),
            "{}",
            failure.hint()
        );
        assert_eq!(test.visible(), expected(&small));
        test.assert_tidy(&small);
    }

    // Old and new side by side fit; and room is given back each time.
    for number in 0..20 {
        let bytes = format!("{number}").repeat(5_000);
        volume
            .publish(&payload(&[("a", &bytes, 0o440)]))
            .expect("publishes");
    }

    mount(&["-o", "remount,ro"], test.root());
    let before = test.visible();
    let failure = volume.publish(&small).expect_err("read-only");
    assert_eq!(failure.kind(), VolumeFailureKind::ReadOnly);
    assert!(failure.hint().action().contains("readOnly"), "{}", failure.hint());
    assert_eq!(test.visible(), before);

    // It can be looked at all the same.
    let reader = ReadOnlyVolume::new(&test.spec, Arc::new(later())).expect("resolves");
    assert_eq!(reader.observe().expect("looks").files.len(), 1);
    let foretold = reader.publish(&small).expect("looks");
    assert_eq!(texts(&foretold.written), ["a", "b/c"]);
}

fn a_writer_killed_at_any_moment_leaves_whole_files_that_the_next_call_makes_one_set(layout: Layout) {
    if is_inner() {
        return;
    }
    let test = TestVolume::new(layout);
    test.publish(&pair(0));
    for round in 0..25 {
        let before = settled_pair(&test);
        let mut writer = start(&part(layout, "publishes_until_killed"), test.root());
        // The writer is at work once a set of its own is there; how far it gets from there differs each round.
        let mut reads = 0;
        let deadline = Instant::now() + Duration::from_mins(1);
        while reads < round * 7 + 1 {
            assert!(Instant::now() < deadline, "the writer publishes nothing");
            assert!(writer.try_wait().expect("child").is_none(), "the writer ended");
            let found = read_pair(&test);
            reads +=
                usize::from(found.is_some_and(|(certificate, key)| certificate != before && key != before));
        }
        writer.kill().expect("kills");
        writer.wait().expect("ends");

        let left = read_pair(&test).expect("a set is there");
        let volume = test.open();
        assert_eq!(volume.observe().expect("recovers").files.len(), 2);
        let recovered = settled_pair(&test);
        // What was committed in the flat layout is finished; in the atomic one it is complete.
        assert!(layout == Layout::Flat || left == (recovered, recovered));
        test.assert_tidy(&pair(recovered));
    }
}

fn publishes_until_killed(layout: Layout) {
    let Some(root) = given_root() else { return };
    let test = TestVolume::at(layout, root);
    let first = settled_pair(&test) + 1;
    let volume = test.open();
    for number in first..first + 1_000_000 {
        volume.publish(&pair(number)).expect("publishes");
    }
}
