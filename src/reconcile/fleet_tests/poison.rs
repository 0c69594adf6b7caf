//! One object in trouble, among healthy ones.

use std::time::Duration;

use super::fleet::{Fleet, Setup, secrets, simulate};
use super::vault::{Rules, Trouble};

const INTERVAL: Duration = Duration::from_mins(5);
const ASKED_FOR: Duration = Duration::from_secs(30);

/// One of ten objects, the interval that it has among those of five minutes, and when its trouble begins.
#[derive(Debug, Clone, Copy)]
struct Poison {
    number: usize,
    interval: Duration,
    begins: Duration,
}

/// Asked first, in the middle and last; together with the others, and at times of its own, more and less often than
/// they are; in trouble from the start, and from a time at which only it is asked next, or all are.
fn poisons() -> impl Iterator<Item = Poison> {
    let numbers = [0, 5, 9].into_iter();
    let intervals = [2, 5, 7, 60].map(Duration::from_mins);
    let begins = [0, 12, 16, 34].map(Duration::from_mins);
    numbers.flat_map(move |number| {
        intervals.into_iter().flat_map(move |interval| {
            begins.into_iter().map(move |begins| Poison {
                number,
                interval,
                begins,
            })
        })
    })
}

/// When the healthy objects were fetched in two hours, as one of ten was in this trouble: all of them together.
fn fetches(poison: Poison, trouble: Option<Trouble>) -> Vec<Vec<Duration>> {
    let mut objects = secrets(10, INTERVAL);
    objects[poison.number].interval = poison.interval;
    let name = format!("secret-{:02}", poison.number);
    let trace = simulate(async {
        let mut rules = Rules::default();
        rules
            .trouble
            .extend(trouble.map(|trouble| (name.clone(), (poison.begins, trouble))));
        let fleet = Fleet::start(&Setup::one(objects), rules);
        fleet.run(Duration::from_hours(2)).await;
        fleet.vault.trace()
    });
    let fetches = trace.fetches();
    let healthy = fetches.into_iter().filter(|((_, object), _)| *object != name);
    healthy.map(|(_, times)| times).collect()
}

#[test]
fn one_that_fails_or_hangs_for_ever_costs_the_others_nothing() {
    for poison in poisons() {
        let healthy = fetches(poison, None);
        for trouble in [Trouble::Fails, Trouble::Hangs] {
            assert_eq!(fetches(poison, Some(trouble)), healthy, "{poison:?} {trouble:?}");
        }
    }
}

#[test]
fn one_that_is_throttled_for_ever_costs_the_others_at_most_its_first_retry_after() {
    for poison in poisons() {
        let healthy = fetches(poison, None);
        let beside = fetches(poison, Some(Trouble::Throttled(ASKED_FOR)));
        for (healthy, beside) in healthy.iter().zip(&beside) {
            assert_eq!(healthy.len(), beside.len(), "{poison:?}");
            let late = healthy
                .iter()
                .zip(beside)
                .map(|(healthy, beside)| beside.saturating_sub(*healthy));
            let late: Vec<_> = late.filter(|late| *late > Duration::ZERO).collect();
            let most = ASKED_FOR.mul_f64(1.1);
            assert!(
                late.len() <= 1 && late.iter().all(|late| *late < most),
                "{poison:?}: {late:?}"
            );
        }
    }
}
