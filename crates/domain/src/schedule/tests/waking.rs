//! Somebody wants to know now.

use super::*;

fn objects(names: &[&str]) -> SyncScope {
    let queries = names.iter().map(|name| secret(name));
    SyncScope::Objects(queries.filter_map(|query| query.object().cloned()).collect())
}

#[test]
fn all_questions_are_due_and_their_rounds_begin() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["a", "b"], 0);
    schedule.wake(&SyncScope::All, at(10));
    schedule.begin_pass(&intervals, at(10), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 10), ["a", "b"]);
    answered(&mut schedule, &["a", "b"], 10);
    assert_eq!(
        next_due(&schedule, 10),
        Some(at(130)),
        "the interval counts from then on"
    );
}

#[test]
fn some_objects_are_due_and_the_rounds_stay_as_they_are() {
    let (mut schedule, intervals) = begun(&["a", "b"]);
    answered(&mut schedule, &["a", "b"], 0);
    schedule.wake(&objects(&["a"]), at(10));
    schedule.begin_pass(&intervals, at(10), 0.5);
    assert_eq!(due(&schedule, &["a", "b"], 10), ["a"]);
    answered(&mut schedule, &["a"], 10);
    assert_eq!(next_due(&schedule, 10), Some(at(120)));
    assert_eq!(due(&schedule, &["a", "b"], 10), Vec::<&str>::new());
}

#[test]
fn the_versions_of_an_object_are_about_it_too() {
    let Some(object) = secret("a").object().cloned() else {
        unreachable!("it asks for an object");
    };
    let versions = Query::Versions(object);
    let mut schedule = Schedule::default();
    schedule.begin_pass(&[(versions.clone(), INTERVAL)].into(), at(0), 0.5);
    schedule.begin(&versions, at(0));
    ended(&mut schedule, &versions, 0, None, now(0, true));
    schedule.wake(&objects(&["b"]), at(10));
    assert!(!schedule.at(at(10)).is_due(&versions));
    schedule.wake(&objects(&["a"]), at(10));
    assert!(schedule.at(at(10)).is_due(&versions));
}

#[test]
fn what_waits_for_its_own_time_does_so_no_more() {
    let (mut schedule, _) = begun(&["a"]);
    schedule.begin(&secret("a"), at(0));
    fails(&mut schedule, &secret("a"), 0, Reason::Forbidden, now(0, false));
    schedule.wake(&objects(&["a"]), at(1));
    assert_eq!(due(&schedule, &["a"], 1), ["a"]);
}

#[test]
fn an_open_gate_lets_its_probe_leave_and_a_quiet_host_is_left_alone() {
    for (asked_for, expected) in [(None, Permit::Probe), (Some(Duration::from_mins(1)), Permit::No)] {
        let (mut schedule, _) = begun(&["a"]);
        schedule.begin(&secret("a"), at(0));
        let failure = Failure::new(Reason::Throttled, "seen", "do").after(asked_for);
        ended(&mut schedule, &secret("a"), 0, Some(&failure), now(0, true));
        assert_eq!(schedule.permit(&secret("a"), at(1)), Permit::No);
        schedule.wake(&SyncScope::All, at(1));
        assert_eq!(schedule.permit(&secret("a"), at(1)), expected, "{asked_for:?}");
    }
}

#[test]
fn the_retry_after_of_an_object_that_is_throttled_alone_holds_whoever_wants_to_know() {
    let (mut schedule, _) = begun(&["a", "b"]);
    fails(&mut schedule, &secret("a"), 0, Reason::Throttled, now(1, true));
    answered(&mut schedule, &["b"], 101);
    let failure = Failure::new(Reason::Throttled, "seen", "do").after(Some(Duration::from_mins(1)));
    ended(&mut schedule, &secret("a"), 199, Some(&failure), now(200, true));
    schedule.wake(&SyncScope::All, at(201));
    let quiet = at(200) + Duration::from_secs(63);
    assert_eq!(schedule.due_of(&secret("a")), Some(quiet));
}

#[test]
fn some_objects_wake_the_gates_of_their_hosts_alone() {
    let both = [secret("a"), of_host("shared", "b")];
    let intervals = both.iter().map(|query| (query.clone(), INTERVAL)).collect();
    let mut schedule = Schedule::default();
    schedule.begin_pass(&intervals, at(0), 0.5);
    for query in &both {
        schedule.begin(query, at(0));
        fails(&mut schedule, query, 0, Reason::Unreachable, now(1, true));
    }
    let permits = |schedule: &Schedule| both.clone().map(|query| schedule.permit(&query, at(2)));
    assert_eq!(permits(&schedule), [Permit::No; 2]);
    schedule.wake(&objects(&["a"]), at(2));
    assert_eq!(permits(&schedule), [Permit::Probe, Permit::No]);
    schedule.wake(&SyncScope::All, at(2));
    assert_eq!(permits(&schedule), [Permit::Probe; 2]);
}

#[test]
fn some_objects_wake_the_gate_of_the_token_endpoint() {
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
    schedule.wake(&objects(&["a"]), at(2));
    assert_eq!(schedule.permit(&secret("a"), at(2)), Permit::Probe);
}
