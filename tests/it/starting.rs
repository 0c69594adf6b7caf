//! What happens before the first pass.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::support::{Running, World, eventually};

/// A manifest whose file system never answers: a named pipe without a writer hangs in the same way.
#[test]
fn sigterm_ends_it_within_a_second_while_a_file_hangs() {
    let world = World::new();
    let pipe = world.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).expect("made");
    for (command, code) in [("run", 0), ("once", 130), ("plan", 130)] {
        let arguments = [command, "--log-level", "debug"];
        let mut command = world.command(&arguments);
        command.env("AKV_SYNC_MANIFEST", &pipe);
        let running = Running::start(command);
        // Nothing is said before the manifest is read.
        eventually("it listens for SIGTERM", || catches_sigterm(running.id()));
        running.signal(Signal::SIGTERM);
        let told = Instant::now();
        assert_eq!(running.finish().0.code(), Some(code), "{arguments:?}");
        assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    }
}

fn catches_sigterm(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask & (1 << (Signal::SIGTERM as i32 - 1)) != 0)
}
