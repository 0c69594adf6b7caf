//! Outages: what fails for one cause is one line.

use std::time::Duration;

use super::*;
use crate::domain::moment::{Moment, Now};
use crate::domain::schedule::{Ended, Endpoint};
use crate::domain::status::test_passes::{ask, at_second, still_failing, with_stopped};

fn unreachable() -> Failure {
    Failure::new(Reason::Unreachable, "seen", "do")
}

#[test]
fn an_outage_of_a_vault_is_one_line_for_all_its_objects() {
    let down = |name| failed(name, Reason::Unreachable);
    let lines = lines([pass(vec![down("a"), down("b"), down("c")])]);
    assert_eq!(lines[0].len(), 1);
    assert!(lines[0][0].contains("objects=3"), "{}", lines[0][0]);
}

#[test]
fn a_failure_to_sign_in_is_one_line_for_all_objects_whatever_its_exit_code() {
    for reason in [
        Reason::IdentityMisconfigured,
        Reason::IdentityNotPropagated,
        Reason::IdentityUnavailable,
    ] {
        let lines = lines([pass(vec![failed("a", reason), failed("b", reason)])]);
        assert_eq!(lines[0].len(), 1, "{reason}");
        assert!(lines[0][0].contains("objects=2"), "{}", lines[0][0]);
    }
}

#[test]
fn what_the_gate_stopped_is_counted_and_not_blamed() {
    let mut told = Told::of(ready());
    ask(&mut told.status, "a", Some(&unreachable()), 0);
    let entries = vec![
        failed("a", Reason::Unreachable),
        pending("b", true),
        pending("c", false),
    ];
    let lines = told.lines(with_stopped(pass(entries), &["b", "c"]));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("object=\"app/secrets/a\" objects=3"),
        "{}",
        lines[0]
    );

    let failing: Vec<_> = told
        .status
        .failing()
        .map(|(entry, _)| entry.id.to_string())
        .collect();
    assert_eq!(failing, ["app/secrets/a"]);
    let vault = secret("a").vault().cloned().map(Endpoint::Vault);
    let stopped: Vec<_> = told
        .status
        .entries
        .iter()
        .map(|entry| &entry.stopped_by)
        .collect();
    assert_eq!(stopped, [&None, &vault, &vault]);
}

#[test]
fn a_probe_that_fails_while_the_gate_is_open_is_no_second_warning() {
    let mut told = Told::of(ready());
    ask(&mut told.status, "a", Some(&unreachable()), 0);
    let first = pass(vec![failed("a", Reason::Unreachable), pending("b", true)]);
    assert_eq!(told.lines(with_stopped(first, &["b"])).len(), 1);

    // Another entry is the probe.
    ask(&mut told.status, "b", Some(&unreachable()), 300);
    let probe = pass(vec![
        still_failing("a", Reason::Unreachable),
        failed("b", Reason::Unreachable),
    ]);
    assert_eq!(told.lines(with_stopped(probe, &["a"])), Vec::<String>::new());

    ask(&mut told.status, "a", None, 600);
    ask(&mut told.status, "b", None, 600);
    let over = told.lines(pass(vec![served("a"), served("b")]));
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(
        over[0].contains("objects=2 names=\"app/secrets/a, app/secrets/b\""),
        "{over:?}"
    );
    ask(&mut told.status, "a", Some(&unreachable()), 900);
    let next = told.lines(pass(vec![failed("a", Reason::Unreachable), served("b")]));
    assert_eq!(next.len(), 1, "another outage is told: {next:?}");
}

#[test]
fn an_outage_is_told_although_one_object_has_failed_alone_in_the_same_way_for_long() {
    let mut told = Told::of(ready());
    let late = Failure::new(Reason::TimedOut, "seen", "do");
    // It hangs alone: others were answered since it was asked for.
    ask(&mut told.status, "b", None, 1);
    ask(&mut told.status, "poison", Some(&late), 0);
    let alone = told.lines(pass(vec![failed("poison", Reason::TimedOut), served("b")]));
    assert_eq!(alone.len(), 1, "{alone:?}");

    for name in ["b", "c"] {
        ask(&mut told.status, name, Some(&late), 300);
    }
    let outage = || {
        let entries = vec![
            still_failing("poison", Reason::TimedOut),
            failed("b", Reason::TimedOut),
            failed("c", Reason::TimedOut),
            pending("d", true),
        ];
        with_stopped(pass(entries), &["d"])
    };
    let all = told.lines(outage());
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(
        all[0].contains("object=\"app/secrets/b\" objects=4"),
        "{}",
        all[0]
    );
    ask(&mut told.status, "b", Some(&late), 900);
    assert_eq!(told.lines(outage()), Vec::<String>::new());
}

#[test]
fn a_lasting_outage_is_told_again_with_its_count_and_age() {
    let mut told = Told::of(ready());
    let lines: Vec<_> = (0..10)
        .map(|probe| {
            ask(&mut told.status, "a", Some(&unreachable()), 60 * probe);
            told.lines(at_second(
                pass(vec![failed("a", Reason::Unreachable)]),
                60 * probe,
            ))
        })
        .collect();
    assert_eq!(counts(&lines), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(lines[5][0].contains("times=6 age=\"5m\" "), "{}", lines[5][0]);
}

#[test]
fn a_wish_for_quiet_that_is_cut_short_is_told_once() {
    let wish = Some(Duration::from_hours(24));
    let throttled = Failure::new(Reason::Throttled, "seen", "do").after(wish);
    let mut told = Told::of(ready());
    ask(&mut told.status, "a", Some(&throttled), 0);
    let first = told.lines(pass(vec![failed("a", Reason::Throttled)]));
    let shortened =
        "WARN Retry-After is longer than 5 minutes; waiting 5 minutes endpoint=app asked_seconds=86400";
    assert_eq!(
        first.iter().filter(|line| *line == shortened).count(),
        1,
        "{first:?}"
    );
    assert_eq!(first.len(), 2, "{first:?}");

    let quiet = told.lines(pass(vec![still_failing("a", Reason::Throttled)]));
    assert_eq!(quiet, Vec::<String>::new());
    ask(&mut told.status, "a", Some(&throttled), 600);
    assert_eq!(
        told.lines(pass(vec![failed("a", Reason::Throttled)])),
        Vec::<String>::new()
    );
}

#[test]
fn a_wish_for_quiet_is_told_whichever_of_the_questions_under_way_heard_it() {
    let mut told = Told::of(ready());
    let at = |seconds| Moment::after_start(Duration::from_secs(seconds));
    let schedule = &mut told.status.schedule;
    for name in ["a", "b"] {
        schedule.begin(&secret(name), at(0));
    }
    for (name, second, wish) in [("a", 1, 1), ("b", 2, 86_400)] {
        let throttled = Failure::new(Reason::Throttled, "seen", "do").after(Some(Duration::from_secs(wish)));
        let ended = Ended {
            query: &secret(name),
            asked_at: at(0),
            failure: Some(&throttled),
            unused: 0,
            cut_off: false,
        };
        let now = Now {
            at: at(second),
            ready: true,
            jitter: 0.5,
        };
        schedule.ended(ended, now);
    }
    let failing = ["a", "b"].map(|name| failed(name, Reason::Throttled));
    let lines = told.lines(pass(failing.to_vec()));
    assert!(
        lines.iter().any(|line| line.ends_with("asked_seconds=86400")),
        "{lines:?}"
    );
}
