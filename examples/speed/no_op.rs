//! Passes that find everything current: what they ask for, and the CPU time that they take.

use std::io;
use std::path::Path;
use std::time::Duration;

use fake_azure::{CallKind, Calls, Service};

use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted};

/// What the program says at the beginning of a pass that was asked for.
pub(crate) const PASS_BEGINS: &str = "Sync asked for";

/// Many passes of one process.
#[derive(Debug)]
pub(crate) struct Passes {
    pub(crate) http2: bool,
    pub(crate) wanted: Wanted,
    pub(crate) count: u32,
    /// CPU time of all passes.
    pub(crate) cpu: Duration,
    /// What they called.
    pub(crate) calls: Calls,
    pub(crate) memory: Memory,
}

impl Passes {
    /// What was read of the vault; a certificate is read as its secret.
    pub(crate) fn gets(&self) -> u64 {
        self.calls.of(CallKind::GetSecret) + self.calls.of(CallKind::GetKey)
    }

    /// Whether each pass was one call for each unpinned object, with no token call, no challenge and no new connection.
    pub(crate) fn are_minimal(&self) -> bool {
        let calls = &self.calls;
        let objects = u64::try_from(self.wanted.unpinned()).unwrap_or(u64::MAX);
        self.gets() == u64::from(self.count) * objects
            && calls.total() == self.gets()
            && calls.unauthenticated() == 0
            && calls.connections(Service::Entra) == 0
    }
}

/// Takes `count` passes, one right after the other.
///
/// A request for a pass that comes during another is heard when that one is over. So a pass has begun, and the one
/// before it is over, when the program says so; asking again at once leaves no gap between them.
pub(crate) fn measure(program: &Path, scene: &Scene, wanted: Wanted, count: u32) -> io::Result<Passes> {
    scene.reset(wanted)?;
    let mut running = Program::start(scene.command(program))?;
    running.wait_for("Ready")?;
    warm_up(&mut running)?;
    settled(scene)?;
    scene.fake.reset_calls();
    let before = running.cpu_time()?;
    for _ in 0..count {
        running.hang_up()?;
        running.wait_for(PASS_BEGINS)?;
    }
    let calls = settled(scene)?;
    let passes = Passes {
        http2: scene.http2,
        wanted,
        count,
        cpu: running.cpu_time()?.saturating_sub(before),
        calls,
        memory: running.memory()?,
    };
    running.stop()?;
    Ok(passes)
}

fn warm_up(running: &mut Program) -> io::Result<()> {
    for _ in 0..5 {
        running.hang_up()?;
        running.wait_for(PASS_BEGINS)?;
    }
    Ok(())
}

/// Waits until the fake has heard nothing for a while, which is when the last pass is over; gives what it counted.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is another process, so its time cannot be paused"
)]
fn settled(scene: &Scene) -> io::Result<Calls> {
    let mut calls = scene.fake.calls();
    for _ in 0..240 {
        std::thread::sleep(Duration::from_millis(250));
        let later = scene.fake.calls();
        if later.total() == calls.total() {
            return Ok(later);
        }
        calls = later;
    }
    Err(io::Error::other(
        "the program goes on calling without being asked",
    ))
}
