//! The targets, beside what was measured.

use std::fmt::{self, Write as _};
use std::time::Duration;

use fake_azure::CallKind;

use crate::cold_start::Starts;
use crate::no_op::{DIRTY_AFTER, Passes};
use crate::scrape::Scrapes;
use crate::soak::Sample;
use crate::summary::{mebibytes, protocol};

const FAR: Duration = Duration::from_millis(20);
const MIB: u64 = 1024 * 1024;

/// Resident memory that 100 objects may take, in KiB.
const MEMORY: u64 = 16 * 1024;

/// Memory of its own that the program may have with 100 objects, in KiB.
const DIRTY: u64 = 4 * 1024;

/// CPU time that a scrape of 100 objects may take.
const SCRAPE: Duration = Duration::from_millis(5);

/// More than this between a fifth of the soak and its end is growth; below it is the allocator's breathing. In KiB.
const BREATH: u64 = 256;

/// The most that a start at 20 ms may take, in times of the floor.
struct FloorTarget {
    http2: bool,
    objects: usize,
    most: f64,
}

const FLOOR_TARGETS: [FloorTarget; 5] = [
    FloorTarget::new(true, 20, 1.06),
    FloorTarget::new(true, 100, 1.2),
    FloorTarget::new(true, 1_000, 1.6),
    FloorTarget::new(false, 20, 1.1),
    FloorTarget::new(false, 100, 1.06),
];

impl FloorTarget {
    const fn new(http2: bool, objects: usize, most: f64) -> Self {
        Self { http2, objects, most }
    }
}

impl fmt::Display for FloorTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = protocol(self.http2);
        let Self { objects, most, .. } = self;
        write!(
            f,
            "{objects} objects, 20 ms, {protocol}: ready within {most} times the floor"
        )
    }
}

/// Each target with its figure. What was not measured is left out.
pub(crate) fn table(
    size: u64,
    starts: &[Starts],
    passes: &[Passes],
    scrapes: &[Scrapes],
    soak: Option<&[Sample]>,
) -> String {
    let mut table = Table("| Target | Measured | Met |\n|---|---|---|\n".to_owned());
    table.of_starts(starts);
    table.of_passes(passes);
    table.of_memory(starts, passes);
    table.of_scrapes(scrapes);
    table.of_soak(soak);
    table.of_size(size);
    table.0
}

/// The rows, as Markdown.
struct Table(String);

impl Table {
    fn row(&mut self, target: &str, measured: &str, met: bool) {
        let met = if met { "yes" } else { "**no**" };
        writeln!(self.0, "| {target} | {measured} | {met} |").expect("a string takes everything");
    }

    fn of_starts(&mut self, starts: &[Starts]) {
        for (http2, target, limit) in [
            (
                true,
                "20 objects, 20 ms, HTTP/2: ready within 5 round trips and 20 ms",
                FAR * 5 + Duration::from_millis(20),
            ),
            (
                false,
                "20 objects, 20 ms, HTTP/1.1: ready within 7 round trips and 20 ms",
                FAR * 7 + Duration::from_millis(20),
            ),
        ] {
            if let Some(ready) = far(starts, http2, 20).map(Starts::ready) {
                let measured = format!("{} ms of {} ms", ready.as_millis(), limit.as_millis());
                self.row(target, &measured, ready <= limit);
            }
        }
        for target in FLOOR_TARGETS {
            if let Some(starts) = far(starts, target.http2, target.objects) {
                let measured = format!(
                    "{:.2}: {} ms, the floor {} ms",
                    starts.ratio(),
                    starts.ready().as_millis(),
                    starts.floor().as_millis()
                );
                self.row(&target.to_string(), &measured, starts.ratio() <= target.most);
            }
        }
        let odd = starts
            .iter()
            .flat_map(|it| &it.runs)
            .filter(|start| start.calls.of(CallKind::Token) != 1 || start.calls.unauthenticated() != 1);
        let odd = odd.count();
        self.row(
            "one token call and one unauthenticated call, whatever the number of objects",
            &format!("{odd} starts with other counts"),
            odd == 0,
        );
    }

    fn of_passes(&mut self, passes: &[Passes]) {
        let wasteful = passes.iter().filter(|passes| !passes.are_minimal()).count();
        self.row(
            "a no-op pass is one GET for each unpinned object, no challenge, no token call",
            &format!("{wasteful} of {} settings with other counts", passes.len()),
            wasteful == 0,
        );
    }

    fn of_memory(&mut self, starts: &[Starts], passes: &[Passes]) {
        let peaks = starts
            .iter()
            .filter(|it| it.setting.objects == 100)
            .map(Starts::peak);
        let later = passes
            .iter()
            .filter(|it| it.wanted.unpinned() == 100)
            .map(|it| it.memory.peak);
        if let Some(peak) = peaks.chain(later).max() {
            let measured = format!("{} MiB", mebibytes(peak));
            self.row(
                "100 objects: peak RSS at most 16 MiB, start and passes",
                &measured,
                peak <= MEMORY,
            );
        }
        let dirty = passes.iter().filter(|it| it.wanted.unpinned() == 100);
        if let Some(most) = dirty.map(|it| it.private_dirty).max() {
            self.row(
                &format!("100 objects: at most 4 MiB of private dirty memory after {DIRTY_AFTER} passes"),
                &format!("{} MiB", mebibytes(most)),
                most <= DIRTY,
            );
        }
    }

    fn of_scrapes(&mut self, scrapes: &[Scrapes]) {
        let of_100 = scrapes.iter().filter(|it| it.objects == 100);
        if let Some(most) = of_100.map(Scrapes::each).max() {
            let measured = format!("{:.2} ms", most.as_secs_f64() * 1e3);
            self.row(
                "a scrape of 100 objects: at most 5 ms of CPU",
                &measured,
                most <= SCRAPE,
            );
        }
    }

    fn of_soak(&mut self, soak: Option<&[Sample]>) {
        if let Some([.., last]) = soak
            && let Some(early) = soak.and_then(|samples| samples.get(samples.len() / 5))
        {
            let measured = format!(
                "{} MiB after {} passes, {} MiB after {}",
                mebibytes(early.memory.now),
                early.passes,
                mebibytes(last.memory.now),
                last.passes
            );
            let target = format!("peak RSS flat over {} passes", last.passes);
            self.row(&target, &measured, last.memory.peak <= early.memory.peak + BREATH);
        }
    }

    fn of_size(&mut self, size: u64) {
        self.row(
            "stripped release binary at most 10 MiB",
            &format!("{size} bytes"),
            size <= 10 * MIB,
        );
    }
}

/// The starts at 20 ms.
fn far(starts: &[Starts], http2: bool, objects: usize) -> Option<&Starts> {
    starts.iter().find(|it| {
        let setting = it.setting;
        (setting.http2, setting.round_trip, setting.objects) == (http2, FAR, objects)
    })
}
