//! Hooks: what they were told, and what they have still to hear.

use super::family::{Detail, Family, Sample, Sort, Value};
use super::scrape::Scrape;
use crate::domain::hook::HookStatus;

const LABELS: &[&str] = &["hook"];

pub(super) static FAMILIES: [Family; 6] = [
    Family {
        name: "akv_sync_hook_runs",
        sort: Sort::Counter,
        labels: &["hook", "result"],
        detail: Detail::Always,
        help: "Runs of the hook, by result: `ok` or `failed`.",
        series: |scrape| {
            let runs = hooks(scrape).flat_map(|hook| {
                [("ok", hook.successes), ("failed", hook.failures)]
                    .map(|(result, runs)| Sample::of(&[hook.name.as_str(), result], runs))
            });
            runs.collect()
        },
    },
    Family {
        name: "akv_sync_hook_waiting_changes",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Always,
        help: "Changes that the hook has not delivered yet.",
        series: |scrape| of_each(scrape, |hook| Some(hook.waiting.len().into())),
    },
    Family {
        name: "akv_sync_hook_oldest_waiting_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Always,
        help: "When the oldest change that is not delivered was published; absent when there is none.",
        series: |scrape| of_each(scrape, |hook| hook.waiting_since.map(Value::Time)),
    },
    Family {
        name: "akv_sync_hook_tries",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Always,
        help: "Failed tries to deliver these changes.",
        series: |scrape| of_each(scrape, |hook| Some(hook.tries.into())),
    },
    Family {
        name: "akv_sync_hook_last_success_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Always,
        help: "When the hook last succeeded in this process.",
        series: |scrape| of_each(scrape, |hook| hook.last_success.map(Value::Time)),
    },
    Family {
        name: "akv_sync_hook_last_duration_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Always,
        help: "How long the last success took.",
        series: |scrape| of_each(scrape, |hook| hook.last_took.map(Into::into)),
    },
];

fn hooks<'s>(scrape: &Scrape<'s>) -> impl Iterator<Item = &'s HookStatus> {
    scrape.status.into_iter().flat_map(|status| &status.hook_statuses)
}

fn of_each(scrape: &Scrape<'_>, value: fn(&HookStatus) -> Option<Value>) -> Vec<Sample> {
    hooks(scrape)
        .filter_map(|hook| Some(Sample::of(&[hook.name.as_str()], value(hook)?)))
        .collect()
}
