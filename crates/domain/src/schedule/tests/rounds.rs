//! What is asked of one host at one interval has one due time.

use super::*;

#[test]
fn questions_of_one_host_at_one_interval_are_due_together() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["a"], 0);
    answered(&mut schedule, &["b"], 50);
    assert_eq!(next_due(&schedule, 50), Some(at(120)));
    assert_eq!(schedule.due_of(&secret("a")), schedule.due_of(&secret("b")));
    schedule.begin_pass(&intervals, at(119), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 119), Vec::<&str>::new());
    schedule.begin_pass(&intervals, at(120), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 120), ["a", "b"]);
}

#[test]
fn a_question_that_is_new_is_due_at_once_and_then_with_its_round() {
    let (mut schedule, mut intervals) = begun(&["a"]);
    answered(&mut schedule, &["a"], 0);
    intervals.extend(every(INTERVAL, &["b"]));
    schedule.begin_pass(&intervals, at(60), 0.9);
    assert_eq!(due(&schedule, &["a", "b"], 60), ["b"]);
    answered(&mut schedule, &["b"], 60);
    assert_eq!(schedule.due_of(&secret("b")), Some(at(120)));
}

#[test]
fn another_interval_is_another_round() {
    let mut intervals = every(INTERVAL, &["often"]);
    intervals.extend(every(INTERVAL * 5, &["seldom"]));
    let mut schedule = Schedule::default();
    schedule.begin_pass(&intervals, at(0), 0.5);
    answered(&mut schedule, &["often", "seldom"], 0);
    schedule.begin_pass(&intervals, at(120), 0.5);
    assert_eq!(due(&schedule, &["often", "seldom"], 120), ["often"]);
    assert_eq!(schedule.due_of(&secret("seldom")), Some(at(600)));
}

/// Chance keeps hosts apart: each round has its own time.
#[test]
fn another_host_is_another_round() {
    let (mut schedule, mut intervals) = begun(&["a"]);
    answered(&mut schedule, &["a"], 0);
    let other = of_host("other", "a");
    intervals.insert(other.clone(), INTERVAL);
    schedule.begin_pass(&intervals, at(60), 0.5);
    assert!(schedule.at(at(60)).is_due(&other));
    assert_eq!(schedule.due_of(&secret("a")), Some(at(120)));
    assert_eq!(schedule.due_of(&other), Some(at(180)));
}

#[test]
fn what_nobody_asks_for_any_more_is_forgotten() {
    let (mut schedule, _) = begun(&["a", "b"]);
    answered(&mut schedule, &["a", "b"], 0);
    schedule.begin_pass(&every(INTERVAL, &["a"]), at(10), 0.5);
    assert!(schedule.knows(&secret("a")) && !schedule.knows(&secret("b")));
    schedule.begin_pass(&every(INTERVAL, &["a", "b"]), at(20), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 20), ["b"], "it is new again");
}
