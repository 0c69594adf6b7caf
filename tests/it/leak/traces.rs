//! Runs the program with everything that it could write to in reach of the search.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::scrape::scrape;
use crate::support::World;

/// Longest wait for anything; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a process left behind.
pub(crate) struct Traces {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// The argument list, as every user of the machine may read it; empty when the process ended by itself.
    pub(crate) command_line: Vec<u8>,
    /// What monitoring reads, in both forms; empty when the process ended by itself, or has no socket.
    pub(crate) metrics: String,
    pub(crate) volume: PathBuf,
    /// Its working, home and temporary directory.
    pub(crate) elsewhere: PathBuf,
}

/// A process of the program whose output goes to files.
pub(crate) struct Observed {
    child: Child,
    output: PathBuf,
    volume: PathBuf,
    command_line: Vec<u8>,
    socket: PathBuf,
    metrics: String,
}

/// Where a program under observation answers, as its manifest has it.
pub(super) fn admin(world: &World) -> String {
    let socket = socket(world);
    format!(
        "admin: {{ socket: \"{}\" }}\nmetrics: {{ perObject: all }}",
        socket.display()
    )
}

fn socket(world: &World) -> PathBuf {
    world.path("admin.sock")
}

impl Observed {
    /// Starts `command` of `world`.
    pub(crate) fn start(world: &World, mut command: Command) -> Self {
        let output = world.path("output");
        fs::create_dir_all(output.join("elsewhere")).expect("created");
        let file = |name: &str| File::create(output.join(name)).expect("created");
        let child = command
            .current_dir(output.join("elsewhere"))
            .env("HOME", output.join("elsewhere"))
            .env("TMPDIR", output.join("elsewhere"))
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("the program starts");
        Self {
            child,
            output,
            volume: world.path("volume"),
            command_line: Vec::new(),
            socket: socket(world),
            metrics: String::new(),
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the log holds this text so many times.
    pub(crate) fn wait_for(&self, text: &str, times: usize) {
        self.wait_until(|log| log.matches(text).count() >= times, text);
    }

    /// Waits until the log holds one of these texts.
    pub(crate) fn wait_for_any(&self, texts: &[&str]) {
        self.wait_until(
            |log| texts.iter().any(|text| log.contains(text)),
            &texts.join(" or "),
        );
    }

    fn wait_until(&self, done: impl Fn(&str) -> bool, what: &str) {
        let began = Instant::now();
        let log = || fs::read_to_string(self.output.join("stderr")).expect("readable");
        while !done(&log()) {
            assert!(began.elapsed() < PATIENCE, "no {what} in:\n{}", log());
            pause();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("the process is there");
    }

    /// Ends it with SIGTERM.
    pub(crate) fn stop(mut self) -> Traces {
        self.command_line = fs::read(format!("/proc/{}/cmdline", self.child.id())).expect("it runs");
        assert!(!self.command_line.is_empty(), "it has not ended yet");
        if self.socket.exists() {
            let forms = ["text/plain", "application/openmetrics-text"];
            self.metrics = forms.map(|form| scrape(&self.socket, form).text).concat();
            assert!(self.metrics.contains("akv_sync_build_info"), "{}", self.metrics);
        }
        self.signal(Signal::SIGTERM);
        self.finish()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Traces {
        let read = |name: &str| fs::read(self.output.join(name)).expect("readable");
        Traces {
            status: self.child.wait().expect("it ends"),
            stdout: read("stdout"),
            stderr: read("stderr"),
            command_line: std::mem::take(&mut self.command_line),
            metrics: std::mem::take(&mut self.metrics),
            volume: self.volume.clone(),
            elsewhere: self.output.join("elsewhere"),
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what another process writes is looked at again and again; tokio does not run here"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}
