//! Failures of single objects, and of the volume.

use super::*;
use std::time::Duration;

use crate::domain::moment::Moment;
use crate::domain::plan::{HeldBack, Outcome};
use crate::domain::status::test_passes::at_second;

#[test]
fn a_lasting_failure_is_told_at_once_after_five_minutes_and_hourly_with_its_age_and_its_end_once() {
    let minutes = [0, 1, 2, 4, 5, 6, 64, 65, 66, 125];
    let failing = minutes.map(|minute| at_second(pass(vec![failed("a", Reason::Forbidden)]), 60 * minute));
    let end = at_second(pass(vec![served("a")]), 60 * 126);
    let lines = lines(failing.into_iter().chain([end]));
    assert_eq!(counts(&lines), [1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1]);
    for (number, count, age) in [(0, 1, "0s"), (4, 5, "5m"), (7, 8, "1h"), (9, 10, "2h")] {
        let line = &lines[number][0];
        assert!(line.starts_with("WARN Object not fetched object="), "{line}");
        assert!(line.contains(&format!("times={count} age=\"{age}\" ")), "{line}");
    }
    assert!(
        lines[10][0].contains("Recovered") && lines[10][0].contains("times=10"),
        "{}",
        lines[10][0]
    );
}

#[test]
fn thirty_refused_secrets_are_one_line_with_their_names() {
    let names: Vec<_> = (0..30).map(|number| format!("s{number}")).collect();
    let refused = || names.iter().map(|name| failed(name, Reason::Forbidden)).collect();
    let served = || names.iter().map(|name| served(name)).collect();
    let lines = lines([pass(refused()), pass(refused()), pass(served())]);
    assert_eq!(counts(&lines), [1, 0, 1], "{lines:?}");
    assert!(
        lines[2][0].starts_with("INFO Recovered object=\"app/secrets/s0\" objects=30 names="),
        "{lines:?}"
    );
    for line in [&lines[0][0], &lines[2][0]] {
        assert!(line.contains("objects=30"), "{line}");
        for name in &names {
            let ends = [",", "\""].map(|end| format!("app/secrets/{name}{end}"));
            assert!(ends.iter().any(|end| line.contains(end)), "{line}");
        }
    }
}

#[test]
fn refusals_that_are_mended_in_two_ways_are_two_lines() {
    let mut other = failed("b", Reason::Forbidden);
    if let Outcome::Failed { failure, .. } = &mut other.outcome {
        failure.hint = "do something else".into();
    }
    let both = || pass(vec![failed("a", Reason::Forbidden), other.clone()]);
    assert_eq!(counts(&lines([both(), both()])), [2, 0]);
}

#[test]
fn what_is_refused_one_by_one_is_gathered_for_a_minute() {
    let upto = |last: u32| {
        pass(
            (0..=last)
                .map(|number| failed(&format!("s{number}"), Reason::Forbidden))
                .collect(),
        )
    };
    let passes = [(0, 0), (1, 10), (2, 20), (3, 59), (4, 60), (4, 90)]
        .map(|(last, second)| at_second(upto(last), second));
    let lines = lines(passes);
    assert_eq!(counts(&lines), [1, 0, 0, 0, 1, 0], "{lines:?}");
    assert!(
        lines[4][0].contains("objects=4 names=\"app/secrets/s"),
        "only what is new: {lines:?}"
    );
}

#[test]
fn what_recovers_before_it_was_told_is_not_told_and_what_is_gathered_has_its_own_count_and_age() {
    let mut told = Told::of(ready());
    let lasting = || failed("a", Reason::Forbidden);
    assert_eq!(told.lines(pass(vec![lasting(), served("flap")])).len(), 1);
    for second in [10, 30] {
        let fails = pass(vec![lasting(), failed("flap", Reason::Forbidden)]);
        assert_eq!(told.lines(at_second(fails, second)), Vec::<String>::new());
        let recovers = pass(vec![lasting(), served("flap")]);
        assert_eq!(told.lines(at_second(recovers, second + 10)), Vec::<String>::new());
    }
    let fails = || pass(vec![lasting(), failed("flap", Reason::Forbidden)]);
    assert_eq!(told.lines(at_second(fails(), 50)), Vec::<String>::new());
    let gathered = told.lines(at_second(fails(), 70));
    assert_eq!(gathered.len(), 1, "{gathered:?}");
    assert!(
        gathered[0].contains("object=\"app/secrets/flap\" objects=1 "),
        "{gathered:?}"
    );
    assert!(gathered[0].contains("times=2 age=\"20s\""), "{gathered:?}");
    let recovers = told.lines(at_second(pass(vec![lasting(), served("flap")]), 80));
    assert_eq!(recovers.len(), 1, "{recovers:?}");
}

