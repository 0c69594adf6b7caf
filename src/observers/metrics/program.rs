//! The process and its manifest.

use super::family::{Detail, Family, Sample, Sort, Value};

pub(super) static FAMILIES: [Family; 8] = [
    Family {
        name: "akv_sync_build",
        sort: Sort::Info,
        labels: &["version"],
        detail: Detail::Always,
        help: "Which version of the program this is.",
        series: |_| vec![Sample::of(&[env!("CARGO_PKG_VERSION")], Value::Info)],
    },
    Family {
        name: "akv_sync_config_last_reload_successful",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Whether the newest manifest is in effect: 0 when it was refused, and the one before it stays.",
        series: |scrape| Sample::alone(!scrape.manifest.newer_refused),
    },
    Family {
        name: "akv_sync_config_last_reload_success_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the manifest took effect that is in effect.",
        series: |scrape| Sample::alone(scrape.manifest.taken),
    },
    Family {
        name: "process_cpu_seconds",
        sort: Sort::Counter,
        labels: &[],
        detail: Detail::Always,
        help: "CPU time of the process, user and system.",
        series: |scrape| Sample::known(scrape.usage.cpu),
    },
    Family {
        name: "process_resident_memory_bytes",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Memory of the process that is in RAM.",
        series: |scrape| Sample::known(scrape.usage.resident_bytes),
    },
    Family {
        name: "process_open_fds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Files, sockets and pipes that the process has open.",
        series: |scrape| Sample::known(scrape.usage.open_files),
    },
    Family {
        name: "process_max_fds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "How many the process may have open.",
        series: |scrape| Sample::known(scrape.usage.most_open_files),
    },
    Family {
        name: "process_start_time_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the process started.",
        series: |scrape| Sample::known(scrape.usage.started),
    },
];
