//! Writes one file.
//!
//! Invariant: when the file has a name, it has its owner, its mode and all of its bytes. The file is made without a
//! name (`O_TMPFILE`) and linked when it is complete. Where the system cannot do that, it is made under its name
//! without any permission bit, in a directory that nobody else can enter.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, OFlag};
use nix::sys::stat::{self, Mode};
use nix::sys::time::TimeSpec;
use nix::unistd;

use super::directory::Directory;
use super::failure::{failed, is_denied, no_way_back};
use super::owner::Ownership;
use super::stat::Stat;
use super::sync;
use crate::domain::mode::FileMode;
use crate::ports::VolumeFailure;

/// What a file shall be, apart from its bytes and its owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes {
    pub(super) mode: FileMode,
    /// A time of modification, in whole seconds since 1970, that the file's own shall exceed.
    pub(super) newer_than: Option<i64>,
}

impl From<FileMode> for Attributes {
    fn from(mode: FileMode) -> Self {
        let newer_than = None;
        Self { mode, newer_than }
    }
}

/// Writes files with the owner of one volume. None is synced: a layout syncs all of them together, before it swaps.
#[derive(Debug)]
pub(super) struct FileWriter<'a> {
    pub(super) owner: &'a Ownership,
    /// Whether they will be synced.
    durable: bool,
    /// Whether files can be made without a name here; found out by trying.
    nameless: Cell<bool>,
}

impl<'a> FileWriter<'a> {
    pub(super) const fn new(owner: &'a Ownership, durable: bool) -> Self {
        Self {
            owner,
            durable,
            nameless: Cell::new(true),
        }
    }

    /// Writes a file with the volume's owner. `fill` writes its bytes, and may be asked to do so twice.
    pub(super) fn write<T>(
        &self,
        dir: &Directory,
        name: &str,
        attributes: impl Into<Attributes>,
        mut fill: impl FnMut(&mut File) -> io::Result<T>,
    ) -> Result<T, VolumeFailure> {
        let path = dir.path_of(name);
        let Attributes { mode, newer_than } = attributes.into();
        self.write_as(dir, name, |file| {
            let filled = fill(file).map_err(|error| failed("write", &path, error))?;
            if let Some(old) = newer_than {
                move_on(file, old).map_err(|error| failed("change time of", &path, error))?;
            }
            self.owner.give_file(&*file, mode, &path)?;
            Ok(filled)
        })
    }

    /// Writes a file that belongs to the process itself.
    pub(super) fn write_own(
        &self,
        dir: &Directory,
        name: &str,
        mode: FileMode,
        mut fill: impl FnMut(&mut File) -> io::Result<()>,
    ) -> Result<(), VolumeFailure> {
        let path = dir.path_of(name);
        self.write_as(dir, name, |file| {
            fill(file).map_err(|error| failed("write", &path, error))?;
            stat::fchmod(file, Mode::from_bits_truncate(mode.bits()))
                .map_err(|error| failed("change mode of", &path, error))
        })
    }

    fn write_as<T>(
        &self,
        dir: &Directory,
        name: &str,
        mut complete: impl FnMut(&mut File) -> Result<T, VolumeFailure>,
    ) -> Result<T, VolumeFailure> {
        let path = dir.path_of(name);
        if self.nameless.get()
            && let Some(mut file) = make_nameless(dir, &path)?
        {
            let done = complete(&mut file)?;
            self.begin_sync(&file);
            if give_name(&file, dir, name, &path)? {
                return Ok(done);
            }
        }
        self.nameless.set(false);
        let mut file = make_named(dir, name, &path)?;
        let done = complete(&mut file)?;
        self.begin_sync(&file);
        Ok(done)
    }

    fn begin_sync(&self, file: &File) {
        if self.durable {
            sync::begin(file);
        }
    }
}

/// Checks that the process can read back what it wrote; it could never tell otherwise whether it is still there.
pub(super) fn readable(directory: &Directory, name: &str) -> Result<(), VolumeFailure> {
    match directory.open_file(name) {
        Ok(_) => Ok(()),
        Err(failure) if is_denied(&failure) => Err(no_way_back(directory.path_of(name))),
        Err(failure) => Err(failure),
    }
}

