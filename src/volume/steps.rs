//! Who may watch the numbered steps of a layout.

use std::io;
use std::path::Path;

use super::failure::failed;
use crate::ports::VolumeFailure;

/// Is told of each step before it is taken, and may stop it. `S` is the list of steps of a layout.
///
/// Production uses [`Unobserved`]. A test that refuses one step and every later one leaves the volume as a crash
/// would; a test that refuses a single one sees what a failing system call does.
pub trait StepObserver<S>: Send + Sync {
    /// Lets the step happen, or gives the error that the step fails with.
    fn before(&self, step: S) -> io::Result<()>;

    /// Hears of a file or directory that was synced: what it is now outlives a power cut. On a memory volume nothing is.
    fn synced(&self, _path: &Path) {}
}

/// Watches nothing and stops nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl<S> StepObserver<S> for Unobserved {
    fn before(&self, _: S) -> io::Result<()> {
        Ok(())
    }
}

/// What a step does, as an action of a [`VolumeFailure`].
pub(super) trait Action: Copy {
    fn action(self) -> &'static str;
}

/// Announces a step that is about `path`.
pub(super) fn announce<S: Action>(
    steps: &dyn StepObserver<S>,
    step: S,
    path: &Path,
) -> Result<(), VolumeFailure> {
    steps
        .before(step)
        .map_err(|error| failed(step.action(), path, error))
}
