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
        help: "Which version of the program this is.",
        series: |_| vec![Sample::of(&[env!("CARGO_PKG_VERSION")], Value::Info)],
    },
    Family {
        name: "akv_sync_config_last_reload_successful",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Whether the newest manifest is in effect: 0 when it was refused, and the one before it stays.",
        series: |scrape| Sample::alone(reload(scrape).is_none_or(|reload| reload.problems.is_empty())),
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
        name: "akv_sync_config_reload_pending",
        sort: Sort::Gauge,
        labels: &[],
        detail: Detail::Always,
        help: "Whether a manifest took effect whose required files are not all there yet.",
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
