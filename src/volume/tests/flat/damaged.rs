//! A power cut that damages waiting files costs no published file.

use std::fs;
use std::io;
use std::sync::Mutex;

use crate::domain::desired::Layout;
use crate::domain::payload::{FileBytes, Payload};
use crate::volume::BlockingVolume as _;
use crate::volume::StepObserver;
use crate::volume::flat::Step;
use crate::volume::tests::support::{AnyStep, TestVolume, expected, file, path, payload};

/// Lets so many renames happen, and nothing after them.
struct StopAtRename(Mutex<usize>);

impl<S: Into<AnyStep>> StepObserver<S> for StopAtRename {
    fn before(&self, step: S) -> io::Result<()> {
        let mut left = self.0.lock().expect("not poisoned");
        match step.into() {
            AnyStep::Flat(Step::Rename) if *left > 0 => *left -= 1,
            AnyStep::Flat(Step::Rename) => return Err(io::Error::other("power cut")),
            _ => {}
        }
        Ok(())
    }
}

/// Publishes `old`, then `new` up to a rename, and halves the waiting files with these numbers.
fn cut(old: &Payload, new: &Payload, renames: usize, damaged: &[usize]) -> TestVolume {
    let test = TestVolume::new(Layout::Flat);
    test.publish(old);
    let observer = StopAtRename(Mutex::new(renames));
    test.open_observed(observer).publish(new).expect_err("stopped");
    for number in damaged {
        let waiting = test.root().join(format!("..akv-sync.staged/{number}"));
        let bytes = fs::read(&waiting).expect("waits");
        fs::remove_file(&waiting).expect("removes");
        fs::write(&waiting, &bytes[..bytes.len() / 2]).expect("writes");
    }
    test
}

#[test]
fn a_moved_file_whose_new_place_was_damaged_stays_in_the_old_one() {
    let old = payload(&[("a", "one", 0o440)]);
    let mut copied = file("", 0o440);
    copied.bytes = FileBytes::Published(path("a"));
    for bytes in [copied, file("two", 0o440)] {
        let mut new = Payload::default();
        new.files.insert(path("b"), bytes);
        let test = cut(&old, &new, 0, &[0]);
        let observed = test.open().observe().expect("recovers");
        assert!(observed.files.keys().eq(old.files.keys()));
        assert_eq!(test.visible(), expected(&old));
        test.assert_tidy(&old);
        test.publish(&new);
        assert!(test.visible().keys().eq(["b"]));
        test.assert_tidy(&new);
    }
}

#[test]
fn an_intent_of_which_nothing_came_is_abandoned_with_what_it_would_have_removed() {
    let old = payload(&[("a", "one", 0o440), ("gone", "two", 0o440)]);
    let new = payload(&[("b/c", "three", 0o440), ("d", "four", 0o440)]);
    for lost in [1, 2] {
        let test = cut(&old, &new, 0, &[]);
        for number in 0..lost {
            fs::remove_file(test.root().join(format!("..akv-sync.staged/{number}"))).expect("lost");
        }
        test.open().observe().expect("recovers");
        assert_eq!(test.visible(), expected(&old));
        test.assert_tidy(&old);
    }
}

#[test]
fn what_is_gone_stays_until_the_next_publish_when_a_part_of_the_new_set_was_damaged() {
    let old = payload(&[("old.crt", "crt 1", 0o440), ("old.key", "key 1", 0o440)]);
    let new = payload(&[("new.crt", "crt 2", 0o440), ("new.key", "key 2", 0o440)]);
    let test = cut(&old, &new, 1, &[1]);
    let observed = test.open().observe().expect("recovers");
    assert_eq!(observed.files.len(), 3);
    let mut found = old.clone();
    found.files.insert(path("new.crt"), file("crt 2", 0o440));
    assert_eq!(test.visible(), expected(&found));
    test.publish(&new);
    assert_eq!(test.visible(), expected(&new));
    test.assert_tidy(&new);
}

#[test]
fn two_paths_that_wait_for_one_file_do_not_stop_the_volume() {
    let old = payload(&[("a", "one", 0o440)]);
    let new = payload(&[("a", "two", 0o440), ("b", "three", 0o440), ("c", "four", 0o440)]);
    // The file is that of neither path, or of one of them.
    for number in [0, 1] {
        let test = cut(&old, &new, 0, &[]);
        let mut state = test.state();
        for path in ["b", "c"] {
            state["intent"]["staged"][path]["number"] = number.into();
        }
        fs::write(test.state_file(), state.to_string()).expect("writes");
        test.open().observe().expect("recovers");
        assert_eq!(test.visible(), expected(&old));
        test.assert_tidy(&old);
    }
}

#[test]
fn a_file_that_is_edited_while_a_publish_is_under_way_stays_ours() {
    let old = payload(&[("a", "one", 0o640), ("b", "two", 0o640)]);
    let new = payload(&[("a", "three", 0o640), ("b", "four", 0o640)]);
    for (renames, records_lost) in [(0, false), (1, false), (0, true), (1, true)] {
        let test = TestVolume::new(Layout::Flat);
        test.publish(&old);
        if records_lost {
            fs::write(test.state_file(), "damaged").expect("writes");
        }
        let stops = StopAtRename(Mutex::new(renames));
        test.open_observed(stops).publish(&new).expect_err("stopped");
        if renames == 0 {
            fs::remove_file(test.root().join("..akv-sync.staged/0")).expect("lost");
        }
        fs::write(test.root().join("a"), "edited").expect("writes");
        let volume = test.open();
        let observed = volume.observe().expect("recovers");
        assert!(!observed.files.contains_key(&path("a")), "it counts as missing");
        assert!(volume.publish(&new).expect("publishes").refused.is_empty());
        assert_eq!(test.visible(), expected(&new));
        test.assert_tidy(&new);
    }
}
