//! The whole set, whatever is said of single objects.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::family::{Detail, Family, Sample, Sort, Value};
use super::kinds;
use super::scrape::Scrape;
use crate::domain::status::{EntryStatus, Status};

/// Something is stale when it was not confirmed for so many of its effective intervals,
const INTERVALS: u32 = 3;

/// and this long besides, for what takes longer now and then.
const GRACE: Duration = Duration::from_mins(5);

pub(super) static FAMILIES: [Family; 12] = [
    Family {
        name: "akv_sync_ready",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Whether a pod with these files may be sent requests, as `/readyz` says: every required file is there. Once 1, an \
               outage does not end it; a required file that is gone does.",
        series: |scrape| Sample::alone(scrape.status.is_some_and(Status::serves)),
    },
    Family {
        name: "akv_sync_ready_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the program first became ready.",
        series: |scrape| {
            let ready = scrape.status.and_then(|status| status.ready);
            Sample::known(ready.map(|ready| ready.since))
        },
    },
    Family {
        name: "akv_sync_ready_last_known_good",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "1 if it became ready with files of an earlier run, before a vault answered (`onStart: lastKnownGood`).",
        series: |scrape| {
            let ready = scrape.status.and_then(|status| status.ready);
            Sample::known(ready.map(|ready| ready.last_known_good))
        },
    },
    Family {
        name: "akv_sync_last_pass_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the last pass began.",
        series: |scrape| Sample::known(scrape.status.and_then(|status| status.at)),
    },
    Family {
        name: "akv_sync_objects",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Secrets, certificates and keys that have files, those that selections pick included.",
        series: |scrape| Sample::known(scrape.status.map(Status::objects)),
    },
    Family {
        name: "akv_sync_files",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Files that the manifest asks for.",
        series: |scrape| Sample::known(scrape.status.map(Status::files)),
    },
    Family {
        name: "akv_sync_entries",
        sort: Sort::Gauge,
        labels: &["state"],
        detail: Detail::Always,
        help: "Entries of the manifest, by state: `served`, `pending` (no answer yet) or `failed`. Files of an entry that fails stay as they are.",
        series: |scrape| {
            let states = ["served", "pending", "failed"];
            let count = |state| {
                scrape
                    .entries()
                    .filter(|entry| self::state(entry) == state)
                    .count()
            };
            states.map(|state| Sample::of(&[state], count(state))).into()
        },
    },
    Family {
        name: "akv_sync_required_missing",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Required entries of which a file is missing.",
        series: |scrape| {
            let missing = scrape.entries().filter(|entry| entry.required && !entry.complete);
            Sample::alone(missing.count())
        },
    },
    Family {
        name: "akv_sync_failing",
        sort: Sort::Gauge,
        labels: &["reason"],
        detail: Detail::Always,
        help: "Entries that fail, by reason. A reason without a failing entry has no series. Entries that wait for an open gate are not counted.",
        series: failing,
    },
    Family {
        name: "akv_sync_oldest_success_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "The oldest time at which a vault last confirmed an entry. Pinned versions do not count, because they are asked for only once.",
        series: |scrape| {
            let asked = scrape
                .entries()
                .filter(|entry| entry.effective_interval.is_some());
            Sample::known(asked.filter_map(|entry| entry.last_success).min())
        },
    },
    Family {
        name: "akv_sync_stale_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the first entry becomes stale, unless its vault confirms it before: three of its effective intervals and 5 minutes after its last confirmation.",
        series: |scrape| {
            let stale = scrape.entries().filter_map(|entry| stale(entry, scrape.began));
            Sample::known(stale.min())
        },
    },
    Family {
        name: "akv_sync_earliest_expiry_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &["kind"],
        detail: Detail::Always,
        help: "The earliest expiry of all files, by kind. A kind without an expiry has no series.",
        series: earliest_expiry,
    },
];

/// The first that holds.
const fn state(entry: &EntryStatus) -> &'static str {
    match (&entry.failure, entry.complete && entry.as_asked) {
        (Some(_), _) => "failed",
        (None, true) => "served",
        (None, false) => "pending",
    }
}

fn failing(scrape: &Scrape<'_>) -> Vec<Sample> {
    let mut counts = BTreeMap::<_, u64>::new();
    for (_, failure) in scrape.status.into_iter().flat_map(Status::failing) {
        *counts.entry(failure.reason).or_default() += 1;
    }
    let series = counts.into_iter();
    series
        .map(|(reason, count)| Sample::of(&[reason.as_str()], count))
        .collect()
}

/// What was served when this process began counts as confirmed then: nobody knows better.
fn stale(entry: &EntryStatus, began: OffsetDateTime) -> Option<OffsetDateTime> {
    let interval = entry.effective_interval.filter(|_| entry.complete)?;
    Some(entry.last_success.unwrap_or(began) + interval.saturating_mul(INTERVALS) + GRACE)
}

fn earliest_expiry(scrape: &Scrape<'_>) -> Vec<Sample> {
    let mut earliest = BTreeMap::<_, OffsetDateTime>::new();
    for entry in scrape.entries().filter(|entry| entry.complete) {
        if let Some(expires) = entry.validity.expires {
            let first = earliest.entry(kinds::of(&entry.id)).or_insert(expires);
            *first = expires.min(*first);
        }
    }
    let series = earliest.into_iter();
    series
        .map(|(kind, expires)| Sample::of(&[kind], Value::Time(expires)))
        .collect()
}
