//! Reads of password files, apart from everything else: they may be on a file system that hangs, and a thread that
//! hangs there ends with it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::domain::answers::PasswordFile;
use crate::domain::failure::{Failure, Reason};
use crate::domain::hint::Hint;
use crate::domain::unread;
use crate::ports::PasswordFiles;

/// Reads password files one at a time, so that never more than one thread hangs.
pub struct PasswordReads {
    files: Arc<dyn PasswordFiles>,
    /// Held while a read is under way, also one that nobody waits for any more.
    pub(super) turn: Arc<Semaphore>,
    last: Mutex<LastRead>,
}

/// The read that began last.
#[derive(Default)]
struct LastRead {
    path: PathBuf,
    /// Whether its time was over before its end.
    overdue: bool,
}

impl PasswordReads {
    /// Reads these files.
    pub fn new(files: Arc<dyn PasswordFiles>) -> Self {
        Self {
            files,
            turn: Arc::new(Semaphore::new(1)),
            last: Mutex::default(),
        }
    }

    /// Reads a file, or fails at `deadline`, and at once while an earlier read hangs.
    pub(super) async fn read(&self, path: &Path, deadline: Instant) -> Result<PasswordFile, Failure> {
        if deadline <= Instant::now() {
            return Err(too_late(path));
        }
        let turn = self.turn(path, deadline).await?;
        *self.last() = LastRead {
            path: path.to_owned(),
            overdue: false,
        };
        let (files, wanted) = (Arc::clone(&self.files), path.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            files.read(&wanted)
        });
        match timeout_at(deadline, read).await {
            Ok(Ok(read)) => read.map_err(|error| unreadable(path, &error, error.kind())),
            Ok(Err(stopped)) => Err(unreadable(path, &stopped, ErrorKind::Other)),
            Err(_) => Err(self.hangs(path)),
        }
    }

    async fn turn(&self, path: &Path, deadline: Instant) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = Arc::clone(&self.turn);
        if let Ok(turn) = Arc::clone(&turn).try_acquire_owned() {
            return Ok(turn);
        }
        // A read that a dropped pass left under way has its time like any other.
        let hangs = self.last().overdue;
        let waited = if hangs {
            None
        } else {
            timeout_at(deadline, turn.acquire_owned()).await.ok()
        };
        waited.and_then(Result::ok).ok_or_else(|| self.hangs(path))
    }

    /// The last read has not ended in time, and this file is not read, be it the same or another.
    fn hangs(&self, path: &Path) -> Failure {
        let mut last = self.last();
        last.overdue = true;
        let hanging = last.path.display();
        let detail = if last.path == path {
            format!("the password file {hanging} cannot be read: its file system does not answer")
        } else {
            format!(
                "the password file {} is not read while the file system of another, {hanging}, does not answer",
                path.display()
            )
        };
        let hint = Hint::from(format!("check the mount of {hanging} and the storage behind it")).or_wait();
        Failure::new(Reason::PasswordUnreadable, detail, hint)
    }

    fn last(&self) -> MutexGuard<'_, LastRead> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pass was over before it was the file's turn.
fn too_late(path: &Path) -> Failure {
    let detail = format!(
        "the password file {} was not read: the pass took too long",
        path.display()
    );
    Failure::new(Reason::TimedOut, detail, Hint::wait())
}

fn unreadable(path: &Path, error: &dyn std::error::Error, kind: ErrorKind) -> Failure {
    Failure::new(
        Reason::PasswordUnreadable,
        format!("read {} failed: {error}", path.display()),
        unread::hint(
            kind,
            "check that the password file is mounted and readable for akv-sync",
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reconcile::fakes::FakePasswords;

    /// `/slow` is not read while a test holds the lock.
    #[derive(Default)]
    struct Slow {
        files: FakePasswords,
        lock: tokio::sync::Mutex<()>,
    }

    impl PasswordFiles for Slow {
        fn read(&self, path: &Path) -> std::io::Result<PasswordFile> {
            assert_eq!(path, Path::new("/slow"), "no other file is read meanwhile");
            drop(self.lock.blocking_lock());
            self.files.read(path)
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    #[test]
    fn a_password_file_0600_of_another_user_is_a_matter_of_run_as_user_and_fs_group() {
        let denied = std::io::Error::from(ErrorKind::PermissionDenied);
        let failure = unreadable(Path::new("/run/password"), &denied, denied.kind());
        assert_eq!(failure.hint.action(), unread::DENIED);
        assert!(failure.hint.action().contains("runAsUser") && failure.hint.action().contains("fsGroup"));
    }

    /// In real time: paused time stands still while a thread is busy.
    #[tokio::test]
    async fn while_a_read_hangs_every_other_fails_at_once_and_names_it() {
        let files = Arc::new(Slow::default());
        let reads = PasswordReads::new(Arc::clone(&files) as Arc<dyn PasswordFiles>);
        let hanging = files.lock.lock().await;
        let first = reads.read(Path::new("/slow"), soon()).await.expect_err("hangs");
        assert!(first.detail.contains("/slow"), "{first}");
        let far = Instant::now() + Duration::from_hours(1);
        let other = reads
            .read(Path::new("/other"), far)
            .await
            .expect_err("is not read");
        assert!(
            other.detail.contains("/other") && other.hint.action().contains("/slow"),
            "{other:?}"
        );

        drop(hanging);
        drop(reads.turn.acquire().await);
        let missing = reads.read(Path::new("/slow"), far).await.expect_err("missing");
        assert!(missing.detail.contains("failed: "), "{missing}");
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_is_waited_for_by_the_next() {
        let files = Arc::new(Slow::default());
        let reads = PasswordReads::new(Arc::clone(&files) as Arc<dyn PasswordFiles>);
        let far = Instant::now() + Duration::from_hours(1);
        let held = files.lock.lock().await;
        {
            let dropped = reads.read(Path::new("/slow"), far);
            let mut dropped = std::pin::pin!(dropped);
            assert!(futures::poll!(&mut dropped).is_pending());
        }
        let next = reads.read(Path::new("/slow"), far);
        let release = async { drop(held) };
        let (next, ()) = futures::join!(next, release);
        assert!(next.expect_err("missing").detail.contains("failed: "));
    }
}
