//! The figures as Markdown tables.

use std::fmt::Write as _;
use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

use fake_azure::{CallKind, Service};
use time::OffsetDateTime;

use crate::cold_start::{Start, Starts};
use crate::no_op::Passes;
use crate::program::Memory;
use crate::scrape::Scrapes;
use crate::soak::{ROTATE_EVERY, Sample};
use crate::told::Told;

/// Where and how it was measured.
pub(crate) fn surroundings(runs: usize, size: u64) -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let fake = if cfg!(debug_assertions) {
        "the dev profile"
    } else {
        "an optimised profile"
    };
    format!(
        "Measured on {} with {cores} cores, load average {load} before the start; the fake was built with {fake}. Medians of \
         {runs} starts. The program has {size} bytes.\n",
        OffsetDateTime::now_utc().date()
    )
}

/// One row for each setting.
pub(crate) fn cold_starts(all: &[Starts]) -> String {
    let mut table = String::from(
        "| Protocol | Round trip | Objects | Ready (ms) | least - most | Round trips | CPU (ms) | GETs | Unauthenticated | Token calls | Connections: vault, Entra | Peak RSS (MiB) |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for starts in all {
        let setting = starts.setting;
        let ready = sorted(&starts.runs, |start| start.ready);
        let (least, most) = (ready.first(), ready.last());
        let trips = round_trips(all, starts).map_or_else(|| "-".to_owned(), |trips| format!("{trips:.1}"));
        let row = [
            protocol(setting.http2).to_owned(),
            format!("{} ms", setting.round_trip.as_millis()),
            setting.objects.to_string(),
            milliseconds(median(&ready)),
            format!(
                "{} - {}",
                milliseconds(least.copied().unwrap_or_default()),
                milliseconds(most.copied().unwrap_or_default())
            ),
            trips,
            format!(
                "{:.1}",
                median(&sorted(&starts.runs, |start| start.cpu)).as_secs_f64() * 1e3
            ),
            counted(starts, |start| start.calls.of(CallKind::GetSecret)),
            counted(starts, |start| start.calls.unauthenticated()),
            counted(starts, |start| start.calls.of(CallKind::Token)),
            format!(
                "{}, {}",
                counted(starts, |start| start.calls.connections(Service::Vault)),
                counted(starts, |start| start.calls.connections(Service::Entra))
            ),
            mebibytes(starts.peak()),
        ];
        add_row(&mut table, &row);
    }
    table
}

/// The starts beside the floor.
pub(crate) fn floors(all: &[Starts]) -> String {
    let mut table = String::from(
        "| Protocol | Round trip | Objects | Ready (ms) | Floor (ms) | Ratio | CPU (ms) | CPU of the floor (ms) |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for starts in all {
        let setting = starts.setting;
        let cpu = |runs: &[Start]| {
            let cpu = median(&sorted(runs, |start| start.cpu)).as_secs_f64();
            format!("{:.1}", cpu * 1e3)
        };
        let row = [
            protocol(setting.http2).to_owned(),
            format!("{} ms", setting.round_trip.as_millis()),
            setting.objects.to_string(),
            milliseconds(starts.ready()),
            milliseconds(starts.floor()),
            format!("{:.2}", starts.ratio()),
            cpu(&starts.runs),
            cpu(&starts.floors),
        ];
        add_row(&mut table, &row);
    }
    table
}

/// What a no-op pass asks for and costs.
pub(crate) fn no_op_passes(all: &[Passes]) -> String {
    let mut table = String::from(
        "| Protocol | Objects | of them pinned | Passes | GETs in all | Unauthenticated | Token calls | New connections | CPU of a pass (ms) | CPU of a GET (µs) | Peak RSS (MiB) | Private dirty (MiB) |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for passes in all {
        let (calls, wanted) = (&passes.calls, passes.wanted);
        let cpu = passes.cpu.as_secs_f64() / f64::from(passes.count);
        let gets = u32::try_from(wanted.unpinned()).unwrap_or(u32::MAX);
        let mut objects = (wanted.unpinned() + wanted.pinned).to_string();
        if wanted.certificates + wanted.keys > 0 {
            write!(
                objects,
                " ({} certificates, {} keys)",
                wanted.certificates, wanted.keys
            )
            .expect("a string takes everything");
        }
        let row = [
            protocol(passes.http2).to_owned(),
            objects,
            wanted.pinned.to_string(),
            passes.count.to_string(),
            passes.gets().to_string(),
            calls.unauthenticated().to_string(),
            calls.of(CallKind::Token).to_string(),
            (calls.connections(Service::Vault) + calls.connections(Service::Entra)).to_string(),
            format!("{:.2}", cpu * 1e3),
            format!("{:.0}", cpu * 1e6 / f64::from(gets)),
            mebibytes(passes.memory.peak),
            mebibytes(passes.private_dirty),
        ];
        add_row(&mut table, &row);
    }
    table
}

