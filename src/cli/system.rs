//! The outside as the ports know it: the system's clock, its randomness, its environment.

use std::io;
use std::sync::Arc;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use tokio::signal::unix::{SignalKind, signal};

use crate::ports::{Clock, Environment, Jitter};

/// The system's wall clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The system's randomness.
#[derive(Debug)]
pub(super) struct SystemJitter(SystemRandom);

impl SystemJitter {
    /// A source of chance for the whole process.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(SystemRandom::new()))
    }
}

impl Jitter for SystemJitter {
    fn sample(&self) -> f64 {
        let mut bytes = [0_u8; 4];
        // Without randomness the process still works, only in step with others: the middle is the mean wait.
        if self.0.fill(&mut bytes).is_err() {
            return 0.5;
        }
        f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The environment of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn is_empty(&self, name: &str) -> bool {
        std::env::var_os(name).is_some_and(|value| value.is_empty())
    }
}

/// Makes a write beyond the limit of a file's size fail, so that it can be told; SIGXFSZ would end the process without a word.
///
/// Nobody listens: it is enough that the signal has a handler, which stays when the runtime is gone.
pub(super) fn survive_large_files() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async { signal(SignalKind::from_raw(Signal::SIGXFSZ as i32)).map(drop) })
}

/// Keeps values out of core dumps and away from debuggers of the same user.
///
/// Best effort: a sandbox may forbid either call, and neither is needed to work.
pub(super) fn forbid_core_dumps() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = prctl::set_dumpable(false);
}
