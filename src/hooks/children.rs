//! The processes that this one began and has not waited for yet.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::process::{Child, Command};

/// Their numbers. Each stays until its end was taken note of, so that nobody else does that.
#[derive(Debug, Default)]
pub(super) struct Children(Mutex<BTreeSet<u32>>);

impl Children {
    /// Begins one.
    pub(super) fn begin(&self, mut command: Command) -> io::Result<Child> {
        // Under the lock: it must not be taken for an orphan before it is known.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        known.extend(child.id());
        Ok(child)
    }

    /// Its end was taken note of.
    pub(super) fn forget(&self, pid: u32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&pid);
    }
}
