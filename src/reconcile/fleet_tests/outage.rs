//! The vault was away, and comes back.

use std::time::Duration;

use super::fleet::{Fleet, Setup, simulate};
use super::trace::{Trace, WINDOW};
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
        fleet.run(BACK + Duration::from_mins(30)).await;
        fleet.vault.trace()
    });
    let asked = trace.within(GOES..BACK).len();
    let after: Vec<_> = (0..30_u32)
        .map(|window| BACK + Duration::from_mins(1) * window)
        .map(|from| trace.within(from..from + INTERVAL))
        .collect();
    let most = after.iter().map(Trace::len).max().unwrap_or_default();
    let busiest = trace.within(BACK..BACK + Duration::from_hours(1)).busiest();
    println!(
        "while it was away: {asked} calls; after it, in one interval: {most} calls at most; in ten seconds: {busiest}"
    );
    let most = u32::try_from(most).map(f64::from).expect("few");
    assert!(most < 1.2 * capacity(), "{most} calls in an interval");
    let fresh = trace.within(BACK..BACK + Duration::from_mins(30));
    assert_eq!(fresh.fetches().len(), 1000, "each daemon has each object again");
}
