//! Failures of single objects, and of the volume.

use super::*;
use crate::domain::plan::Outcome;

#[test]
fn a_repeated_failure_is_told_once_with_its_count_and_its_end_once() {
    let failing = (0..10).map(|_| pass(vec![failed("a", Reason::Forbidden)]));
    let lines = lines(failing.chain([pass(vec![served("a")])]));
    assert_eq!(counts(&lines), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert!(lines[0][0].contains("times=1 "), "{}", lines[0][0]);
    assert!(lines[9][0].contains("times=10 "), "{}", lines[9][0]);
    assert!(
        lines[10][0].contains("Recovered") && lines[10][0].contains("times=10"),
        "{}",
        lines[10][0]
    );
}

#[test]
fn a_lasting_failure_is_told_once_whatever_version_its_policy_means_in_between() {
    let failing = at_version(1, failed("a", Reason::Unrenderable));
    let passes = [failing.clone(), pending("a", false), failing].map(|entry| pass(vec![entry]));
    assert_eq!(counts(&lines(passes)), [1, 0, 0]);
}

#[test]
fn another_reason_is_told_again() {
    let passes = [Reason::Forbidden, Reason::NotFound].map(|reason| pass(vec![failed("a", reason)]));
    assert_eq!(counts(&lines(passes)), [1, 1]);
}

#[test]
fn two_entries_of_one_object_are_told_once_and_two_reasons_each_once() {
    let second = |entry: EntryPlan| EntryPlan {
        key: EntryKey::Path(path("second")),
        ..entry
    };
    let alike = || {
        pass(vec![
            failed("a", Reason::NotFound),
            second(failed("a", Reason::NotFound)),
        ])
    };
    let ten = (0..10).map(|_| alike());
    assert_eq!(counts(&lines(ten)), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

    let different = || {
        pass(vec![
            failed("a", Reason::Unrenderable),
            second(failed("a", Reason::NameTaken)),
        ])
    };
    let recovered = || pass(vec![served("a"), second(served("a"))]);
    let passes = lines([different(), different(), recovered()]);
    assert_eq!(counts(&passes), [2, 0, 2], "{passes:?}");

    let one_of_them = pass(vec![served("a"), second(failed("a", Reason::NotFound))]);
    let passes = lines([alike(), one_of_them, recovered()]);
    assert_eq!(counts(&passes), [1, 0, 1], "{passes:?}");
}

#[test]
fn a_pinned_object_that_is_served_again_without_being_asked_for_has_recovered() {
    let served = entry(
        "a",
        Outcome::Served {
            version: Some(version(1)),
            changed: false,
            confirmed: false,
        },
    );
    let lines = lines([pass(vec![failed("a", Reason::NameTaken)]), pass(vec![served])]);
    assert!(lines[1][0].contains("Recovered"), "{lines:?}");
}

#[test]
fn a_refusal_of_a_vault_names_the_identity_and_an_outage_does_not() {
    let lines = lines([pass(vec![
        failed("a", Reason::NotFound),
        failed("b", Reason::Unreachable),
    ])]);
    assert!(lines[0][0].contains("identity=\"the identity\""), "{lines:?}");
    assert!(!lines[0][1].contains("the identity"), "{lines:?}");
}

#[test]
fn a_failure_says_what_to_do_and_what_caused_it() {
    let mut plan = failed("a", Reason::Forbidden);
    if let Outcome::Failed { failure, .. } = &mut plan.outcome {
        *failure = failure
            .clone()
            .caused_by(std::io::Error::other("the first cause"));
    }
    let line = lines([pass(vec![plan])]).concat().concat();
    assert_eq!(
        line,
        "WARN Object not fetched object=app/secrets/a objects=1 reason=\"forbidden\" kept=true required=true times=1 \
         identity=\"the identity\" error=seen cause=\"the first cause\" hint=\"do\""
    );
}

#[test]
fn a_cause_that_the_failure_quotes_is_not_told_twice() {
    let mut plan = failed("a", Reason::Unrenderable);
    if let Outcome::Failed { failure, .. } = &mut plan.outcome {
        *failure = failure
            .clone()
            .told_as("a cannot be made: no key")
            .caused_by(std::io::Error::other("no key"));
    }
    let line = lines([pass(vec![plan])]).concat().concat();
    assert!(line.contains("error=a cannot be made: no key hint="), "{line}");
}

#[test]
fn a_volume_that_fails_is_told_once_with_its_count_and_its_end_once() {
    let failing = (0..10).map(|_| blocked());
    let lines = lines(failing.chain([pass(vec![served("a")])]));
    assert_eq!(counts(&lines), [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(
        lines[0][0],
        "ERROR Volume not written error=\"open /mnt/akv failed\" cause=\"no writing here\" hint=\"mend it\" times=1"
    );
    assert!(lines[9][0].contains("times=10"), "{}", lines[9][0]);
    assert_eq!(lines[10][0], "INFO Volume recovered times=10");
}
