//! What a gate stopped stays due.

use super::*;

#[test]
fn a_question_whose_host_failed_stays_due_and_leaves_when_the_gate_lets_it() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["b"], 0);
    schedule.begin(&secret("a"), at(1));
    fails(&mut schedule, &secret("a"), 1, Reason::Unreachable, now(1, true));
    let opens = at(1) + Duration::from_millis(2_500);
    let stopped: BTreeSet<_> = [secret("a")].into();
    assert_eq!(schedule.next_due(at(1), &stopped), Some(opens));
    schedule.begin_pass(&intervals, at(2), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 2), ["a"]);
    assert_eq!(schedule.permit(&secret("a"), at(2)), Permit::No);
    assert_eq!(schedule.permit(&secret("a"), at(4)), Permit::Probe);
}

/// It did not leave at all.
#[test]
fn a_question_that_another_ones_failure_stopped_stays_due() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    schedule.begin(&secret("a"), at(0));
    fails(&mut schedule, &secret("a"), 0, Reason::Throttled, now(0, true));
    for second in [10, 130] {
        schedule.begin_pass(&intervals, at(second), 0.5);
        assert_eq!(due(&schedule, &["a", "b"], second), ["a", "b"]);
    }
    assert!(
        schedule.failure(&secret("b")).is_none(),
        "nothing is known against it"
    );
}

/// No question gets through without a token.
#[test]
fn a_token_that_cannot_be_had_stops_the_questions_to_every_vault() {
    let (mut schedule, _) = begun(&["a", "b"]);
    schedule.begin(&secret("a"), at(0));
    fails(
        &mut schedule,
        &secret("a"),
        0,
        Reason::IdentityUnavailable,
        now(0, true),
    );
    assert_eq!(schedule.stops(&secret("b"), at(0)), Some(Endpoint::Token));
    assert_eq!(due(&schedule, &["a", "b"], 0), ["a", "b"]);
}

#[test]
fn what_was_answered_before_leaves_twenty_at_a_time_and_what_is_new_a_hundred() {
    let names: Vec<_> = (0..300).map(|number| format!("secret-{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (mut schedule, _) = begun(&names);
    schedule.speaks(&VaultId::named("app"), Protocol::Http2);
    let leave = |schedule: &mut Schedule, names: &[&str], second| {
        let left = names.iter().take_while(|name| {
            let leaves = schedule.permit(&secret(name), at(second)) == Permit::Yes;
            if leaves {
                schedule.begin(&secret(name), at(second));
            }
            leaves
        });
        left.count()
    };
    assert_eq!(leave(&mut schedule, &names, 0), 100);
    for name in &names[..100] {
        ended(&mut schedule, &secret(name), 0, None, now(0, true));
    }
    assert_eq!(
        leave(&mut schedule, &names[..100], 120),
        20,
        "they are asked again"
    );
    assert_eq!(
        leave(&mut schedule, &names[100..], 120),
        180,
        "these are new, and find what is left of 200"
    );
}

#[test]
fn a_question_that_only_waits_for_a_place_or_for_a_probe_wakes_nobody() {
    let (mut schedule, _) = begun(&["a", "b"]);
    schedule.begin(&secret("a"), at(0));
    let waiting: BTreeSet<_> = [secret("b")].into();
    assert_eq!(
        schedule.next_due(at(0), &waiting),
        Some(at(120)),
        "it waits for a place"
    );

    fails(
        &mut schedule,
        &secret("a"),
        0,
        Reason::Unreachable,
        now(30, false),
    );
    let opens = schedule.next_due(at(30), &waiting).expect("known");
    assert_eq!(opens, at(30) + Duration::from_millis(2_500));
    assert_eq!(schedule.permit(&secret("b"), opens), Permit::Probe);
    schedule.begin(&secret("b"), opens);
    let waiting: BTreeSet<_> = [secret("a")].into();
    assert_eq!(
        schedule.next_due(opens, &waiting),
        Some(at(120)),
        "the probe ends by itself"
    );
}

#[test]
fn a_host_whose_every_object_fails_is_left_alone_from_the_second_failure_on() {
    let (mut schedule, _) = begun(&["a", "b", "c"]);
    for name in ["a", "b"] {
        schedule.begin(&secret(name), at(0));
    }
    fails(&mut schedule, &secret("a"), 0, Reason::Unavailable, now(1, false));
    assert_eq!(
        schedule.permit(&secret("c"), at(1)),
        Permit::Yes,
        "it may be the object"
    );
    fails(&mut schedule, &secret("b"), 0, Reason::Unavailable, now(1, false));
    assert_eq!(schedule.permit(&secret("c"), at(1)), Permit::No);

    // The first one waits for the gate like the others: an answer to one of them makes it due.
    answered(&mut schedule, &["c"], 5);
    for name in ["a", "b"] {
        assert!(schedule.at(at(5)).is_due(&secret(name)), "{name}");
        assert_eq!(schedule.permit(&secret(name), at(5)), Permit::Yes, "{name}");
    }
}
