//! The program under measurement: a child process, its log, and what the kernel says of it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// Longest wait for one line of the log; a program that is silent for so long is not measured but broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program; killed when dropped.
pub(crate) struct Program {
    child: Child,
    began: Instant,
    lines: Receiver<(Instant, String)>,
    last: String,
}

/// Resident memory in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// The highest up to now (`VmHWM`).
    pub(crate) peak: u64,
    /// Now (`VmRSS`).
    pub(crate) now: u64,
    /// What of it is the program's own, and not pages of files: heap and stacks (`RssAnon`).
    pub(crate) own: u64,
}

impl Program {
    /// Starts it; its log is read as it comes.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        let began = Instant::now();
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let log = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            began,
            lines,
            last: String::new(),
        })
    }

    /// Waits for the next line of the log with this text; gives the time since the program was started.
    pub(crate) fn wait_for(&mut self, text: &str) -> io::Result<Duration> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (at, line) = self.lines.recv_timeout(left).map_err(|_| {
                let last = &self.last;
                io::Error::other(format!(
                    "the program never said {text:?}; its last line is {last:?}"
                ))
            })?;
            if line.contains(text) {
                return Ok(at.duration_since(self.began));
            }
            self.last = line;
        }
    }

    /// Asks for a pass.
    pub(crate) fn hang_up(&self) -> io::Result<()> {
        self.signal(Signal::SIGHUP)
    }

    /// User and system time of all its threads, ended ones included.
    pub(crate) fn cpu_time(&self) -> io::Result<Duration> {
        let clock = clock_getcpuclockid(self.id()?)?;
        Ok(Duration::from(clock.now()?))
    }

    /// Its resident memory.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        let status = self.proc("status")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_ascii_whitespace().next()?.parse().ok()
        };
        let field = |name| field(name).ok_or(io::ErrorKind::InvalidData);
        Ok(Memory {
            peak: field("VmHWM:")?,
            now: field("VmRSS:")?,
            own: field("RssAnon:")?,
        })
    }

    /// Memory that is its own alone and that it wrote to, in KiB (`Private_Dirty` of `smaps_rollup`): what it costs a node
    /// whatever else runs there.
    pub(crate) fn private_dirty(&self) -> io::Result<u64> {
        let rollup = self.proc("smaps_rollup")?;
        let line = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Private_Dirty:"));
        let figure = line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok());
        Ok(figure.ok_or(io::ErrorKind::InvalidData)?)
    }

    /// How many files it has open.
    pub(crate) fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// Ends it as a cluster does, and waits until it has ended.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the program ended with {status} on SIGTERM"
        )))
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill(self.id()?, signal)?)
    }

    fn id(&self) -> io::Result<Pid> {
        let id = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(Pid::from_raw(id))
    }

    fn proc(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The size of the program in bytes; the release profile strips it.
pub(crate) fn size(program: &Path) -> io::Result<u64> {
    let found = fs::metadata(program);
    let missing = |error| {
        let hint = "build it with `cargo build --release`, or name one with --program";
        io::Error::other(format!("{}: {error}; {hint}", program.display()))
    };
    Ok(found.map_err(missing)?.len())
}
