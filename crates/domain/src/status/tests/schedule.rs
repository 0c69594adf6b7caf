//! What the status shows of due times and of gates.

use std::collections::BTreeMap;

use super::*;
use crate::failure::Failure;
use crate::object::VersionSelector;
use crate::query::Query;
use crate::schedule::Endpoint;

const MINUTES: Duration = Duration::from_mins(2);

fn at(seconds: u64) -> Moment {
    Moment::after_start(Duration::from_secs(seconds))
}

/// A pass that begins so many seconds after the start, which was at second 0 by the wall clock too.
fn take(status: &mut Status, seconds: u32, mut outcome: PassOutcome) -> Vec<Event> {
    (outcome.began, outcome.ended) = (at(seconds.into()), at(seconds.into()));
    outcome.at = second(seconds.into());
    status.fold(outcome, 0.5)
}

/// The secrets are asked for every two minutes; their round begins now.
fn begin(status: &mut Status, names: &[&str], seconds: u64) {
    let intervals: BTreeMap<_, _> = names.iter().map(|name| (secret(name), MINUTES)).collect();
    status.schedule.begin_pass(&intervals, at(seconds), 0.5);
}

fn due(status: &Status) -> Vec<Option<OffsetDateTime>> {
    status.entries.iter().map(|entry| entry.next_due).collect()
}

fn throttled(retry_after: Option<Duration>) -> Failure {
    Failure::new(Reason::Throttled, "too many", "do").after(retry_after)
}

#[test]
fn each_entry_shows_when_it_is_asked_for_next_and_how_often() {
    let mut status = Status::new(OnStart::Fresh);
    begin(&mut status, &["a", "b"], 10);
    ask(&mut status, "a", None, 10);
    ask(
        &mut status,
        "b",
        Some(&Failure::new(Reason::NotFound, "seen", "do")),
        10,
    );
    take(
        &mut status,
        10,
        pass(vec![made("a"), failed("b", Reason::NotFound)]),
    );
    // The refused one has a time of its own: fifteen seconds, of which the upper half is spread.
    let own = second(10) + time::Duration::milliseconds(11_250);
    assert_eq!(due(&status), [Some(second(130)), Some(own)]);
    assert_eq!(status.wakes_at, Some(at(10) + Duration::from_millis(11_250)));
    let intervals: Vec<_> = status
        .entries
        .iter()
        .map(|entry| entry.effective_interval)
        .collect();
    assert_eq!(intervals, [Some(MINUTES); 2]);
    assert_eq!(status.at, Some(second(10)));
}

#[test]
fn a_version_for_ever_is_due_no_more_once_it_is_served() {
    let mut status = Status::new(OnStart::Fresh);
    let mut pinned = secret("a");
    if let Query::Object(source) = &mut pinned {
        source.version = VersionSelector::Exact(version(1));
    }
    let intervals = BTreeMap::from([(pinned.clone(), MINUTES)]);
    status.schedule.begin_pass(&intervals, at(0), 0.5);
    for (plan, due_at) in [
        (failed("a", Reason::Unavailable), Some(second(120))),
        (served("a"), None),
    ] {
        let mut outcome = pass(vec![plan]);
        for questions in outcome.questions.values_mut() {
            *questions = vec![pinned.clone()];
        }
        take(&mut status, 0, outcome);
        assert_eq!(due(&status), [due_at]);
        assert_eq!(status.entries[0].effective_interval.is_some(), due_at.is_some());
    }
}

#[test]
fn an_entry_of_several_inputs_is_due_when_the_first_of_them_is() {
    let mut status = Status::new(OnStart::Fresh);
    let minute = Duration::from_mins(1);
    let intervals = BTreeMap::from([(secret("a"), MINUTES), (secret("b"), minute)]);
    status.schedule.begin_pass(&intervals, at(0), 0.5);
    let mut both = pass(vec![served("a")]);
    for questions in both.questions.values_mut() {
        questions.push(secret("b"));
    }
    take(&mut status, 0, both);
    assert_eq!(due(&status), [Some(second(60))]);
    assert_eq!(status.entries[0].effective_interval, Some(minute));
}

