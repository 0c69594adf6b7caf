//! How soon `akv-sync` is ready, what it asks for, and what it costs, measured against the fake Azure.
//!
//! `cargo build --release && cargo run --example speed` prints the tables of `docs/performance.md` to stdout. The
//! program that is measured is a child process, and so is the floor beside it; only the fake runs in this one. Nothing here fails because a figure is
//! bad: it fails when there is no figure.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables are what it is for"
)]

mod cold_start;
mod floor;
mod no_op;
mod program;
mod scene;
mod scrape;
mod soak;
mod summary;
mod told;
mod verdict;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::cold_start::Setting;
use crate::scene::{Scene, Wanted};

/// Measures the release binary against the fake Azure and prints Markdown tables.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program to measure.
    #[arg(long, default_value = "target/release/akv-sync")]
    program: PathBuf,
    /// Cold starts of each setting; the tables show medians.
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Passes, and scrapes, over which the CPU time of one is averaged.
    #[arg(long, default_value_t = 300)]
    passes: u32,
    /// Measures less, in well under a minute: shows that the benchmark works, not how fast the program is.
    #[arg(long)]
    quick: bool,
    /// Takes this many passes in one process as well, and shows its memory on the way.
    #[arg(long, value_name = "PASSES")]
    soak: Option<u32>,
    /// Measures how soon others hear of a change, and exchanges the manifest this many times.
    #[arg(long, value_name = "RELOADS")]
    told: Option<u32>,
    /// Rotations of which each is told to a hook, with `--told`.
    #[arg(long, value_name = "ROTATIONS", default_value_t = 15)]
    rotations: u32,
    /// Objects of the soak.
    #[arg(long, default_value_t = 100)]
    soak_objects: usize,
}

/// What is measured.
struct Extent {
    runs: usize,
    passes: u32,
    round_trips: &'static [Duration],
    objects: &'static [usize],
}

const ROUND_TRIPS: &[Duration] = &[
    Duration::ZERO,
    Duration::from_millis(5),
    Duration::from_millis(20),
];

const QUICK_ROUND_TRIPS: &[Duration] = &[Duration::ZERO, Duration::from_millis(20)];

impl Extent {
    fn of(arguments: &Arguments) -> Self {
        if arguments.quick {
            return Self {
                runs: 3,
                passes: 30,
                round_trips: QUICK_ROUND_TRIPS,
                objects: &[1, 20, 100],
            };
        }
        Self {
            runs: arguments.runs.max(1),
            passes: arguments.passes.max(1),
            round_trips: ROUND_TRIPS,
            objects: &[1, 20, 100, 1_000],
        }
    }

    /// Secrets, two more of them pinned; and at last a set with everything in it.
    fn no_op_passes(&self) -> Vec<Wanted> {
        let secrets = self.objects.iter().map(|&secrets| Wanted {
            pinned: 2,
            ..Wanted::secrets(secrets)
        });
        let mixed = Wanted {
            secrets: 80,
            pinned: 2,
            certificates: 10,
            keys: 10,
        };
        secrets.chain([mixed]).collect()
    }

    fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for http2 in [true, false] {
            for &round_trip in self.round_trips {
                for &objects in self.objects {
                    settings.push(Setting {
                        http2,
                        round_trip,
                        objects,
                    });
                }
            }
        }
        settings
    }
}

fn main() -> ExitCode {
    let done = if std::env::args().nth(1).as_deref() == Some(floor::ARGUMENT) {
        floor::run()
    } else {
        measure(&Arguments::parse())
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> io::Result<()> {
    let extent = Extent::of(arguments);
    let size = program::size(&arguments.program)?;
    println!("{}", summary::surroundings(extent.runs, size));

    let starts = cold_start::measure(&arguments.program, &extent.settings(), extent.runs)?;
    println!("{}", summary::cold_starts(&starts));
    println!("{}", summary::floors(&starts));

    let mut passes = Vec::new();
    for http2 in [true, false] {
        for wanted in extent.no_op_passes() {
            let scene = Scene::new(http2, Duration::ZERO, wanted)?;
            // A pass over a thousand objects takes as long as ten over a hundred, and is as exact.
            let share = u32::try_from(wanted.unpinned() / 100).unwrap_or(1).max(1);
            let count = (extent.passes / share).max(5);
            passes.push(no_op::measure(&arguments.program, &scene, wanted, count)?);
        }
    }
    println!("{}", summary::no_op_passes(&passes));

    let mut scrapes = Vec::new();
    for &objects in extent.objects {
        let scene = Scene::new(true, Duration::ZERO, Wanted::secrets(objects))?;
        for per_object in ["none", "few", "all"] {
            let count = extent.passes;
            scrapes.push(scrape::measure(
                &arguments.program,
                &scene,
                objects,
                per_object,
                count,
            )?);
        }
    }
    println!("{}", summary::scrapes(&scrapes));

    let mut soaked = None;
    if let Some(count) = arguments.soak {
        let stocked = Wanted::secrets(arguments.soak_objects);
        let scene = Scene::new(true, Duration::ZERO, stocked)?;
        let samples = soak::measure(&arguments.program, &scene, arguments.soak_objects, count)?;
        println!("{}", summary::soak(arguments.soak_objects, &samples));
        soaked = Some(samples);
    }
    if let Some(reloads) = arguments.told {
        let scene = Scene::new(true, Duration::ZERO, Wanted::secrets(arguments.soak_objects))?;
        let told = told::measure(
            &arguments.program,
            &scene,
            arguments.soak_objects,
            (arguments.rotations, reloads),
        )?;
        println!("{}", summary::told(&told));
    }
    println!(
        "{}",
        verdict::table(size, &starts, &passes, &scrapes, soaked.as_deref())
    );
    Ok(())
}
