//! What the system says of a file, in the few words that the volume needs.

use std::fs;
use std::os::fd::{AsFd, AsRawFd as _};

use nix::errno::Errno;
use nix::libc;
use nix::sys::stat::{self, SFlag};
use time::OffsetDateTime;

/// The sort of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
    Other,
}

impl Kind {
    /// What a foreign entry is, for a person.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Directory => "a directory",
            Self::Link => "a link to elsewhere",
            Self::Other => "a device, pipe or socket",
        }
    }
}

/// What the system says of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    pub(super) kind: Kind,
    /// Permission bits, with set-user-ID, set-group-ID and sticky.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) signature: Signature,
}

/// Changes when the content of a file does: identity, length and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature {
    device: u64,
    inode: u64,
    pub(super) length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    /// Of an open file.
    pub(super) fn of(fd: impl AsFd) -> Result<Self, Errno> {
        stat::fstat(fd).map(Self::from)
    }
}

impl Signature {
    /// When content or attributes last changed, in seconds since 1970.
    pub(super) const fn changed_at(&self) -> i64 {
        self.changed.0
    }

    /// When the content last changed.
    pub(super) fn modified(&self) -> OffsetDateTime {
        let nanoseconds = i128::from(self.modified.0) * 1_000_000_000 + i128::from(self.modified.1);
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// When the content last changed, in seconds since 1970.
    pub(super) const fn modified_at(&self) -> i64 {
        self.modified.0
    }

    /// The number that the file system knows the file by.
    pub(super) const fn inode(&self) -> u64 {
        self.inode
    }

    /// The number of the file system's device.
    pub(super) const fn device(&self) -> u64 {
        self.device
    }

    /// Whether both are on the same file system.
    pub(super) const fn is_same_device(&self, other: &Self) -> bool {
        self.device == other.device
    }

    /// Whether both are of the same file, whatever happened to it in between.
    pub(super) const fn is_same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

/// The number of the mount that an open file is on; `None` where `/proc` does not tell.
///
/// Two mounts of one file system have the same device number, and nothing can be renamed from one to the other.
fn mount_of(fd: impl AsFd) -> Option<u64> {
    let number = fd.as_fd().as_raw_fd();
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
    let mount = text.lines().find_map(|line| line.strip_prefix("mnt_id:"))?;
    mount.trim().parse().ok()
}

/// Whether two open files are known to be on two mounts; they are not where `/proc` does not tell.
pub(super) fn are_apart(one: impl AsFd, other: impl AsFd) -> bool {
    mount_of(one)
        .zip(mount_of(other))
        .is_some_and(|(one, other)| one != other)
}

impl From<libc::stat> for Stat {
    fn from(found: libc::stat) -> Self {
        let kind = match SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFREG => Kind::File,
            SFlag::S_IFDIR => Kind::Directory,
            SFlag::S_IFLNK => Kind::Link,
            _ => Kind::Other,
        };
        Self {
            kind,
            mode: found.st_mode & 0o7777,
            uid: found.st_uid,
            gid: found.st_gid,
            signature: Signature {
                device: found.st_dev,
                inode: found.st_ino,
                length: u64::try_from(found.st_size).unwrap_or_default(),
                modified: (found.st_mtime, found.st_mtime_nsec),
                changed: (found.st_ctime, found.st_ctime_nsec),
            },
        }
    }
}
