//! Stderr or stdout is a pipe that nobody reads: files are written all the same, and SIGTERM ends the program.

use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{World, eventually};
use crate::terminal::{Shows, start_on_terminal};

/// Ends with the test.
struct Running(Child);

impl Running {
    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.0.id()).expect("small"));
        kill(process, signal).expect("it runs");
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_pipe_that_nobody_reads_stops_neither_the_sync_nor_the_end() {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "one");
    world.manifest("secrets: [{ name: a }]");
    let (_reader, writer) = io::pipe().expect("a pipe");
    fill(&writer);
    let mut command = world.command(&["run", "--log-level", "debug"]);
    let mut running = Running(command.stderr(writer).spawn().expect("starts"));
    eventually("the first set", || world.text("a").as_deref() == Some("one"));
    for number in 0..20 {
        let text = number.to_string();
        world.fake.vault("app").set_secret("a", &text);
        running.signal(Signal::SIGHUP);
        eventually("the next set", || world.text("a").as_ref() == Some(&text));
    }
    terminate(&mut running);
    assert_eq!(running.ended().and_then(|status| status.code()), Some(0));
}

/// With so many files that a table of them fills every buffer on its way.
fn many_files() -> World {
    let world = World::new();
    world.fake.vault("app").set_secret("a", "value");
    let long = "long".repeat(20);
    let entries: Vec<_> = (0..600)
        .map(|number| format!("\n  - {{ name: a, path: {long}-{number} }}"))
        .collect();
    world.manifest(&format!("secrets:{}", entries.concat()));
    world
}

#[test]
fn sigterm_ends_each_command_while_nobody_reads_its_data() {
    let world = many_files();
    let plan: &[_] = &["plan"];
    for arguments in [
        plan,
        &["plan", "-o", "json"],
        &["status"],
        &["status", "-o", "json"],
        &["schema"],
    ] {
        let (reader, writer) = io::pipe().expect("a pipe");
        let room = small(&writer);
        let mut command = world.command(arguments);
        command.stdout(writer).stderr(Stdio::null());
        let mut running = Running(command.spawn().expect("starts"));
        ends_when_full(&mut running, &reader, room);
    }
}

#[test]
fn sigterm_ends_once_while_its_terminal_takes_no_more_rows() {
    let world = many_files();
    let mut command = world.command(&["once"]);
    command.env("TERM", "xterm");
    let (child, near) = start_on_terminal(command, 200, Shows::Both);
    // More than the line that says what is under way ever takes.
    ends_when_full(&mut Running(child), &near, 4000);
}

/// Waits until so many bytes are there for a reader who does not come, and then ends the program.
fn ends_when_full(running: &mut Running, reader: impl AsFd, room: u64) {
    eventually("the reader has much to read", || {
        rustix::io::ioctl_fionread(&reader).expect("it tells") >= room
    });
    assert_eq!(running.ended(), None, "there is more to write");
    terminate(running);
}

/// Ends it with a single signal.
fn terminate(running: &mut Running) {
    let began = Instant::now();
    running.signal(Signal::SIGTERM);
    eventually("the end", || running.ended().is_some());
    // The program takes a second at most; the machine may be busy besides.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// Makes it as small as a pipe can be; gives how many bytes it takes.
fn small(pipe: &io::PipeWriter) -> u64 {
    use nix::fcntl::{FcntlArg, fcntl};
    let room = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(4096)).expect("sets");
    u64::try_from(room).expect("a size")
}

/// Writes until nothing fits any more.
fn fill(pipe: &io::PipeWriter) {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("sets");
    let mut sink = pipe;
    for size in [4096, 1] {
        while sink.write(&vec![b'x'; size]).is_ok() {}
    }
    fcntl(pipe, FcntlArg::F_SETFL(OFlag::empty())).expect("sets");
}
