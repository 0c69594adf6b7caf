//! Which of the questions that are due leaves first.

use super::*;

/// The secrets in the order in which they leave; those that begin with `r` are required.
fn order<'n>(schedule: &Schedule, names: &[&'n str]) -> Vec<&'n str> {
    let mut names = names.to_vec();
    names.sort_by_cached_key(|name| schedule.urgency(&secret(name), name.starts_with('r')));
    names
}

#[test]
fn what_is_required_leaves_first_and_then_what_was_answered_longest_ago() {
    let names = ["late", "never", "early", "r-late", "r-early", "r-never"];
    let (mut schedule, _) = begun(&names);
    answered(&mut schedule, &["early", "r-early"], 10);
    answered(&mut schedule, &["late", "r-late"], 20);
    let expected = ["r-never", "r-early", "r-late", "never", "early", "late"];
    assert_eq!(order(&schedule, &names), expected);
}

#[test]
fn what_failed_leaves_after_what_did_not_and_the_latest_try_last() {
    let names = ["r-latest", "r-earlier", "fine"];
    let (mut schedule, _) = begun(&names);
    answered(&mut schedule, &["fine"], 30);
    for (name, second) in [("r-earlier", 10), ("r-latest", 20)] {
        schedule.begin(&secret(name), at(second));
        fails(
            &mut schedule,
            &secret(name),
            second,
            Reason::Forbidden,
            now(second, true),
        );
    }
    assert_eq!(order(&schedule, &names), ["fine", "r-earlier", "r-latest"]);
}

/// The probe is the question that leaves first through a gate that is open.
#[test]
fn what_opened_its_gate_is_the_last_of_all_and_so_never_the_probe_while_another_is_due() {
    let names = ["r-culprit", "failed-since", "fine"];
    let (mut schedule, _) = begun(&names);
    answered(&mut schedule, &["fine"], 0);
    schedule.begin(&secret("r-culprit"), at(1));
    fails(
        &mut schedule,
        &secret("r-culprit"),
        1,
        Reason::Throttled,
        now(1, true),
    );
    schedule.begin(&secret("failed-since"), at(300));
    fails(
        &mut schedule,
        &secret("failed-since"),
        300,
        Reason::Forbidden,
        now(300, true),
    );
    assert_eq!(order(&schedule, &names), ["fine", "failed-since", "r-culprit"]);
    answered(&mut schedule, &["r-culprit"], 301);
    assert_eq!(order(&schedule, &names), ["r-culprit", "fine", "failed-since"]);
}
