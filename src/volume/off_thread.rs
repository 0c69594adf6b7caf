//! Makes blocking calls the port: on another thread, one at a time, and with a time limit.
//!
//! Invariant: a file system that hangs holds up no timer and no signal, and never takes more than one thread. A call
//! that takes too long is left behind and keeps its turn until it ends; so does one that nobody waits for any more.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::timeout;

use super::blocking::BlockingVolume;
use super::failure::text;
use crate::domain::desired::VolumeSpec;
use crate::domain::hint::Hint;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::{Volume, VolumeFailure, VolumeFailureKind};

/// Longest wait for a call, its turn included: the whole set is a few megabytes.
const LIMIT: Duration = Duration::from_mins(1);

/// A volume whose calls run on another thread.
#[derive(Debug)]
pub struct OffThread<B> {
    volume: Arc<B>,
    /// For messages.
    path: PathBuf,
    /// Whose threads for blocking calls are used.
    threads: Handle,
    /// Held while a call is under way.
    turn: Arc<Semaphore>,
    limit: Duration,
}

impl<B: BlockingVolume + 'static> OffThread<B> {
    /// Calls `volume`, which is at `path`, on the threads for blocking calls of a runtime. That should have one such
    /// thread: of several that took turns, each would keep the memory of its largest turn.
    pub fn new(volume: B, path: &Path, threads: Handle) -> Self {
        Self {
            volume: Arc::new(volume),
            path: path.to_owned(),
            threads,
            turn: Arc::new(Semaphore::new(1)),
            limit: LIMIT,
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&B) -> Result<T, VolumeFailure> + Send + 'static,
    ) -> Result<T, VolumeFailure> {
        let (volume, turn) = (Arc::clone(&self.volume), Arc::clone(&self.turn));
        let done = timeout(self.limit, async {
            let turn = turn.acquire_owned().await;
            let done = self.threads.spawn_blocking(move || {
                let _turn = turn;
                call(&volume)
            });
            done.await.unwrap_or_else(|stopped| Err(stopped_failure(stopped)))
        });
        done.await.unwrap_or_else(|_| Err(hanging_failure(&self.path)))
    }
}

impl<B: BlockingVolume + 'static> Volume for OffThread<B> {
    async fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.call(B::observe).await
    }

    async fn refused(&self, paths: BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.call(move |volume| volume.refused(&paths)).await
    }

    async fn publish(&self, payload: Payload) -> Result<Publication, VolumeFailure> {
        self.call(move |volume| volume.publish(&payload)).await
    }

    async fn declare(&self, spec: VolumeSpec) -> Result<(), VolumeFailure> {
        self.call(move |volume| volume.declare(&spec)).await
    }

    async fn tidy(&self, kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        self.call(move |volume| volume.tidy(kept)).await
    }

    async fn idle(&self) {
        // The semaphore is never closed; if it were, nothing would be under way.
        let _ = self.turn.acquire().await;
    }
}

/// The file system does not answer.
fn hanging_failure(path: &Path) -> VolumeFailure {
    VolumeFailure::new(
        VolumeFailureKind::Hangs,
        "use",
        text(path),
        Hint::act("the file system of the volume hangs: check the node's storage").or_wait(),
        io::Error::from(io::ErrorKind::TimedOut),
    )
}

/// The blocking call was cut off: the runtime is going down, or the call met a defect.
fn stopped_failure(stopped: JoinError) -> VolumeFailure {
    VolumeFailure::new(
        VolumeFailureKind::Other,
        "finish",
        "the volume",
        "the program is being stopped; if it is not, report this as a defect",
        stopped,
    )
}

/// In real time: paused time stands still while a thread is busy.
#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::{FutureExt as _, poll};
    use tokio::sync::Mutex;

    use super::*;

    /// A file system of which every call waits until the test lets go of the lock.
    #[derive(Debug, Default)]
    struct Slow {
        lock: Mutex<()>,
        begun: AtomicUsize,
        broken: bool,
    }

    impl BlockingVolume for Arc<Slow> {
        fn observe(&self) -> Result<Observation, VolumeFailure> {
            self.begun.fetch_add(1, Ordering::Relaxed);
            assert!(!self.broken, "a defect");
            drop(self.lock.blocking_lock());
            Ok(Observation::default())
        }

        fn refused(&self, _: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
            self.observe().map(|_| Vec::new())
        }

        fn publish(&self, _: &Payload) -> Result<Publication, VolumeFailure> {
            self.observe().map(|_| Publication::default())
        }

        fn declare(&self, _: &VolumeSpec) -> Result<(), VolumeFailure> {
            self.observe().map(|_| ())
        }
    }

    fn off_thread(slow: &Arc<Slow>, limit: Duration) -> OffThread<Arc<Slow>> {
        OffThread {
            limit,
            ..OffThread::new(Arc::clone(slow), Path::new("/mnt/akv"), Handle::current())
        }
    }

    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn a_file_system_that_hangs_is_a_failure_and_is_asked_again() {
        let slow = Arc::new(Slow::default());
        let mut volume = off_thread(&slow, SHORT);
        let hanging = slow.lock.lock().await;
        for _ in 0..2 {
            let failure = volume.observe().await.expect_err("it hangs");
            assert_eq!(failure.kind(), VolumeFailureKind::Hangs);
            assert_eq!(failure.cause().to_string(), "timed out");
            assert_eq!(failure.to_string(), "use /mnt/akv failed");
        }
        assert_eq!(slow.begun.load(Ordering::Relaxed), 1, "one thread hangs, not two");
        drop(hanging);
        volume.limit = LONG;
        volume.observe().await.expect("it hangs no more");
    }

    #[tokio::test]
    async fn there_is_never_more_than_one_call_under_way() {
        let slow = Arc::new(Slow::default());
        let volume = off_thread(&slow, LONG);
        let busy = slow.lock.lock().await;
        let mut observed = Box::pin(volume.observe());
        let mut refused = Box::pin(volume.refused(BTreeSet::new()));
        let mut published = Box::pin(volume.publish(Payload::default()));
        tokio::time::sleep(SHORT).await;
        assert!(poll!(&mut observed).is_pending());
        assert!(poll!(&mut refused).is_pending() && poll!(&mut published).is_pending());
        while slow.begun.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(slow.begun.load(Ordering::Relaxed), 1);
        drop(busy);
        let (observed, refused, published) = tokio::join!(observed, refused, published);
        assert!(observed.is_ok() && refused.is_ok() && published.is_ok());
        assert_eq!(slow.begun.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_any_more_keeps_its_turn_until_it_ends() {
        let slow = Arc::new(Slow::default());
        let volume = off_thread(&slow, LONG);
        let busy = slow.lock.lock().await;
        {
            let mut dropped = std::pin::pin!(volume.publish(Payload::default()));
            assert!(poll!(&mut dropped).is_pending());
        }
        assert!(volume.idle().now_or_never().is_none(), "a publish is under way");
        drop(busy);
        volume.idle().await;
        assert_eq!(slow.begun.load(Ordering::Relaxed), 1, "it came to its end");
        assert!(volume.idle().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_defect_in_a_call_is_a_failure_of_that_call_alone() {
        let slow = Arc::new(Slow {
            broken: true,
            ..Slow::default()
        });
        let volume = off_thread(&slow, LONG);
        for _ in 0..2 {
            let failure = volume.observe().await.expect_err("it panics");
            assert_eq!(failure.to_string(), "finish the volume failed");
        }
    }
}
