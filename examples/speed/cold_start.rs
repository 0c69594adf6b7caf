//! From exec to ready, on an empty volume, with nothing remembered; and beside each start, the floor.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fake_azure::Calls;

use crate::floor;
use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) http2: bool,
    pub(crate) round_trip: Duration,
    pub(crate) objects: usize,
}

/// One start.
#[derive(Debug)]
pub(crate) struct Start {
    /// From just before exec to the line `Ready` on stderr.
    pub(crate) ready: Duration,
    pub(crate) memory: Memory,
    pub(crate) cpu: Duration,
    pub(crate) calls: Calls,
}

/// All starts of one setting.
#[derive(Debug)]
pub(crate) struct Starts {
    pub(crate) setting: Setting,
    pub(crate) runs: Vec<Start>,
    /// Of each run, the start of the floor right after it.
    pub(crate) floors: Vec<Start>,
}

/// Starts the program `runs` times in each setting. All settings take turns, so that a busy spell of the machine
/// falls on all of them.
pub(crate) fn measure(program: &Path, settings: &[Setting], runs: usize) -> io::Result<Vec<Starts>> {
    let mut stages: Vec<(Setting, Scene)> = Vec::new();
    for setting in settings {
        let known = stages.iter().any(|(stage, _)| same_distance(stage, setting));
        if !known {
            let most = settings.iter().map(|setting| setting.objects).max();
            let stocked = Wanted::secrets(most.unwrap_or(1));
            let scene = Scene::new(setting.http2, setting.round_trip, stocked)?;
            stages.push((*setting, scene));
        }
    }
    let mut all: Vec<Starts> = settings
        .iter()
        .map(|&setting| Starts {
            setting,
            runs: Vec::new(),
            floors: Vec::new(),
        })
        .collect();
    // One more than asked for: the first fills the page cache, and is not counted.
    for run in 0..=runs {
        for starts in &mut all {
            let stage = stages
                .iter()
                .find(|(stage, _)| same_distance(stage, &starts.setting));
            let (_, scene) = stage.expect("each setting has its scene");
            let start = once(scene, starts.setting, |scene| Ok(scene.command(program)))?;
            let floor = once(scene, starts.setting, |scene| {
                floor::command(scene, starts.setting)
            })?;
            if run > 0 {
                starts.runs.push(start);
                starts.floors.push(floor);
            }
        }
    }
    Ok(all)
}

fn same_distance(one: &Setting, other: &Setting) -> bool {
    (one.http2, one.round_trip) == (other.http2, other.round_trip)
}

fn once(
    scene: &Scene,
    setting: Setting,
    command: impl FnOnce(&Scene) -> io::Result<Command>,
) -> io::Result<Start> {
    scene.reset(Wanted::secrets(setting.objects))?;
    let mut running = Program::start(command(scene)?)?;
    let ready = running.wait_for("Ready")?;
    let start = Start {
        ready,
        memory: running.memory()?,
        cpu: running.cpu_time()?,
        calls: scene.fake.calls(),
    };
    running.stop()?;
    Ok(start)
}
