//! What was written, and whether it can be.

use super::family::{Detail, Family, Sample, Sort};

pub(super) static FAMILIES: [Family; 7] = [
    Family {
        name: "akv_sync_publishes",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "Publishes that changed something.",
        series: |scrape| Sample::alone(scrape.counts.publishes),
    },
    Family {
        name: "akv_sync_files_written",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "Files that got new bytes.",
        series: |scrape| Sample::alone(scrape.counts.files_written),
    },
    Family {
        name: "akv_sync_files_removed",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "Files that were removed.",
        series: |scrape| Sample::alone(scrape.counts.files_removed),
    },
    Family {
        name: "akv_sync_files_adjusted",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "Files whose mode or owner changed.",
        series: |scrape| Sample::alone(scrape.counts.files_adjusted),
    },
    Family {
        name: "akv_sync_written_bytes",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "Size of the files that got new bytes.",
        series: |scrape| Sample::alone(scrape.counts.written_bytes),
    },
    Family {
        name: "akv_sync_last_publish_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When this process last published a change.",
        series: |scrape| Sample::known(scrape.status.and_then(|status| status.volume.published)),
    },
    Family {
        name: "akv_sync_volume_failures",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Failures in a row to read or write the volume; 0 when it works.",
        series: |scrape| Sample::known(scrape.status.map(|status| status.volume.failures)),
    },
];