/// What a scrape costs.
pub(crate) fn scrapes(all: &[Scrapes]) -> String {
    let mut table = String::from(
        "| Objects | `perObject` | Scrapes | CPU of a scrape (ms) | Series | KiB | Peak RSS (MiB) |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for scrapes in all {
        let row = [
            scrapes.objects.to_string(),
            scrapes.per_object.to_owned(),
            scrapes.count.to_string(),
            format!("{:.2}", scrapes.each().as_secs_f64() * 1e3),
            scrapes.series.to_string(),
            (scrapes.bytes / 1024).to_string(),
            mebibytes(scrapes.memory.peak),
        ];
        add_row(&mut table, &row);
    }
    table
}

/// The memory of one process on its way through many passes.
pub(crate) fn soak(objects: usize, samples: &[Sample]) -> String {
    let mut table = format!(
        "{objects} objects over HTTP/2; one of them is rotated every {ROTATE_EVERY} passes.\n\n\
         | Passes | RSS (MiB) | of it heap and stacks | Peak RSS (MiB) |\n|---|---|---|---|\n"
    );
    for sample in samples {
        let row = [
            sample.passes.to_string(),
            mebibytes(sample.memory.now),
            mebibytes(sample.memory.own),
            mebibytes(sample.memory.peak),
        ];
        add_row(&mut table, &row);
    }
    table
}

/// How soon others hear of a change, and what reloads and idling cost.
pub(crate) fn told(told: &Told) -> String {
    let (idle, quiet) = told.idle;
    let [before, rotated, after] = &told.used;
    let mut table = format!(
        "One process, {} objects over HTTP/2, no distance.\n\n| What | Measured |\n|---|---|\n",
        told.objects
    );
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    let spread = |times: &[Duration]| {
        let [least, median, longest] =
            [0, times.len() / 2, times.len().saturating_sub(1)].map(|at| times[at]);
        format!("{} ({} - {})", millis(median), millis(least), millis(longest))
    };
    let memory = |(memory, descriptors): &(Memory, usize)| {
        format!("{} MiB, {descriptors} descriptors", mebibytes(memory.now))
    };
    let share = 100.0 * idle.as_secs_f64() / quiet.as_secs_f64();
    for (what, measured) in [
        ("from the swap to the hook", spread(&told.hooks)),
        (
            "from `POST /sync` to its answer, with the new file in place",
            spread(&told.syncs),
        ),
        (
            "CPU while nothing is to do, interval 5m",
            format!("{share:.3} % of a core"),
        ),
        ("before the first rotation", memory(before)),
        (&format!("after {} rotations", told.hooks.len()), memory(rotated)),
        (&format!("after {} reloads", told.reloads), memory(after)),
    ] {
        add_row(&mut table, &[what.to_owned(), measured]);
    }
    table
}

/// The column `Round trips`: how much later than without distance, in round trips; `None` where there is no distance.
///
/// Of the fastest start of each, because other work on the machine only ever adds.
fn round_trips(all: &[Starts], starts: &Starts) -> Option<f64> {
    let setting = starts.setting;
    let near = all.iter().find(|near| {
        let near = near.setting;
        near.round_trip.is_zero() && (near.http2, near.objects) == (setting.http2, setting.objects)
    })?;
    let least = |starts: &Starts| starts.runs.iter().map(|start| start.ready).min();
    let later = least(starts)?.as_secs_f64() - least(near)?.as_secs_f64();
    (!setting.round_trip.is_zero()).then(|| later / setting.round_trip.as_secs_f64())
}

impl Starts {
    /// The median time to ready.
    pub(crate) fn ready(&self) -> Duration {
        median(&sorted(&self.runs, |start| start.ready))
    }

    /// The median time of the floor.
    pub(crate) fn floor(&self) -> Duration {
        median(&sorted(&self.floors, |start| start.ready))
    }

    /// The median of the ratios of each run to the floor right after it, which a busy spell of the machine slows as well.
    pub(crate) fn ratio(&self) -> f64 {
        let runs = self.runs.iter().zip(&self.floors);
        let mut ratios: Vec<_> = runs
            .map(|(run, floor)| run.ready.as_secs_f64() / floor.ready.as_secs_f64())
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or_default()
    }

    /// The highest peak of resident memory, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        self.runs.iter().map(|start| start.memory.peak).max().unwrap_or(0)
    }
}

fn sorted(starts: &[Start], figure: impl Fn(&Start) -> Duration) -> Vec<Duration> {
    let mut figures: Vec<_> = starts.iter().map(figure).collect();
    figures.sort_unstable();
    figures
}

fn median(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// A count that should not vary: one number, or the least and the most.
fn counted(starts: &Starts, count: impl Fn(&Start) -> u64) -> String {
    let least = starts.runs.iter().map(&count).min().unwrap_or(0);
    let most = starts.runs.iter().map(&count).max().unwrap_or(0);
    if least == most {
        least.to_string()
    } else {
        format!("{least} - {most}")
    }
}

/// Its name.
pub(crate) fn protocol(http2: bool) -> &'static str {
    if http2 { "HTTP/2" } else { "HTTP/1.1" }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0}", time.as_secs_f64() * 1e3)
}

/// KiB as MiB.
pub(crate) fn mebibytes(kibibytes: u64) -> String {
    format!("{}.{:02}", kibibytes / 1024, kibibytes % 1024 * 100 / 1024)
}

fn add_row(table: &mut String, cells: &[String]) {
    writeln!(table, "| {} |", cells.join(" | ")).expect("a string takes everything");
}
