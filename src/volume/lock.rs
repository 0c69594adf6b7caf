//! The lock on a volume: one akv-sync writes to it at a time.
//!
//! It is on a file in the root that only this user can open, because whoever can open a file, if only to read it, can lock
//! it, and keep others from it for as long as they like. An older akv-sync locks the root itself, which any reader may
//! lock too: so that is locked besides where it can be, and only an akv-sync that has it keeps this one out.

mod holder;

use std::fs::{File, TryLockError};
use std::io;

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::{self, Mode};
use nix::unistd::Uid;

use self::holder::Holder;
use super::directory::Directory;
use super::failure::{failed, is_denied, refused, text};
use super::stat::{Kind, Stat};
use crate::ports::{VolumeFailure, VolumeFailureKind};

/// Its name in the root. Payload paths never start with `..`, so it cannot meet one.
pub(super) const FILE: &str = "..akv-sync.lock";

/// A lock that is held until this is dropped. Nothing is held where the file system has no locks.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Option<Held>,
    _root: Option<Held>,
}

/// An open file that is locked.
#[derive(Debug)]
struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing would do, were it not for a child between `fork` and `exec`, which shares the open file.
        self.0.unlock().unwrap_or_default();
    }
}

/// What came of an attempt.
enum Taken {
    Held(Held),
    /// Somebody else has it.
    Busy(File),
    /// The file system has no locks.
    Unknown(io::Error),
}

/// Locks the volume against other processes. A file system without locks is used without.
pub(super) fn lock(root: &Directory) -> Result<Lock, VolumeFailure> {
    let file = match lock_file(root)?.map(take) {
        Some(Taken::Busy(file)) => return Err(in_use(root, Holder::of(&file).as_ref())),
        Some(Taken::Held(held)) => Some(held),
        Some(Taken::Unknown(_)) | None => None,
    };
    let dir = match take(File::from(root.duplicate()?)) {
        Taken::Held(held) => Some(held),
        Taken::Busy(dir) => beside_others(root, dir, file.is_some())?,
        Taken::Unknown(error) => {
            if file.is_none() {
                tracing::warn!(path = %root.path().display(), %error, "The volume cannot be locked; let one akv-sync use it");
            }
            None
        }
    };
    Ok(Lock {
        _file: file,
        _root: dir,
    })
}

/// Decides about a root that somebody else has locked. An older akv-sync keeps this one out, as far as it can be told
/// from a reader: by its name, or, where there is no file to lock either, by a lock that is not shared.
fn beside_others(root: &Directory, dir: File, has_file: bool) -> Result<Option<Held>, VolumeFailure> {
    let holder = Holder::of(&dir);
    if holder.as_ref().is_some_and(Holder::is_akv_sync) {
        return Err(in_use(root, holder.as_ref()));
    }
    let shared = dir.try_lock_shared().is_ok().then(|| Held(dir));
    if shared.is_none() && !has_file && holder.is_none() {
        return Err(in_use(root, None));
    }
    let holder = holder.map(|holder| holder.to_string());
    tracing::warn!(path = %root.path().display(), holder,
        "Another process has locked the volume's directory, which does not keep akv-sync from writing; let no older akv-sync run there");
    Ok(shared)
}

fn take(file: File) -> Taken {
    match file.try_lock() {
        Ok(()) => Taken::Held(Held(file)),
        Err(TryLockError::WouldBlock) => Taken::Busy(file),
        Err(TryLockError::Error(error)) => Taken::Unknown(error),
    }
}

/// Opens the file to lock, making it if it is missing; `None` where it cannot be made, as on a full or read-only volume,
/// which may still be looked at.
fn lock_file(root: &Directory) -> Result<Option<File>, VolumeFailure> {
    // Not for writing: that would keep the file system from being mounted read-only.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    let open = |flags| fcntl::openat(root, FILE, flags, mode).map(File::from);
    match open(flags | OFlag::O_CREAT | OFlag::O_EXCL) {
        Ok(file) => {
            // Whatever the umask took away: the next start must be able to open it.
            stat::fchmod(&file, mode).map_err(|error| failed("change mode of", root.path_of(FILE), error))?;
            return Ok(Some(file));
        }
        Err(Errno::EEXIST) => {}
        Err(_) => return Ok(None),
    }
    match open(flags) {
        Ok(file) => ours(root, file).map(Some),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => {
            let failure = failed("lock", root.path_of(FILE), error);
            let found = root.stat_of(FILE)?;
            let theirs = found.filter(|found| found.kind != Kind::File || is_denied(&failure));
            Err(theirs.map_or(failure, |found| not_ours(root, &found)))
        }
    }
}

fn ours(root: &Directory, file: File) -> Result<File, VolumeFailure> {
    let found = Stat::of(&file).map_err(|error| failed("inspect", root.path_of(FILE), error))?;
    if found.kind == Kind::File && found.uid == Uid::effective().as_raw() {
        return Ok(file);
    }
    Err(not_ours(root, &found))
}

fn not_ours(root: &Directory, found: &Stat) -> VolumeFailure {
    let (what, hint) = if found.kind == Kind::File {
        (
            format!("it belongs to user {}", found.uid),
            format!(
                "akv-sync of that user wrote to this volume: run as user {} (`runAsUser`), or empty the volume",
                found.uid
            ),
        )
    } else {
        (
            found.kind.describe().to_owned(),
            "akv-sync did not make it; remove it, or give akv-sync a volume of its own".to_owned(),
        )
    };
    refused("lock", root.path_of(FILE), what, hint)
}

fn in_use(root: &Directory, holder: Option<&Holder>) -> VolumeFailure {
    let by = holder.map_or_else(|| "another process".to_owned(), ToString::to_string);
    let hint = if holder.is_some_and(Holder::is_another_program) {
        "that is no akv-sync: end what keeps the file open, or give akv-sync a volume of its own"
    } else {
        "another akv-sync writes to this volume; give each one a volume of its own, or let `once` end before \
         `run` starts (an init container does)"
    };
    VolumeFailure::new(
        VolumeFailureKind::InUse,
        "lock",
        text(root.path()),
        hint,
        io::Error::new(io::ErrorKind::WouldBlock, format!("{by} has it locked")),
    )
}

#[cfg(test)]
mod tests;