#[test]
fn what_was_gathered_and_what_lasts_is_told_without_a_pass() {
    let mut told = Told::of(ready());
    let minute = |minute| Moment::after_start(Duration::from_mins(minute));
    let [first, second] = [vec!["a"], vec!["a", "b"]].map(|names| {
        pass(
            names
                .into_iter()
                .map(|name| failed(name, Reason::Forbidden))
                .collect(),
        )
    });
    assert_eq!(told.lines(first).len(), 1);
    assert_eq!(told.status.tells_at, Some(minute(5)));
    assert_eq!(told.lines(at_second(second, 30)), Vec::<String>::new());
    assert_eq!(told.status.tells_at, Some(minute(1)));
    let newcomer = told.reminders(minute(1));
    assert_eq!(newcomer.len(), 1, "{newcomer:?}");
    assert!(
        newcomer[0].contains("object=\"app/secrets/b\" objects=1 "),
        "{newcomer:?}"
    );
    assert_eq!(told.reminders(minute(4)), Vec::<String>::new());
    assert!(told.reminders(minute(5))[0].contains("objects=2 "));
    assert_eq!(told.status.tells_at, Some(minute(65)));
}

#[test]
fn what_was_fetched_and_could_not_be_made_or_placed_is_not_called_unfetched() {
    for reason in Reason::ALL {
        let line = lines([pass(vec![failed("a", reason)])]).concat().concat();
        let after_fetching = matches!(
            reason,
            Reason::Unrenderable
                | Reason::TooManySelected
                | Reason::ManyGone
                | Reason::PathTaken
                | Reason::PasswordUnreadable
                | Reason::NameTaken
        );
        let words = if after_fetching {
            "Object not written"
        } else {
            "Object not fetched"
        };
        assert!(line.starts_with(&format!("WARN {words} ")), "{line}");
    }
}

#[test]
fn what_is_held_back_is_told_with_what_holds_it_back() {
    let held_back = EntryPlan {
        held_back: Some(HeldBack {
            group: "`together: web`".into(),
            member: failed("b", Reason::Unrenderable).id,
        }),
        ..failed("a", Reason::Unrenderable)
    };
    let lines = lines([pass(vec![held_back, failed("b", Reason::Unrenderable)])]);
    assert_eq!(lines[0].len(), 1, "{lines:?}");
    let expected = "object=\"app/secrets/b\" objects=2 names=\"app/secrets/b, app/secrets/a\"";
    assert!(lines[0][0].contains(expected), "{lines:?}");
    let held_back = "held_back=\"held back with `together: web`, because app/secrets/b cannot move\"";
    assert!(lines[0][0].contains(held_back), "{lines:?}");
}

#[test]
fn a_start_that_waits_says_so_once_a_minute_until_it_is_ready() {
    let mut told = Told::of(Status::new(OnStart::Fresh));
    let minute = |minute| Moment::after_start(Duration::from_mins(minute));
    let waits = || {
        let missing = entry(
            "b",
            Outcome::Pending {
                complete: false,
                waits: true,
            },
        );
        pass(vec![served("a"), missing])
    };
    assert_eq!(told.lines(waits()), Vec::<String>::new());
    assert_eq!(told.status.tells_at, Some(minute(1)));
    let expected = |minute: u32| {
        [format!(
            "WARN Not ready yet: still waiting for required objects object=\"app/secrets/b\" objects=1 age=\"{minute}m\""
        )]
    };
    assert_eq!(told.reminders(minute(1)), expected(1));
    assert_eq!(told.lines(at_second(waits(), 90)), Vec::<String>::new());
    assert_eq!(told.lines(at_second(waits(), 120)), expected(2));
    assert_eq!(
        told.lines(at_second(pass(vec![served("a"), served("b")]), 150))
            .len(),
        1
    );
    assert_eq!(told.reminders(minute(3)), Vec::<String>::new());
    assert_eq!(told.status.tells_at, None);
}

#[test]
fn a_start_that_waits_for_its_volume_says_so() {
    let mut told = Told::of(Status::new(OnStart::Fresh));
    told.lines(blocked());
    let lines = told.reminders(Moment::after_start(Duration::from_mins(1)));
    assert_eq!(
        lines,
        [
            "WARN Not ready yet: still waiting for required objects objects=0 volume=\"open /mnt/akv failed\" age=\"1m\""
        ]
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
    let passes = (0..4).map(|_| alike()).chain([at_second(alike(), 300)]);
    assert_eq!(counts(&lines(passes)), [1, 0, 0, 0, 1]);

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
    let of = |name: &str| {
        let mut lines = lines[0].iter();
        lines.find(|line| line.contains(name)).expect("told")
    };
    assert!(of("secrets/a").contains("identity=\"the identity\""), "{lines:?}");
    assert!(!of("secrets/b").contains("the identity"), "{lines:?}");
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
        "WARN Object not fetched object=\"app/secrets/a\" objects=1 reason=\"forbidden\" kept=true required=true times=1 \
         age=\"0s\" identity=\"the identity\" error=seen cause=\"the first cause\" hint=\"do\""
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
fn a_volume_that_fails_is_told_at_once_after_five_minutes_and_hourly_and_its_end_once() {
    let failing = [0, 60, 299, 300, 3_899, 3_900].map(|second| at_second(blocked(), second));
    let lines = lines(failing.into_iter().chain([pass(vec![served("a")])]));
    assert_eq!(counts(&lines), [1, 0, 0, 1, 0, 1, 1]);
    assert_eq!(
        lines[0][0],
        "ERROR Volume not written error=\"open /mnt/akv failed\" cause=\"no writing here\" times=1 age=\"0s\" hint=\"mend it\""
    );
    assert!(lines[5][0].contains("times=6 age=\"1h\""), "{}", lines[5][0]);
    assert_eq!(lines[6][0], "INFO Volume recovered times=6");
}
