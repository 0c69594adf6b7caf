//! A directory held open, and what can be done by name inside it.
//!
//! Invariant: no call follows a link, and none takes more than one path element. What is opened stays the same
//! directory whatever happens to its name, so nothing that another process does to the volume can lead a write
//! elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, OFlag};
use nix::sys::stat::{self, FchmodatFlags, Mode};
use nix::unistd::{self, AccessFlags, Uid, UnlinkatFlags};

use super::failure::{failed, failed_with_hint, refused};
use super::stat::{Signature, Stat, are_apart};
use crate::ports::VolumeFailure;

/// Flags with which every directory is opened.
pub(super) const DIRECTORY: OFlag = OFlag::O_RDONLY
    .union(OFlag::O_DIRECTORY)
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

/// Mode of a directory while it is filled: nobody else can enter.
pub(super) const PRIVATE: u32 = 0o700;

/// An open directory. Its path serves messages only.
#[derive(Debug)]
pub(super) struct Directory {
    fd: OwnedFd,
    path: PathBuf,
}

impl Directory {
    /// Takes an open descriptor of a directory, and the path that messages shall show.
    pub(super) const fn new(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    /// The path, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of an entry, for messages.
    pub(super) fn path_of(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.path.join(Path::new(name.as_ref()))
    }

    /// A second descriptor of the same open directory.
    pub(super) fn duplicate(&self) -> Result<OwnedFd, VolumeFailure> {
        self.fd
            .try_clone()
            .map_err(|error| failed("open", &self.path, error))
    }

    /// Opens a directory in this one; `None` when there is none of that name. A link is an error.
    pub(super) fn open(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>, VolumeFailure> {
        let name = name.as_ref();
        match fcntl::openat(&self.fd, name, DIRECTORY, Mode::empty()) {
            Ok(fd) => Ok(Some(Self::new(fd, self.path_of(name)))),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(failed("open", self.path_of(name), error)),
        }
    }

    /// Opens the directory that holds this one, if it still is the one that it was reached from.
    pub(super) fn open_parent(&self, expected: &Signature) -> Result<Self, VolumeFailure> {
        let path = self.path.parent().unwrap_or(&self.path).to_owned();
        let fd = fcntl::openat(&self.fd, "..", DIRECTORY, Mode::empty())
            .map_err(|error| failed("open", &path, error))?;
        let parent = Self::new(fd, path);
        if parent.stat()?.signature.is_same_file(expected) {
            return Ok(parent);
        }
        Err(refused(
            "open",
            &self.path,
            "another process moved it",
            "let no other process write to the volume; mount it `readOnly` in the other containers",
        ))
    }

    /// Opens a file in this directory for reading; `None` when there is none of that name. A link is an error.
    ///
    /// It never blocks, so that a pipe put in place of a file cannot hold the process up.
    pub(super) fn open_file(&self, name: impl AsRef<OsStr>) -> Result<Option<File>, VolumeFailure> {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let name = name.as_ref();
        match fcntl::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(failed("read", self.path_of(name), error)),
        }
    }

    /// Makes a directory; the error number says whether the name was taken.
    pub(super) fn make(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<(), Errno> {
        stat::mkdirat(&self.fd, name.as_ref(), Mode::from_bits_truncate(mode))
    }

    /// Opens a directory that was just made with mode [`PRIVATE`], whatever the umask left of that mode.
    ///
    /// Between making and opening, somebody who may write here could have put another directory in its place, so its mode
    /// is given only to one that belongs to this process and is empty.
    pub(super) fn open_made(&self, name: impl AsRef<OsStr>) -> Result<Self, VolumeFailure> {
        let name = name.as_ref();
        let path = self.path_of(name);
        let open = || fcntl::openat(&self.fd, name, DIRECTORY, Mode::empty());
        let fd = match open() {
            Err(Errno::EACCES) => self.undo_umask(name).and_then(|()| open()),
            opened => opened,
        };
        let made = Self::new(fd.map_err(|error| failed("open", &path, error))?, path);
        if !made.is_new()? {
            return Err(refused(
                "create",
                made.path,
                "another process replaced the directory while it was made",
                "let no other process write to the volume's root; mount it `readOnly` in the other containers",
            ));
        }
        made.set_mode(PRIVATE)?;
        Ok(made)
    }

    /// Lets its owner open a directory that was just made, if it is one of this process. What is changed is what was
    /// looked at, whatever has its name by then.
    fn undo_umask(&self, name: &OsStr) -> Result<(), Errno> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let fd = fcntl::openat(&self.fd, name, flags, Mode::empty())?;
        if Stat::of(&fd)?.uid != Uid::effective().as_raw() {
            return Err(Errno::EACCES);
        }
        let same = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let mode = Mode::from_bits_truncate(PRIVATE);
        stat::fchmodat(fcntl::AT_FDCWD, same.as_str(), mode, FchmodatFlags::FollowSymlink)
    }

    /// Whether it belongs to this process and is empty, as a directory that this process has just made.
    pub(super) fn is_new(&self) -> Result<bool, VolumeFailure> {
        Ok(self.stat()?.uid == Uid::effective().as_raw() && self.entries()?.is_empty())
    }

    /// What an entry is; `None` when there is none of that name. A link is itself, not what it points at.
    pub(super) fn stat_of(&self, name: impl AsRef<OsStr>) -> Result<Option<Stat>, VolumeFailure> {
        let name = name.as_ref();
        match stat::fstatat(&self.fd, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(Stat::from(found))),
            Err(Errno::ENOENT) => Ok(None),
            Err(error) => Err(failed("inspect", self.path_of(name), error)),
        }
    }

