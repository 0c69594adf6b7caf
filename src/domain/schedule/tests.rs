//! When questions are asked, rule by rule.

use super::*;
use crate::domain::failure::Reason;
use crate::domain::query::test_queries::secret;

const INTERVAL: Duration = Duration::from_mins(2);

fn at(seconds: u64) -> Moment {
    Moment::START + Duration::from_secs(seconds)
}

fn now(seconds: u64, ready: bool) -> Now {
    Now {
        at: at(seconds),
        ready,
        jitter: 0.5,
    }
}

/// A schedule of secrets with one interval, whose first round begins at zero.
fn begun(names: &[&str]) -> (Schedule, BTreeMap<Query, Duration>) {
    let intervals: BTreeMap<_, _> = names.iter().map(|name| (secret(name), INTERVAL)).collect();
    let mut schedule = Schedule::default();
    schedule.begin_pass(&intervals, at(0), 0.5);
    (schedule, intervals)
}

fn fails(schedule: &mut Schedule, query: &Query, asked_at: u64, reason: Reason, now: Now) {
    let failure = Failure::new(reason, "seen", "do");
    let ended = Ended {
        query,
        asked_at: at(asked_at),
        failure: Some(&failure),
        unused: 0,
    };
    schedule.ended(ended, now);
}

fn answered(schedule: &mut Schedule, query: &Query, asked_at: u64, now: Now) {
    let ended = Ended {
        query,
        asked_at: at(asked_at),
        failure: None,
        unused: 0,
    };
    schedule.ended(ended, now);
}

#[test]
fn while_files_are_served_an_object_that_is_throttled_alone_is_asked_no_sooner_than_a_healthy_one() {
    let hours = Duration::from_hours(6);
    for (interval, due) in [(INTERVAL, 200 + 120), (hours, 200 + 3_600)] {
        let intervals: BTreeMap<_, _> = ["a", "b"].map(|name| (secret(name), interval)).into();
        let mut schedule = Schedule::default();
        schedule.begin_pass(&intervals, at(0), 0.5);
        fails(&mut schedule, &secret("a"), 0, Reason::Throttled, now(1, true));
        answered(&mut schedule, &secret("b"), 100, now(101, true));
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
fn the_retry_after_of_an_object_that_is_throttled_alone_holds_whoever_wants_to_know() {
    let (mut schedule, _) = begun(&["a", "b"]);
    fails(&mut schedule, &secret("a"), 0, Reason::Throttled, now(1, true));
    answered(&mut schedule, &secret("b"), 100, now(101, true));
    let failure = Failure::new(Reason::Throttled, "seen", "do").after(Some(Duration::from_mins(1)));
    let ended = Ended {
        query: &secret("a"),
        asked_at: at(199),
        failure: Some(&failure),
        unused: 0,
    };
    schedule.ended(ended, now(200, true));
    schedule.wake(&SyncScope::All, at(201));
    let quiet = at(200) + Duration::from_secs(63);
    assert_eq!(schedule.due_of(&secret("a")), Some(quiet));
}

/// A question for a secret of another vault than the others.
fn elsewhere(name: &str) -> Query {
    let Query::Object(mut source) = secret(name) else {
        unreachable!("it is for an object")
    };
    source.object.vault = VaultId::named("shared");
    Query::Object(source)
}

#[test]
fn who_wants_some_objects_wakes_the_gates_of_their_hosts_alone() {
    let both = [secret("a"), elsewhere("b")];
    let intervals: BTreeMap<_, _> = both.iter().map(|query| (query.clone(), INTERVAL)).collect();
    let mut schedule = Schedule::default();
    schedule.begin_pass(&intervals, at(0), 0.5);
    for query in &both {
        schedule.begin(query, at(0));
        fails(&mut schedule, query, 0, Reason::Unreachable, now(1, true));
    }
    let permits = |schedule: &Schedule| both.clone().map(|query| schedule.permit(&query, at(2)));
    assert_eq!(permits(&schedule), [Permit::No; 2]);
    let wanted = both[0].object().cloned();
    schedule.wake(&SyncScope::Objects(wanted.into_iter().collect()), at(2));
    assert_eq!(permits(&schedule), [Permit::Probe, Permit::No]);
    schedule.wake(&SyncScope::All, at(2));
    assert_eq!(permits(&schedule), [Permit::Probe; 2]);
}

#[test]
fn who_wants_an_object_wakes_the_gate_of_the_token_endpoint() {
    let (mut schedule, _) = begun(&["a"]);
    schedule.begin(&secret("a"), at(0));
    fails(
        &mut schedule,
        &secret("a"),
        0,
        Reason::IdentityUnavailable,
        now(1, true),
    );
    assert_eq!(schedule.permit(&secret("a"), at(2)), Permit::No);
    let wanted = secret("a").object().cloned();
    schedule.wake(&SyncScope::Objects(wanted.into_iter().collect()), at(2));
    assert_eq!(schedule.permit(&secret("a"), at(2)), Permit::Probe);
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
    schedule.begin(&secret("c"), at(4));
    answered(&mut schedule, &secret("c"), 4, now(5, false));
    for name in ["a", "b"] {
        assert!(schedule.at(at(5)).is_due(&secret(name)), "{name}");
        assert_eq!(schedule.permit(&secret(name), at(5)), Permit::Yes, "{name}");
    }
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
