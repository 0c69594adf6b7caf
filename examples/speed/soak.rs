//! Thousands of passes of one process, and its memory on the way.

use std::io;
use std::path::Path;

use crate::no_op::pass;
use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted, secret_name};

/// Every so many passes a secret has a new version, so that publishing is a part of it.
pub(crate) const ROTATE_EVERY: u32 = 100;

/// How often the memory is read.
const SAMPLES: u32 = 10;

/// The memory after so many passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) passes: u32,
    pub(crate) memory: Memory,
}

/// Takes `count` passes; the first sample is from right after the start.
pub(crate) fn measure(program: &Path, scene: &Scene, objects: usize, count: u32) -> io::Result<Vec<Sample>> {
    scene.reset(Wanted::secrets(objects))?;
    let mut running = Program::start(scene.command(program))?;
    running.wait_for("Ready")?;
    let every = (count / SAMPLES).max(1);
    let mut samples = vec![Sample {
        passes: 0,
        memory: running.memory()?,
    }];
    for number in 1..=count {
        if number % ROTATE_EVERY == 0 {
            let object = usize::try_from(number / ROTATE_EVERY).unwrap_or(0) % objects;
            let value = format!("a value of thirty-two bytes v{number:05}");
            scene.fake.vault("app").set_secret(&secret_name(object), &value);
        }
        pass(&running, scene, objects)?;
        if number % every == 0 {
            samples.push(Sample {
                passes: number,
                memory: running.memory()?,
            });
        }
    }
    running.stop()?;
    Ok(samples)
}