    /// What the directory itself is.
    pub(super) fn stat(&self) -> Result<Stat, VolumeFailure> {
        Stat::of(&self.fd).map_err(|error| failed("inspect", &self.path, error))
    }

    /// Where a link points; `None` when there is no entry of that name, or another sort of entry.
    pub(super) fn read_link(&self, name: impl AsRef<OsStr>) -> Result<Option<OsString>, VolumeFailure> {
        let name = name.as_ref();
        match fcntl::readlinkat(&self.fd, name) {
            Ok(target) => Ok(Some(target)),
            Err(Errno::ENOENT | Errno::EINVAL) => Ok(None),
            Err(error) => Err(failed("read", self.path_of(name), error)),
        }
    }

    /// Makes a link; the name must be free.
    pub(super) fn make_link(&self, target: &str, name: &str) -> Result<(), VolumeFailure> {
        unistd::symlinkat(target, &self.fd, name).map_err(|error| match error {
            Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS => failed_with_hint(
                "create",
                self.path_of(name),
                error,
                "the file system has no symbolic links; use an emptyDir or another local file system",
            ),
            _ => failed("create", self.path_of(name), error),
        })
    }

    /// Renames an entry, replacing what has the new name.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), VolumeFailure> {
        fcntl::renameat(&self.fd, from, &self.fd, to)
            .map_err(|error| failed("rename", self.path_of(from), error))
    }

    /// Moves an entry to another directory of the same mount, replacing what has the new name.
    pub(super) fn rename_into(&self, from: &str, to: &Self, name: &str) -> Result<(), VolumeFailure> {
        fcntl::renameat(&self.fd, from, &to.fd, name)
            .map_err(|error| failed("rename", to.path_of(name), error))
    }

    /// Whether another mount than the one of `other` shows this directory.
    pub(super) fn is_mounted_below(&self, other: &Self) -> Result<bool, VolumeFailure> {
        if std::ptr::eq(self, other) {
            return Ok(false);
        }
        let same_device = self.stat()?.signature.is_same_device(&other.stat()?.signature);
        Ok(!same_device || are_apart(self, other))
    }

    /// Whether something is mounted at the name of a file in this directory.
    pub(super) fn is_mount(&self, name: impl AsRef<OsStr>) -> bool {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = fcntl::openat(&self.fd, name.as_ref(), flags, Mode::empty());
        file.is_ok_and(|file| are_apart(file, self))
    }

    /// Whether this process may reach what is in it. Who may list a directory can open it, and still not search it.
    pub(super) fn may_search(&self) -> bool {
        stat::fstatat(&self.fd, ".", AtFlags::AT_SYMLINK_NOFOLLOW).err() != Some(Errno::EACCES)
    }

    /// Whether this process may make and remove entries.
    pub(super) fn may_change(&self) -> bool {
        let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
        unistd::faccessat(&self.fd, ".", wanted, AtFlags::AT_EACCESS).is_ok()
    }

    /// Removes an entry that is not a directory.
    pub(super) fn remove(&self, name: impl AsRef<OsStr>) -> Result<(), VolumeFailure> {
        let name = name.as_ref();
        unistd::unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir)
            .map_err(|error| failed("remove", self.path_of(name), error))
    }

    /// Removes an empty directory.
    pub(super) fn remove_directory(&self, name: impl AsRef<OsStr>) -> Result<(), VolumeFailure> {
        let name = name.as_ref();
        unistd::unlinkat(&self.fd, name, UnlinkatFlags::RemoveDir)
            .map_err(|error| failed("remove", self.path_of(name), error))
    }

    /// Names of all entries but `.` and `..`, in no order.
    pub(super) fn entries(&self) -> Result<Vec<OsString>, VolumeFailure> {
        let list = || -> Result<Vec<OsString>, Errno> {
            let mut listing = Dir::openat(&self.fd, ".", DIRECTORY, Mode::empty())?;
            let mut names = Vec::new();
            for entry in listing.iter() {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.push(OsStr::from_bytes(name).to_owned());
                }
            }
            Ok(names)
        };
        list().map_err(|error| failed("list", &self.path, error))
    }

    /// Sets permission bits, the set-group-ID bit included.
    pub(super) fn set_mode(&self, mode: u32) -> Result<(), VolumeFailure> {
        stat::fchmod(&self.fd, Mode::from_bits_truncate(mode))
            .map_err(|error| failed("change mode of", &self.path, error))
    }

    /// Lets the owner write, if this process is the owner: a declared mode without that bit would keep an unprivileged
    /// process from removing its own files. No bit goes to anybody else, so it does no harm to a directory that was put in
    /// the place of ours.
    pub(super) fn make_writable(&self) -> Result<(), VolumeFailure> {
        let found = self.stat()?;
        if found.mode & 0o300 != 0o300 && found.uid == Uid::effective().as_raw() {
            self.set_mode(found.mode | PRIVATE)?;
        }
        Ok(())
    }

    /// Flushes the directory's entries to disk.
    pub(super) fn flush(&self) -> Result<(), VolumeFailure> {
        match unistd::fsync(&self.fd) {
            // Some file systems cannot flush a directory and say so with EINVAL; their renames are in order anyway.
            Ok(()) | Err(Errno::EINVAL) => Ok(()),
            Err(error) => Err(failed("flush", &self.path, error)),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::super::stat::Kind;
    use super::*;

    fn open(path: &Path) -> Directory {
        let fd = fcntl::open(path, DIRECTORY, Mode::empty()).expect("opens");
        Directory::new(fd, path.to_owned())
    }

    #[test]
    fn no_call_follows_a_link() {
        let place = TempDir::new().expect("temporary directory");
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("directory")).expect("directory");
        fs::write(at("file"), "bytes").expect("file");
        symlink(at("directory"), at("to-directory")).expect("link");
        symlink(at("file"), at("to-file")).expect("link");

        let dir = open(place.path());
        assert!(dir.open("directory").expect("opens").is_some());
        assert!(dir.open_file("file").expect("opens").is_some());
        dir.open("to-directory").expect_err("a link");
        dir.open_file("to-file").expect_err("a link");
        let found = dir.stat_of("to-file").expect("stat").expect("there");
        assert_eq!(found.kind, Kind::Link);
        dir.remove("to-file").expect("removes the link");
        assert!(at("file").exists());
    }

    #[test]
    fn a_directory_with_something_in_it_is_not_taken_for_one_just_made() {
        let place = TempDir::new().expect("temporary directory");
        fs::create_dir(place.path().join("theirs")).expect("directory");
        fs::write(place.path().join("theirs/file"), "bytes").expect("file");
        let dir = open(place.path());
        let before = dir.stat_of("theirs").expect("stat").expect("there").mode;
        dir.open_made("theirs").expect_err("it is not empty");
        assert_eq!(dir.stat_of("theirs").expect("stat").expect("there").mode, before);
    }

    #[test]
    fn a_parent_that_is_another_directory_than_before_is_refused() {
        let place = TempDir::new().expect("temporary directory");
        let at = |name: &str| place.path().join(name);
        fs::create_dir_all(at("a/b")).expect("directories");
        fs::create_dir(at("c")).expect("directory");
        let expected = open(&at("a")).stat().expect("stat").signature;
        let below = open(&at("a/b"));
        below.open_parent(&expected).expect("still there");
        fs::rename(at("a/b"), at("c/b")).expect("moves");
        below.open_parent(&expected).expect_err("moved");
    }
}
