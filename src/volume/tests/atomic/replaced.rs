//! What was replaced stays for a while, for who is listing it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use time::OffsetDateTime;

use crate::domain::desired::Layout;
use crate::domain::payload::Payload;
use crate::volume::BlockingVolume as _;
use crate::volume::atomic::Step;
use crate::volume::tests::support::{AnyStep, Before, TestVolume, expected, names, payload};

fn set(text: &str) -> Payload {
    payload(&[("conf.d/a", text, 0o440), ("conf.d/b", text, 0o440)])
}

/// A volume whose clock stands at the time of its stamps.
fn volume_now() -> TestVolume {
    let mut test = TestVolume::new(Layout::Atomic);
    test.clock = OffsetDateTime::now_utc();
    test
}

/// Two sets were published, the second just now.
fn replaced_just_now() -> TestVolume {
    let test = volume_now();
    test.publish(&set("one"));
    test.publish(&set("two"));
    test
}

#[test]
fn a_replaced_set_is_kept_for_ten_seconds_and_then_removed_by_the_next_call() {
    let mut test = replaced_just_now();
    let replaced = test.replaced().expect("named");
    test.clock += time::Duration::seconds(9);
    test.open().observe().expect("observes");
    test.publish(&set("two"));
    assert!(test.generations().contains(&replaced), "nine seconds are not ten");
    test.clock += time::Duration::seconds(2);
    test.open().observe().expect("observes");
    assert!(!test.generations().contains(&replaced));
    assert_eq!(test.visible(), expected(&set("two")));
}

#[test]
fn a_program_that_lists_the_replaced_set_sees_all_of_it() {
    let test = volume_now();
    test.publish(&set("one"));
    let listed = File::open(test.root().join("conf.d")).expect("opens");
    test.publish(&set("two"));
    test.publish(&set("two"));
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&listed);
    let seen = names(&PathBuf::from(format!("/proc/self/fd/{descriptor}")));
    assert_eq!(seen, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}

#[test]
fn there_are_never_more_than_two_sets_however_often_one_is_replaced() {
    let test = volume_now();
    let most = Arc::new(Mutex::new(0));
    let (root, seen) = (test.root().to_owned(), Arc::clone(&most));
    let counts = Before(move |_| {
        let generations = names(&root).into_iter().filter(|name| name.starts_with("..2"));
        let mut most = seen.lock().expect("not poisoned");
        *most = generations.count().max(*most);
        Ok(())
    });
    let volume = test.open_observed(counts);
    for text in ["one", "two", "three", "four"] {
        volume.publish(&set(text)).expect("publishes");
    }
    assert_eq!(*most.lock().expect("not poisoned"), 2);
    assert_eq!(test.generations().len(), 2);
    test.assert_tidy(&set("four"));
}

#[test]
fn a_half_written_set_is_removed_at_once_however_young_it_is() {
    let test = volume_now();
    test.publish(&set("one"));
    let stops = Before(|step| {
        let happens = step < AnyStep::Atomic(Step::Commit);
        happens.then_some(()).ok_or_else(|| io::Error::other("stopped"))
    });
    test.open_observed(stops)
        .publish(&set("two"))
        .expect_err("stopped");
    assert_eq!(test.generations().len(), 2);
    test.open().observe().expect("observes");
    assert_eq!(test.generations().len(), 1);
}

#[test]
fn what_is_left_of_the_time_is_told_and_then_the_set_is_removed() {
    let mut test = replaced_just_now();
    let second = Duration::from_secs(1);
    let left = test
        .open()
        .tidy(second)
        .expect("looks")
        .expect("something is kept");
    assert!(left <= second, "{left:?}");
    test.clock += time::Duration::seconds(2);
    assert_eq!(test.open().tidy(second).expect("removes"), None);
    assert_eq!(test.generations().len(), 1);
    assert_eq!(test.open().tidy(second).expect("looks"), None);
    test.assert_tidy(&set("two"));
}

#[test]
fn a_clock_that_was_set_back_does_not_keep_the_replaced_set() {
    let mut test = replaced_just_now();
    test.clock -= time::Duration::hours(1);
    test.open().observe().expect("observes");
    assert_eq!(test.generations().len(), 1);
}

#[test]
fn what_is_not_a_generation_of_ours_is_not_removed_in_the_place_of_the_replaced_one() {
    let mut test = replaced_just_now();
    let replaced = test.root().join(test.replaced().expect("named"));
    fs::rename(&replaced, test.beside("moved")).expect("moves");
    symlink(test.beside("moved"), &replaced).expect("link");
    test.clock += time::Duration::minutes(1);
    assert!(test.open().tidy(Duration::ZERO).is_ok());
    test.publish(&set("three"));
    assert!(test.beside("moved").join("conf.d/a").exists());
}