#[test]
fn a_gate_shows_why_it_is_open_and_stretches_the_intervals_of_its_vault() {
    let mut status = ready();
    begin(&mut status, &["a", "b"], 0);
    for name in ["a", "b"] {
        ask(
            &mut status,
            name,
            Some(&throttled(Some(Duration::from_secs(30)))),
            5,
        );
    }
    let entries = ["a", "b"].map(|name| failed(name, Reason::Throttled));
    let outcome = pass(entries.into());
    take(&mut status, 5, outcome);
    let vault = secret("a").vault().cloned().map(Endpoint::Vault);
    let known = status.endpoints.iter();
    let known: Vec<_> = known
        .filter(|known| Some(&known.endpoint) == vault.as_ref())
        .collect();
    let [shown] = known.as_slice() else {
        panic!("{:?}", status.endpoints);
    };
    let open = shown.open.as_ref().expect("open");
    assert_eq!(
        (open.reason, open.failures, open.since),
        (Reason::Throttled, 2, second(5))
    );
    assert_eq!(open.error, "too many");
    assert!((shown.stretch - 1.5).abs() < 1e-9, "{}", shown.stretch);
    // What was asked for, and half of a spread of three seconds.
    let quiet = second(35) + time::Duration::milliseconds(1500);
    assert_eq!((shown.quiet_until, shown.asked_for), (Some(quiet), None));
    // A throttled sidecar that serves does not try sooner than a healthy one.
    assert_eq!(open.next_try, second(5 + 180));
    for entry in &status.entries {
        assert_eq!(entry.effective_interval, Some(MINUTES * 3 / 2));
        assert_eq!(entry.next_due, Some(second(5 + 180)), "not before the gate opens");
    }
}

#[test]
fn what_a_gate_stops_names_it_and_does_not_fail() {
    let mut status = ready();
    begin(&mut status, &["a", "b"], 0);
    ask(&mut status, "a", Some(&throttled(None)), 0);
    let outcome = pass(vec![failed("a", Reason::Throttled), pending("b", true)]);
    take(&mut status, 0, with_stopped(outcome, &["b"]));
    let vault = secret("a").vault().cloned().map(Endpoint::Vault);
    let [a, b] = status.entries.as_slice() else {
        panic!("{:?}", status.entries);
    };
    assert_eq!((&a.stopped_by, &b.stopped_by), (&None, &vault));
    assert!(a.failure.is_some() && b.failure.is_none());

    ask(&mut status, "a", None, 600);
    take(&mut status, 600, pass(vec![served("a"), served("b")]));
    let stopped: Vec<_> = status.entries.iter().map(|entry| &entry.stopped_by).collect();
    assert_eq!(stopped, [&None, &None]);
    assert!(status.endpoints.iter().all(|known| known.open.is_none()));
}

#[test]
fn a_wish_for_quiet_that_is_cut_short_is_shown_and_is_one_event() {
    let mut status = ready();
    begin(&mut status, &["a"], 0);
    let told = |events: &[Event]| {
        let shortened = events.iter();
        shortened
            .filter(|event| matches!(event, Event::QuietShortened { .. }))
            .count()
    };
    let day = Duration::from_hours(24);
    ask(&mut status, "a", Some(&throttled(Some(day))), 0);
    let failing = || pass(vec![failed("a", Reason::Throttled)]);
    assert_eq!(told(&take(&mut status, 0, failing())), 1);
    let asked_for = |status: &Status| status.endpoints.iter().find_map(|known| known.asked_for);
    assert_eq!(asked_for(&status), Some(day));
    assert_eq!(told(&take(&mut status, 1, failing())), 0);
    // The next answer asks for the same again.
    ask(&mut status, "a", Some(&throttled(Some(day))), 400);
    assert_eq!(told(&take(&mut status, 400, failing())), 0);
    ask(&mut status, "a", None, 800);
    take(&mut status, 800, pass(vec![served("a")]));
    assert_eq!(asked_for(&status), None);
}
