//! The process and its manifest.

use super::family::{Detail, Family, Sample, Sort, Value};
use super::scrape::Scrape;
use crate::domain::status::ReloadStatus;

fn reload<'s>(scrape: &Scrape<'s>) -> Option<&'s ReloadStatus> {
    scrape.status.map(|status| &status.reload)
}

pub(super) static FAMILIES: [Family; 10] = [
    Family {
        name: "akv_sync_build",
        sort: Sort::Info,
        labels: &["version"],
        detail: Detail::Always,
        help: "Version of the program.",
        series: |_| vec![Sample::of(&[env!("CARGO_PKG_VERSION")], Value::Info)],
    },
    Family {
        name: "akv_sync_config_last_reload_successful",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "1 if the newest manifest is in effect; 0 if it was refused and the old one stays.",
        series: |scrape| Sample::alone(reload(scrape).is_none_or(|reload| reload.problems.is_empty())),
    },
    Family {
        name: "akv_sync_config_last_reload_success_timestamp_seconds",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "When the current manifest took effect.",
        series: |scrape| Sample::alone(scrape.manifest.taken),
    },
    Family {
        name: "akv_sync_config_reload_pending",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "1 while required files of a new manifest are still missing.",
        series: |scrape| Sample::alone(reload(scrape).is_some_and(|reload| reload.pending)),
    },
    Family {
        name: "akv_sync_config_watch",
        sort: Sort::Info,
        labels: &["mode"],
        detail: Detail::Always,
        help: "How changes of the manifest are noticed: `events` of the kernel, `polling`, or `off`.",
        series: |scrape| {
            let mode = reload(scrape).map(|reload| reload.watching.as_str());
            mode.into_iter()
                .map(|mode| Sample::of(&[mode], Value::Info))
                .collect()
        },
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
        help: "Resident memory of the process.",
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
        help: "Limit of open files of the process.",
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
