//! Workers: resources, sinks, and how often.

use std::time::Duration;

use super::duration;
use crate::input::Value;
use crate::note::{Notes, quoted};
use manifest::quoted_key;

/// Time between two passes when a worker does not say it.
const DEFAULT: Duration = Duration::from_mins(1);
/// The range of a manifest.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_hours(24);

/// A worker.
pub(super) struct Worker<'a> {
    /// What remarks start with: nothing when it is the only one.
    prefix: String,
    pub(super) resources: Vec<Value<'a>>,
    pub(super) sinks: Vec<Value<'a>>,
    /// Time between two passes of it.
    pub(super) frequency: Duration,
}

impl Worker<'_> {
    /// The subject of a remark on a part of it.
    pub(super) fn subject(&self, part: &str) -> String {
        format!("{}{part}", self.prefix)
    }
}

/// The URL of a resource's vault; the first versions had another key for it.
pub(super) fn vault_of(resource: Value<'_>) -> Option<&str> {
    resource
        .text_of("vaultBaseURL")
        .or_else(|| resource.text_of("vaultName"))
}

/// The workers of a configuration. In the first versions, a sink was a worker with one resource.
pub(super) fn workers<'a>(root: Value<'a>, notes: &Notes) -> Vec<Worker<'a>> {
    let listed = root.get("workers").and_then(Value::items).into_iter().flatten();
    let sinks = root.get("sinks").and_then(Value::items).into_iter().flatten();
    let parts: Vec<(Value<'a>, bool)> = listed
        .map(|worker| (worker, false))
        .chain(
            sinks
                .filter(|sink| vault_of(*sink).is_some())
                .map(|sink| (sink, true)),
        )
        .collect();
    let several = parts.len() > 1;
    let worker = |(number, (value, is_sink)): (usize, (Value<'a>, bool))| {
        let list = |key| {
            value
                .get(key)
                .and_then(Value::items)
                .into_iter()
                .flatten()
                .collect()
        };
        let (resources, sinks) = if is_sink {
            (vec![value], vec![value])
        } else {
            (list("resources"), list("sinks"))
        };
        let prefix = if several {
            format!("worker {number}, ")
        } else {
            String::new()
        };
        let worker = Worker {
            frequency: frequency(&prefix, value.text_of("frequency"), notes),
            prefix,
            resources,
            sinks,
        };
        tell_others(value, is_sink, &worker, notes);
        worker
    };
    (1..).zip(parts).map(worker).collect()
}

fn tell_others(value: Value<'_>, is_sink: bool, worker: &Worker<'_>, notes: &Notes) {
    for (key, inner) in value.entries() {
        let reason = match key {
            "preChange" | "postChange" if inner.text().is_some() => {
                "this version of akv-sync runs no commands; have the application watch the volume, or restart it from \
                 outside"
            }
            "preChange" | "postChange" | "frequency" | "resources" | "sinks" => continue,
            _ if is_sink => continue,
            "timefrequency" => "the agent overwrites it with `frequency`",
            _ => "a worker has no such key",
        };
        notes.not_carried(worker.subject(&quoted_key(key)), reason);
    }
}

/// The shortest time of all workers.
pub(super) fn shortest(workers: &[Worker<'_>]) -> Duration {
    let times = workers.iter().map(|worker| worker.frequency);
    times.min().unwrap_or(DEFAULT)
}

/// How often a worker fetches, within the range of a manifest.
fn frequency(worker: &str, text: Option<&str>, notes: &Notes) -> Duration {
    let time = agents_time(worker, text, notes);
    let interval = Duration::from_secs(time.clamp(SHORTEST, LONGEST).as_secs());
    if interval != time {
        notes.assumed(
            format!("{worker}frequency"),
            "the nearest that is allowed: whole seconds, from `10s` to `24h`",
        );
    }
    interval
}

/// Go's duration of more than a second, or a number of seconds; what is neither is one minute (`frequencyConverter`).
fn agents_time(worker: &str, text: Option<&str>, notes: &Notes) -> Duration {
    let Some(text) = text else {
        return DEFAULT;
    };
    let longer = duration::parse(text).filter(|time| *time > Duration::from_secs(1));
    let number = text.parse::<i64>().ok();
    // The agent takes less than nothing too, and then as often as it can.
    let seconds = number.map(|number| Duration::from_secs(u64::try_from(number).unwrap_or_default()));
    longer.or(seconds).unwrap_or_else(|| {
        let reason = format!(
            "{} is not a duration of more than a second; the agent takes one minute for it",
            quoted(text)
        );
        notes.assumed(format!("{worker}frequency"), reason);
        DEFAULT
    })
}
