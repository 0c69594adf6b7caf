//! Scrapes of `/metrics`: how long each is, and the CPU time that it takes of the program.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted};

/// Many scrapes of one process.
#[derive(Debug)]
pub(crate) struct Scrapes {
    pub(crate) objects: usize,
    /// The manifest's `metrics.perObject`.
    pub(crate) per_object: &'static str,
    pub(crate) count: u32,
    /// CPU time of all scrapes.
    pub(crate) cpu: Duration,
    /// Lines of one that are series, and bytes of it.
    pub(crate) series: usize,
    pub(crate) bytes: usize,
    pub(crate) memory: Memory,
}

impl Scrapes {
    /// CPU time of one.
    pub(crate) fn each(&self) -> Duration {
        self.cpu / self.count
    }
}

/// Scrapes `count` times, each over a connection of its own.
pub(crate) fn measure(
    program: &Path,
    scene: &Scene,
    objects: usize,
    per_object: &'static str,
    count: u32,
) -> io::Result<Scrapes> {
    scene.reset(Wanted::secrets(objects))?;
    let socket = scene.answers(per_object)?;
    let mut running = Program::start(scene.command(program))?;
    running.wait_for("Ready")?;
    running.wait_for("Pass finished")?;
    for _ in 0..5 {
        scrape(&socket)?;
    }
    let before = running.cpu_time()?;
    let mut text = String::new();
    for _ in 0..count {
        text = scrape(&socket)?;
    }
    let series = text.lines().filter(|line| line.starts_with(['a', 'p'])).count();
    let scrapes = Scrapes {
        objects,
        per_object,
        count,
        cpu: running.cpu_time()?.saturating_sub(before),
        series,
        bytes: text.len(),
        memory: running.memory()?,
    };
    running.stop()?;
    Ok(scrapes)
}

fn scrape(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if head.starts_with("HTTP/1.1 200 ") {
        return Ok(text.to_owned());
    }
    Err(io::Error::other(format!("no metrics: {head}")))
}
