//! One object in trouble, among healthy ones.

use std::time::Duration;

use super::fleet::{Fleet, Setup, secrets, simulate};
use super::vault::{Rules, Trouble};

const INTERVAL: Duration = Duration::from_mins(5);
const ASKED_FOR: Duration = Duration::from_secs(30);

/// When the healthy objects were fetched in an hour, as one of ten was in this trouble: all of them together.
fn fetches(poison: &'static str, trouble: Option<Trouble>) -> Vec<Vec<Duration>> {
    let trace = simulate(async {
        let mut rules = Rules::default();
        rules
            .trouble
            .extend(trouble.map(|trouble| (poison.to_owned(), trouble)));
        let fleet = Fleet::start(&Setup::one(secrets(10, INTERVAL)), rules);
        fleet.run(Duration::from_hours(1)).await;
        fleet.vault.trace()
    });
    let fetches = trace.fetches();
    let healthy = fetches.into_iter().filter(|((_, object), _)| *object != poison);
    healthy.map(|(_, times)| times).collect()
}

#[test]
fn one_that_fails_or_hangs_for_ever_costs_the_others_nothing() {
    for poison in ["secret-00", "secret-05", "secret-09"] {
        let healthy = fetches(poison, None);
        for trouble in [Trouble::Fails, Trouble::Hangs] {
            assert_eq!(fetches(poison, Some(trouble)), healthy, "{poison} {trouble:?}");
        }
    }
}

#[test]
fn one_that_is_throttled_for_ever_costs_the_others_at_most_its_first_retry_after() {
    for poison in ["secret-00", "secret-05", "secret-09"] {
        let healthy = fetches(poison, None);
        let beside = fetches(poison, Some(Trouble::Throttled(ASKED_FOR)));
        for (healthy, beside) in healthy.iter().zip(&beside) {
            assert_eq!(healthy.len(), beside.len(), "{poison}");
            let late = healthy
                .iter()
                .zip(beside)
                .map(|(healthy, beside)| beside.saturating_sub(*healthy));
            let late: Vec<_> = late.filter(|late| *late > Duration::ZERO).collect();
            let most = ASKED_FOR.mul_f64(1.1);
            assert!(
                late.len() <= 1 && late.iter().all(|late| *late < most),
                "{poison}: {late:?}"
            );
        }
    }
}
