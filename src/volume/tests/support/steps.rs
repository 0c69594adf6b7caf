//! Observers that stop a writer at one of its steps, whatever its layout.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use crate::volume::{StepObserver, atomic, flat};

/// A step of either layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::volume::tests) enum AnyStep {
    Atomic(atomic::Step),
    Flat(flat::Step),
}

impl AnyStep {
    /// Its number in the list of its layout.
    pub(in crate::volume::tests) const fn number(self) -> u8 {
        match self {
            Self::Atomic(step) => step.number(),
            Self::Flat(step) => step.number(),
        }
    }

    /// Whether nothing is published yet when this step fails.
    pub(in crate::volume::tests) fn is_up_to_commit(self) -> bool {
        match self {
            Self::Atomic(step) => step <= atomic::Step::Commit,
            Self::Flat(step) => step <= flat::Step::Commit,
        }
    }

    /// Whether this step of a call that only observes repairs something. The flat layout takes the later steps of a
    /// publish again.
    pub(in crate::volume::tests) fn is_recovery(self) -> bool {
        match self {
            Self::Atomic(step) => step == atomic::Step::Recover,
            Self::Flat(step) => step >= flat::Step::Recover,
        }
    }
}

impl From<atomic::Step> for AnyStep {
    fn from(step: atomic::Step) -> Self {
        Self::Atomic(step)
    }
}

impl From<flat::Step> for AnyStep {
    fn from(step: flat::Step) -> Self {
        Self::Flat(step)
    }
}

/// An observer for a volume of either layout.
pub(in crate::volume::tests) trait AnyObserver:
    StepObserver<atomic::Step> + StepObserver<flat::Step> + 'static
{
}

impl<T> AnyObserver for T where T: StepObserver<atomic::Step> + StepObserver<flat::Step> + 'static {}

/// Asks a function before each step.
pub(in crate::volume::tests) struct Before<F>(pub(in crate::volume::tests) F);

impl<S, F> StepObserver<S> for Before<F>
where
    S: Into<AnyStep>,
    F: Fn(AnyStep) -> io::Result<()> + Send + Sync,
{
    fn before(&self, step: S) -> io::Result<()> {
        (self.0)(step.into())
    }
}

/// Lets so many steps happen, then acts.
#[derive(Clone)]
pub(in crate::volume::tests) struct StopAt {
    number: usize,
    /// Whether later steps are refused too, as for a process that is gone; or happen, as after a failed call.
    for_good: bool,
    count: Arc<AtomicUsize>,
    stopped: Arc<Mutex<Option<AnyStep>>>,
}

impl StopAt {
    pub(in crate::volume::tests) fn new(number: usize, for_good: bool) -> Self {
        Self {
            number,
            for_good,
            count: Arc::default(),
            stopped: Arc::default(),
        }
    }

    /// The step that was refused first; `None` when there were not so many.
    pub(in crate::volume::tests) fn stopped(&self) -> Option<AnyStep> {
        *self.stopped.lock().expect("not poisoned")
    }
}

impl<S: Into<AnyStep>> StepObserver<S> for StopAt {
    fn before(&self, step: S) -> io::Result<()> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if number == self.number {
            *self.stopped.lock().expect("not poisoned") = Some(step.into());
        }
        if number == self.number || (self.for_good && number > self.number) {
            return Err(io::Error::from(Errno::ENOSPC));
        }
        Ok(())
    }
}
