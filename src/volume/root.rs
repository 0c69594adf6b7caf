//! The root of the volume: opened once, locked for as long as it is open.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::{self, Mode};
use nix::sys::statfs::{self, FsType};

use super::directory::Directory;
use super::failure::{failed, failed_with_hint, refused, unusable};
use super::lock::{self, Lock};
use super::owner::{Declared, Ownership};
use super::stat::{Kind, Stat};
use crate::domain::desired::VolumeSpec;
use crate::ports::VolumeFailure;

/// The open root, which no other process writes to through this program.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) dir: Directory,
    /// Whether what is written must be synced to outlive a power cut; memory volumes need none.
    pub(super) durable: bool,
    path: PathBuf,
    _lock: Lock,
}

impl Root {
    /// Opens the root of a specification, making its last element if that is missing, and locks it.
    ///
    /// The elements above the root are the operator's and may be links (`/var/run`); the root itself may not.
    pub(super) fn open(spec: &VolumeSpec, declared: Declared) -> Result<(Self, Ownership), VolumeFailure> {
        let path = spec.path.as_path();
        let (parent, name) = open_parent(path)?;
        let (dir, created) = match open_in(&parent, path)? {
            Some(dir) => (dir, false),
            None => create(&parent, spec)?,
        };
        let ownership = declared.on(&dir.stat()?, spec.dir_mode);
        if created && let Err(failure) = ownership.give_directory(&dir, path) {
            // With another owner than declared, the next start would take it for a volume that somebody mounted.
            parent.remove_directory(name)?;
            return Err(failure);
        }
        let root = Self {
            _lock: lock::lock(&dir)?,
            durable: is_durable(&dir)?,
            path: path.to_owned(),
            dir,
        };
        Ok((root, ownership))
    }

    /// Says whether the path still leads to the directory that is open.
    ///
    /// It no longer does when the directory was removed, or something was mounted over it: what would be written
    /// then, nobody could see.
    pub(super) fn check(&self) -> Result<(), VolumeFailure> {
        let now = stat::lstat(&self.path)
            .map(Stat::from)
            .map_err(|error| failed("open", &self.path, error))?;
        if now.signature.is_same_file(&self.dir.stat()?.signature) {
            return Ok(());
        }
        Err(refused(
            "open",
            &self.path,
            "another directory stands there than when akv-sync started",
            "start akv-sync again, so that it opens the directory that is there now",
        ))
    }
}

/// Opens the root of a specification to look at it: it is not locked, and not made. `None` when it is missing.
pub(super) fn look_at(spec: &VolumeSpec) -> Result<Option<Directory>, VolumeFailure> {
    let (parent, _) = open_parent(&spec.path)?;
    open_in(&parent, &spec.path)
}

/// Opens the directory that holds the root; gives the root's name in it.
fn open_parent(path: &Path) -> Result<(Directory, &OsStr), VolumeFailure> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(unusable(
            "open",
            path,
            "it is the root of the file system",
            "choose a directory of its own for `volume.path`",
        ));
    };
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let fd = fcntl::open(parent, flags, Mode::empty()).map_err(|error| no_volume("open", path, error))?;
    Ok((Directory::new(fd, parent.to_owned()), name))
}

fn open_in(parent: &Directory, path: &Path) -> Result<Option<Directory>, VolumeFailure> {
    let name = path.file_name().unwrap_or_default();
    parent
        .open(name)
        .map_err(|failure| not_a_root(parent, path, failure))
}

/// Makes the root itself, and says whether it did, or somebody else was faster. It is empty, so its mode protects
/// nothing yet; the owner follows on the descriptor.
fn create(parent: &Directory, spec: &VolumeSpec) -> Result<(Directory, bool), VolumeFailure> {
    let path = spec.path.as_path();
    let name = path.file_name().unwrap_or_default();
    let created = match parent.make(name, spec.dir_mode.bits()) {
        Ok(()) => true,
        Err(Errno::EEXIST) => false,
        Err(error) => return Err(no_volume("create", path, error)),
    };
    let dir = parent
        .open(name)?
        .ok_or_else(|| failed("open", path, Errno::ENOENT))?;
    let created = created && dir.is_new()?;
    Ok((dir, created))
}

fn no_volume(action: &'static str, path: &Path, error: Errno) -> VolumeFailure {
    match error {
        Errno::ENOENT | Errno::EROFS | Errno::EACCES | Errno::EPERM => failed_with_hint(
            action,
            path,
            error,
            format!(
                "mount a volume at {0} (an emptyDir with `medium: Memory`), or make the directory {0}",
                path.display()
            ),
        ),
        _ => failed(action, path, error),
    }
}

/// Words the refusal of a root that is a link: Linux answers the same "not a directory" for a link as for a file.
fn not_a_root(parent: &Directory, path: &Path, failure: VolumeFailure) -> VolumeFailure {
    let name = path.file_name().unwrap_or_default();
    match parent.stat_of(name) {
        Ok(Some(found)) if found.kind == Kind::Link => {
            failure.with_hint("`volume.path` is a link; write the directory that it leads to")
        }
        _ => failure,
    }
}

fn is_durable(dir: &Directory) -> Result<bool, VolumeFailure> {
    /// `RAMFS_MAGIC` of `linux/magic.h`.
    const RAMFS: u32 = 0x8584_58f6;
    let found = statfs::fstatfs(dir).map_err(|error| failed("inspect", dir.path(), error))?;
    let kind = found.filesystem_type();
    Ok(kind != statfs::TMPFS_MAGIC && kind != FsType(RAMFS.into()))
}
