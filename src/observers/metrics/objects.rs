//! Series of single objects: as many as `metrics.perObject` wants.

use super::family::{Detail, Family, Sample, Sort, Value};
use super::kinds;
use super::scrape::Scrape;
use crate::domain::entry::EntryId;
use crate::domain::status::EntryStatus;

/// Tell an entry from every other: an object may have several, each with files of its own, and no two have one path.
const LABELS: &[&str] = &["vault", "kind", "object", "path"];

pub(super) static FAMILIES: [Family; 7] = [
    Family {
        name: "akv_sync_object_expiry_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Few,
        help: "When the version in the file expires, according to the certificate or the vault.",
        series: |scrape| of_each(scrape, |entry| entry.validity.expires.filter(|_| entry.complete)),
    },
    Family {
        name: "akv_sync_object_last_success_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::Few,
        help: "When the vault last confirmed the version.",
        series: |scrape| of_each(scrape, |entry| entry.last_success),
    },
    Family {
        name: "akv_sync_object",
        sort: Sort::Info,
        labels: &["vault", "kind", "object", "path", "version"],
        detail: Detail::All,
        help: "Version in the file.",
        series: |scrape| {
            let served = scrape
                .entries()
                .filter_map(|entry| Some((entry, entry.version.as_ref()?)));
            let series = served.map(|(entry, version)| with(entry, Some(version.as_str()), Value::Info));
            series.collect()
        },
    },
    Family {
        name: "akv_sync_object_version_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::All,
        help: "When the version in the file was first fetched.",
        series: |scrape| of_each(scrape, |entry| entry.since),
    },
    Family {
        name: "akv_sync_object_written_timestamp_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::All,
        help: "When this process last wrote its files.",
        series: |scrape| of_each(scrape, |entry| entry.written),
    },
    Family {
        name: "akv_sync_object_effective_interval_seconds",
        sort: Sort::Gauge,
        labels: LABELS,
        detail: Detail::All,
        help: "The current mean time between two calls for it. A pinned version has none.",
        series: |scrape| of_each(scrape, |entry| entry.effective_interval),
    },
    Family {
        name: "akv_sync_object_failures",
        sort: Sort::Gauge,
        labels: &["vault", "kind", "object", "path", "reason"],
        detail: Detail::All,
        help: "Failures in a row. An object that does not fail has no series.",
        series: |scrape| {
            let failing = scrape
                .entries()
                .filter_map(|entry| Some((entry, entry.failure.as_ref()?)));
            let series =
                failing.map(|(entry, failure)| with(entry, Some(failure.reason.as_str()), failure.times));
            series.collect()
        },
    },
];

/// A series for each entry that has the value.
fn of_each<V: Into<Value>>(scrape: &Scrape<'_>, value: fn(&EntryStatus) -> Option<V>) -> Vec<Sample> {
    let known = scrape.entries().filter_map(|entry| Some((entry, value(entry)?)));
    known.map(|(entry, value)| with(entry, None, value)).collect()
}

/// One of the entry, with one more label if there is one.
fn with(entry: &EntryStatus, more: Option<&str>, value: impl Into<Value>) -> Sample {
    let vault = entry.id.vault().map(ToString::to_string).unwrap_or_default();
    let (object, path) = match &entry.id {
        EntryId::Object(source) => (source.object.name.to_string(), first_path(entry)),
        EntryId::Template(path) => (String::new(), path.to_string()),
        EntryId::Selection { rule, path, .. } => (rule.clone(), path.as_str().to_owned()),
    };
    let own = [vault, kinds::of(&entry.id).to_owned(), object, path];
    Sample {
        labels: own.into_iter().chain(more.map(str::to_owned)).collect(),
        value: value.into(),
    }
}

fn first_path(entry: &EntryStatus) -> String {
    entry
        .files
        .first()
        .map(|file| file.path.to_string())
        .unwrap_or_default()
}
