//! When questions are asked, rule by rule. What the gate itself decides is for the tests of `gate`.

mod gates;
mod intervals;
mod lacks;
mod own_times;
mod rounds;
mod urgency;
mod volume;
mod waking;

use super::*;
use crate::failure::Reason;
use crate::protocol::Protocol;
use crate::query::test_queries::secret;

const INTERVAL: Duration = Duration::from_mins(2);

type Intervals = BTreeMap<Query, Duration>;

fn at(seconds: u64) -> Moment {
    Moment::START + Duration::from_secs(seconds)
}

fn now(seconds: u64, ready: bool) -> Now {
    Now {
        at: at(seconds),
        ready,
        jitter: 0.5,
    }
}

/// Secrets that are asked for at one interval.
fn every(interval: Duration, names: &[&str]) -> Intervals {
    names.iter().map(|name| (secret(name), interval)).collect()
}

/// A schedule of secrets with one interval, whose first round begins at zero.
fn begun(names: &[&str]) -> (Schedule, Intervals) {
    let intervals = every(INTERVAL, names);
    let mut schedule = Schedule::default();
    schedule.begin_pass(&intervals, at(0), 0.5);
    (schedule, intervals)
}

/// The question for a secret of another vault than the others.
fn of_host(host: &str, name: &str) -> Query {
    let Query::Object(mut source) = secret(name) else {
        unreachable!("it asks for an object");
    };
    source.object.vault = VaultId::named(host);
    Query::Object(source)
}

fn ended(schedule: &mut Schedule, query: &Query, asked_at: u64, failure: Option<&Failure>, now: Now) {
    let ended = Ended {
        query,
        asked_at: at(asked_at),
        failure,
        unused: 0,
        cut_off: false,
    };
    schedule.ended(ended, now);
}

fn fails(schedule: &mut Schedule, query: &Query, asked_at: u64, reason: Reason, now: Now) {
    let failure = Failure::new(reason, "seen", "do");
    ended(schedule, query, asked_at, Some(&failure), now);
}

/// They leave and are answered in one second.
fn answered(schedule: &mut Schedule, names: &[&str], second: u64) {
    for name in names {
        schedule.begin(&secret(name), at(second));
        ended(schedule, &secret(name), second, None, now(second, true));
    }
}

/// Which of the secrets are due.
fn due<'n>(schedule: &Schedule, names: &[&'n str], second: u64) -> Vec<&'n str> {
    let timing = schedule.at(at(second));
    let is_due = |name: &&str| timing.is_due(&secret(name));
    names.iter().copied().filter(is_due).collect()
}

fn next_due(schedule: &Schedule, began: u64) -> Option<Moment> {
    schedule.next_due(at(began), &BTreeSet::new())
}
