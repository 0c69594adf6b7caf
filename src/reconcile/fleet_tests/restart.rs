//! All start at once.

use std::time::Duration;

use super::fleet::{Fleet, Setup, simulate};
use super::vault::Rules;

/// A thousand questions at 40 in ten seconds.
const MINIMUM: Duration = Duration::from_secs(250);

const INTERVAL: Duration = Duration::from_mins(5);

#[test]
fn a_hundred_that_restart_at_once_are_ready_within_1_3_times_the_least_possible_time() {
    for retry_after in [None, Some(Duration::from_secs(10))] {
        let (ready, throttled) = simulate(async {
            let rules = Rules {
                limit: Some(40),
                retry_after,
                ..Rules::default()
            };
            let fleet = Fleet::start(&Setup::hundred(INTERVAL), rules);
            fleet.run(Duration::from_hours(1)).await;
            (fleet.ready(), fleet.vault.trace().throttled())
        });
        assert_eq!(ready.len(), 100, "with {retry_after:?}");
        let last = ready.last().copied().unwrap_or_default();
        println!(
            "retry-after {retry_after:?}: the last was ready after {last:?}; {throttled} answers of 429 in the hour"
        );
        assert!(last < MINIMUM.mul_f64(1.3), "with {retry_after:?}: {last:?}");
    }
}

#[test]
fn where_a_storm_costs_the_next_window_all_of_a_hundred_are_ready_within_twice_the_least_possible_time() {
    let ready = simulate(async {
        let rules = Rules {
            limit: Some(40),
            pessimistic: true,
            ..Rules::default()
        };
        let fleet = Fleet::start(&Setup::hundred(INTERVAL), rules);
        fleet.run(Duration::from_mins(30)).await;
        fleet.ready()
    });
    assert_eq!(ready.len(), 100);
    let last = ready.last().copied().unwrap_or_default();
    println!("a vault that refuses whole windows: the last was ready after {last:?}");
    assert!(last < MINIMUM * 2, "{last:?}");
}