/// Makes the time of modification a later second than `old`: programs that poll it, on file systems and with clocks as
/// coarse as a second, would otherwise take the file for the one that it replaces.
fn move_on(file: &File, old: i64) -> Result<(), Errno> {
    if Stat::of(file)?.signature.modified_at() > old {
        return Ok(());
    }
    stat::futimens(file, &TimeSpec::UTIME_OMIT, &TimeSpec::new(old + 1, 0))
}

/// Makes a file without a name; `None` where kernel or file system has no such thing.
fn make_nameless(dir: &Directory, path: &Path) -> Result<Option<File>, VolumeFailure> {
    let flags = OFlag::O_TMPFILE | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    match fcntl::openat(dir, ".", flags, Mode::empty()) {
        Ok(fd) => Ok(Some(File::from(fd))),
        Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::ENOENT | Errno::EINVAL | Errno::ENOSYS) => Ok(None),
        Err(error) => Err(failed("create", path, error)),
    }
}

/// Links a file into the directory; says whether that can be done here. It cannot without `/proc`, and not where
/// hard links to the files of others are protected (proc(5), `protected_hardlinks`).
fn give_name(file: &File, dir: &Directory, name: &str, path: &Path) -> Result<bool, VolumeFailure> {
    let open_file = format!("/proc/self/fd/{}", file.as_raw_fd());
    let linked = unistd::linkat(
        fcntl::AT_FDCWD,
        open_file.as_str(),
        dir,
        name,
        AtFlags::AT_SYMLINK_FOLLOW,
    );
    match linked {
        Ok(()) => Ok(true),
        Err(
            Errno::ENOENT | Errno::EPERM | Errno::EACCES | Errno::EXDEV | Errno::EOPNOTSUPP | Errno::ELOOP,
        ) => Ok(false),
        Err(error) => Err(failed("create", path, error)),
    }
}

fn make_named(dir: &Directory, name: &str, path: &Path) -> Result<File, VolumeFailure> {
    let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    fcntl::openat(dir, name, flags, Mode::empty())
        .map(File::from)
        .map_err(|error| failed("create", path, error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;
    use crate::domain::desired::{Layout, VolumeSpec};
    use crate::volume::directory::DIRECTORY;
    use crate::volume::owner::Declared;

    const MODE: FileMode = FileMode::from_bits(0o644);

    /// Writes `bytes` under the name `file`; `during` sees the directory when half of them are written.
    fn write(nameless: bool, during: impl Fn(&Path)) -> TempDir {
        let place = TempDir::new().expect("temporary directory");
        let fd = fcntl::open(place.path(), DIRECTORY, Mode::empty()).expect("opens");
        let dir = Directory::new(fd, place.path().to_owned());
        let spec = VolumeSpec {
            path: place.path().to_owned(),
            layout: Layout::Atomic,
            dir_mode: MODE,
            owner: None,
            group: None,
        };
        let declared = Declared::resolve(&spec).expect("no names");
        let owner = declared.on(&dir.stat().expect("stat"), MODE);
        let writer = FileWriter::new(&owner, true);
        writer.nameless.set(nameless);
        let written = writer.write(&dir, "file", MODE, |file| {
            file.write_all(b"by")?;
            during(place.path());
            file.write_all(b"tes")
        });
        written.expect("writes");
        place
    }

    fn assert_complete(place: &TempDir) {
        let path = place.path().join("file");
        assert_eq!(fs::read(&path).expect("readable"), b"bytes");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o7777, MODE.bits());
    }

    #[test]
    fn a_file_has_no_name_until_it_is_complete() {
        let place = write(true, |place| {
            assert_eq!(fs::read_dir(place).expect("directory").count(), 0);
        });
        assert_complete(&place);
    }

    #[test]
    fn a_file_that_needs_a_name_has_no_permissions_until_it_is_complete() {
        let place = write(false, |place| {
            let found = fs::metadata(place.join("file")).expect("there");
            assert_eq!(found.permissions().mode() & 0o7777, 0);
        });
        assert_complete(&place);
    }
}
