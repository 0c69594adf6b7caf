//! Workers: resources, sinks, and how often.

use std::time::Duration;

use super::resources::vault_of;
use crate::convert::input::Value;
use crate::convert::note::{Notes, quoted};

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
    frequency: Option<&'a str>,
}

impl Worker<'_> {
    /// The subject of a remark on a part of it.
    pub(super) fn subject(&self, part: &str) -> String {
        format!("{}{part}", self.prefix)
    }
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
        let worker = Worker {
            prefix: if several {
                format!("worker {number}, ")
            } else {
                String::new()
            },
            resources,
            sinks,
            frequency: value.text_of("frequency"),
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
        notes.not_carried(worker.subject(&quoted(key)), reason);
    }
}

/// The shortest time of all workers, within the range of a manifest.
pub(super) fn interval(workers: &[Worker<'_>], notes: &Notes) -> Duration {
    let times: Vec<Duration> = workers.iter().map(|worker| frequency(worker, notes)).collect();
    let shortest = times.iter().min().copied().unwrap_or(DEFAULT);
    if times.iter().any(|time| *time != shortest) {
        notes.not_carried(
            "frequency",
            "the workers have different ones, a manifest has one; the shortest is taken",
        );
    }
    let interval = shortest.clamp(SHORTEST, LONGEST);
    if interval != shortest {
        notes.assumed(
            "refresh.interval",
            "the nearest that is allowed, from `10s` to `24h`",
        );
    }
    interval
}

/// Go's duration, or a number of seconds; what is neither is one minute (`frequencyConverter`).
fn frequency(worker: &Worker<'_>, notes: &Notes) -> Duration {
    let Some(text) = worker.frequency else {
        return DEFAULT;
    };
    let number = text.parse().ok().map(Duration::from_secs);
    duration(text)
        .filter(|time| *time > Duration::from_secs(1))
        .or(number)
        .unwrap_or_else(|| {
            let reason = format!(
                "{} is no duration; the agent takes one minute for it",
                quoted(text)
            );
            notes.assumed(worker.subject("frequency"), reason);
            DEFAULT
        })
}

/// A sum of whole numbers with units, in whole seconds, such as `1h30m`. Fractions and units below a second are not
/// read.
fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        let seconds = match rest[digits..].chars().next()? {
            's' => 1,
            'm' if !rest[digits..].starts_with("ms") => 60,
            'h' => 3600,
            _ => return None,
        };
        total = total.checked_add(Duration::from_secs(number.checked_mul(seconds)?))?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_sum_of_units() {
        for (text, seconds) in [
            ("60s", Some(60)),
            ("1h30m", Some(5400)),
            ("500ms", None),
            ("", None),
            ("5", None),
            ("1.5h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(duration(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
