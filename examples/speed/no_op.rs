//! Passes that find everything current: what they ask for, and the CPU time that they take.

use std::io;
use std::path::Path;
use std::time::Duration;

use fake_azure::{CallKind, Calls, Service};

use crate::program::{Memory, Program};
use crate::scene::{Scene, Wanted};

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
    /// After [`DIRTY_AFTER`] passes, or after all when there are fewer; in KiB.
    pub(crate) private_dirty: u64,
}

/// After so many passes all buffers have their size.
pub(crate) const DIRTY_AFTER: u32 = 60;

impl Passes {
    pub(crate) fn gets(&self) -> u64 {
        gets(&self.calls)
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

/// What was read of the vault; a certificate is read as its secret.
fn gets(calls: &Calls) -> u64 {
    calls.of(CallKind::GetSecret) + calls.of(CallKind::GetKey)
}

/// Takes `count` passes, one right after the other.
pub(crate) fn measure(program: &Path, scene: &Scene, wanted: Wanted, count: u32) -> io::Result<Passes> {
    scene.reset(wanted)?;
    let mut running = Program::start(scene.command(program))?;
    running.wait_for("Ready")?;
    for _ in 0..5 {
        pass(&running, scene, wanted.unpinned())?;
    }
    settled(scene)?;
    scene.fake.reset_calls();
    let before = running.cpu_time()?;
    let mut private_dirty = 0;
    for number in 1..=count {
        pass(&running, scene, wanted.unpinned())?;
        if number == count.min(DIRTY_AFTER) {
            private_dirty = running.private_dirty()?;
        }
    }
    let calls = settled(scene)?;
    let passes = Passes {
        http2: scene.http2,
        wanted,
        count,
        cpu: running.cpu_time()?.saturating_sub(before),
        calls,
        memory: running.memory()?,
        private_dirty,
    };
    running.stop()?;
    Ok(passes)
}

/// Asks for a pass, and waits until it has read so many objects.
///
/// A request that comes while questions are under way does not repeat those. So the next pass is asked for when the vault
/// has heard all of this one, and a moment later, when the answers have arrived.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is another process, so its time cannot be paused"
)]
pub(crate) fn pass(running: &Program, scene: &Scene, objects: usize) -> io::Result<()> {
    let before = gets(&scene.fake.calls());
    let wanted = before + u64::try_from(objects).unwrap_or(u64::MAX);
    running.hang_up()?;
    for _ in 0..10_000 {
        if gets(&scene.fake.calls()) >= wanted {
            std::thread::sleep(Duration::from_millis(20));
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(io::Error::other(
        "the program did not ask for every object within ten seconds",
    ))
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
