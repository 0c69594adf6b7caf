//! What fails by itself has a due time of its own.

use super::*;

#[test]
fn a_refusal_is_asked_again_soon_while_somebody_waits_for_the_first_files() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["b"], 0);
    schedule.begin(&secret("a"), at(0));
    fails(&mut schedule, &secret("a"), 0, Reason::Forbidden, now(0, false));
    // Half of 15 s, and half of the rest.
    let retry = at(0) + Duration::from_millis(11_250);
    assert_eq!(next_due(&schedule, 0), Some(retry));
    assert_eq!(schedule.due_of(&secret("a")), Some(retry));
    schedule.begin_pass(&intervals, at(11), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 11), Vec::<&str>::new());
    assert_eq!(due(&schedule, &["a", "b"], 12), ["a"]);

    answered(&mut schedule, &["a"], 12);
    assert_eq!(
        schedule.due_of(&secret("a")),
        Some(at(120)),
        "with its round again"
    );
}

#[test]
fn a_refusal_waits_for_its_round_while_files_are_served() {
    let (mut schedule, _) = begun(&["a"]);
    schedule.begin(&secret("a"), at(0));
    fails(&mut schedule, &secret("a"), 0, Reason::Forbidden, now(0, true));
    assert_eq!(next_due(&schedule, 0), Some(at(120)));
    assert!(
        !schedule.at(at(60)).may_ask(&secret("a")),
        "nor for another's sake"
    );
}

/// Others were answered meanwhile, so it is not the host.
#[test]
fn an_object_that_is_in_trouble_alone_is_asked_again_before_its_round() {
    let (mut schedule, _) = begun(&["a", "b"]);
    schedule.begin(&secret("a"), at(0));
    answered(&mut schedule, &["b"], 1);
    fails(&mut schedule, &secret("a"), 0, Reason::Unavailable, now(2, true));
    assert_eq!(next_due(&schedule, 2), Some(at(2) + Duration::from_millis(2_500)));
    assert_eq!(schedule.permit(&secret("b"), at(2)), Permit::Yes);
}

#[test]
fn an_entry_that_cannot_be_made_is_asked_again_like_a_refusal_until_files_are_served() {
    for (ready, expected) in [(false, Duration::from_millis(11_250)), (true, INTERVAL)] {
        let (mut schedule, _) = begun(&["a"]);
        answered(&mut schedule, &["a"], 0);
        schedule.entry_failed([&secret("a")], 1, now(0, ready));
        assert_eq!(next_due(&schedule, 0), Some(at(0) + expected), "ready: {ready}");
    }
}

#[test]
fn while_files_are_served_an_object_that_is_throttled_alone_is_asked_no_sooner_than_a_healthy_one() {
    let hours = Duration::from_hours(6);
    for (interval, due) in [(INTERVAL, 200 + 120), (hours, 200 + 3_600)] {
        let mut schedule = Schedule::default();
        schedule.begin_pass(&every(interval, &["a", "b"]), at(0), 0.5);
        fails(&mut schedule, &secret("a"), 0, Reason::Throttled, now(1, true));
        answered(&mut schedule, &["b"], 101);
        fails(
            &mut schedule,
            &secret("a"),
            199,
            Reason::Throttled,
            now(200, true),
        );
        assert_eq!(schedule.permit(&secret("b"), at(200)), Permit::Yes);
        assert_eq!(schedule.due_of(&secret("a")), Some(at(due)), "{interval:?}");
    }
}

#[test]
fn while_files_are_served_an_object_that_goes_on_failing_alone_is_asked_as_often_as_a_healthy_one() {
    let (mut schedule, _) = begun(&["a", "b"]);
    schedule.begin(&secret("a"), at(0));
    answered(&mut schedule, &["b"], 1);
    fails(&mut schedule, &secret("a"), 0, Reason::Unavailable, now(2, true));
    assert_eq!(
        schedule.due_of(&secret("a")),
        Some(at(2) + Duration::from_millis(2_500)),
        "once more within seconds"
    );
    schedule.begin(&secret("a"), at(5));
    fails(&mut schedule, &secret("a"), 5, Reason::Unavailable, now(6, true));
    assert_eq!(schedule.due_of(&secret("a")), Some(at(6) + INTERVAL));
}
