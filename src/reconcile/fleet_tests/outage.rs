//! The vault was away, and comes back.

use std::time::Duration;

use super::fleet::{Fleet, Setup, simulate};
use super::trace::WINDOW;
use super::vault::{Away, Rules};

const INTERVAL: Duration = Duration::from_mins(5);
const GOES: Duration = Duration::from_mins(20);
const BACK: Duration = Duration::from_mins(30);
const LIMIT: u32 = 40;

/// What the vault would serve in one interval.
fn capacity() -> f64 {
    f64::from(LIMIT) * INTERVAL.div_duration_f64(WINDOW)
}

#[test]
fn after_an_outage_no_interval_brings_more_than_1_2_times_what_the_vault_serves_in_it() {
    for away in [Away::Unreachable, Away::Unavailable] {
        come_back(away);
    }
}

fn come_back(away: Away) {
    let trace = simulate(async {
        let setup = Setup {
            spread: INTERVAL,
            ..Setup::hundred(INTERVAL)
        };
        let rules = Rules {
            limit: Some(LIMIT),
            away: Some((GOES..BACK, away)),
            ..Rules::default()
        };
        let fleet = Fleet::start(&setup, rules);
        fleet.run(BACK + Duration::from_hours(1)).await;
        fleet.vault.trace()
    });
    let asked = trace.within(GOES..BACK).len();
    let after = trace.within(BACK..BACK + Duration::from_hours(1));
    let (most, busiest) = (after.most_in(INTERVAL), after.most_in(WINDOW));
    let before = trace.within(INTERVAL..GOES).most_in(WINDOW);
    println!(
        "{away:?}: {asked} calls meanwhile; afterwards at most {most} in an interval and {busiest} in ten seconds, which were {before} before"
    );
    let most = u32::try_from(most).map(f64::from).expect("few");
    assert!(most < 1.2 * capacity(), "{most} calls in an interval");
    // No wait is longer than an hour, however often a daemon is unlucky.
    assert_eq!(after.fetches().len(), 1000, "each daemon has each object again");
}
