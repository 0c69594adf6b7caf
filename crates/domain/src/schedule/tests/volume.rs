//! Without a volume, nothing that could be fetched has a place to go.

use super::*;

/// Half of the first spread, and the floor.
const FIRST_WAIT: Duration = Duration::from_millis(2_500);

#[test]
fn everything_is_due_again_after_a_wait_and_nothing_before() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["a"], 0);
    schedule.begin(&secret("b"), at(0));
    fails(&mut schedule, &secret("b"), 0, Reason::Forbidden, now(0, false));
    schedule.volume_failed(now(0, false));
    let retry = at(0) + FIRST_WAIT;
    assert_eq!(next_due(&schedule, 0), Some(retry), "whatever else is due");
    schedule.begin_pass(&intervals, at(2), 0.5);
    assert_eq!(due(&schedule, &["a"], 2), Vec::<&str>::new());
    schedule.begin_pass(&intervals, retry, 0.5);
    assert!(schedule.at(retry).is_due(&secret("a")));
}

#[test]
fn it_is_tried_less_and_less_until_it_works() {
    let (mut schedule, _) = begun(&["a"]);
    let mut wait = || {
        schedule.volume_failed(now(0, false));
        next_due(&schedule, 0).map(|due| due.since(at(0)))
    };
    let waits = [wait(), wait(), wait()];
    let expected = [2_500, 4_500, 8_500].map(|millis| Some(Duration::from_millis(millis)));
    assert_eq!(waits, expected);
    schedule.volume_worked();
    assert_eq!(next_due(&schedule, 0), Some(at(120)));
    schedule.volume_failed(now(0, false));
    assert_eq!(
        next_due(&schedule, 0),
        Some(at(0) + FIRST_WAIT),
        "counted from new"
    );
}

#[test]
fn who_wants_to_know_now_ends_the_wait() {
    let (mut schedule, intervals) = begun(&["a"]);
    answered(&mut schedule, &["a"], 0);
    schedule.volume_failed(now(0, false));
    schedule.wake(&SyncScope::Objects(BTreeSet::new()), at(1));
    assert_eq!(next_due(&schedule, 1), Some(at(1)));
    schedule.begin_pass(&intervals, at(1), 0.5);
    assert_eq!(due(&schedule, &["a"], 1), ["a"]);
}
