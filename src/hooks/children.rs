//! The processes that this one began and has not waited for yet, and those that it never began and must wait for.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid};
use tokio::process::{Child, Command};

use super::processes::{self, Process};

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

    /// Takes note of the end of processes that lost their parent, if they are handed over to this one: the first of a
    /// container is the last to do that. A hook that goes into the background would leave one each time.
    pub(super) fn reap_orphans(&self) {
        if getpid().as_raw() == 1 {
            self.reap_orphans_of(1);
        }
    }

    fn reap_orphans_of(&self, own: i32) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for orphan in orphans(processes::all().unwrap_or_default(), own, &known) {
            // By its number: whoever waits for any child takes the ends of ours, which the runtime waits for. A look at the
            // next that ended would not do either, as it shows one of ours again and again.
            let _reaped = waitpid(Pid::from_raw(orphan), Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// Those that have ended, are handed over to `own`, and are not known.
fn orphans(all: Vec<Process>, own: i32, known: &BTreeSet<u32>) -> Vec<i32> {
    let ended = all.into_iter().filter(|it| it.zombie && it.parent == own);
    let pids = ended.map(|it| it.pid);
    pids.filter(|pid| !u32::try_from(*pid).is_ok_and(|pid| known.contains(&pid)))
        .collect()
}

#[cfg(test)]
mod tests;
