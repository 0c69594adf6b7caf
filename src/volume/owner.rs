//! Who shall own files and directories, and how an open descriptor gets that owner and a mode.
//!
//! Invariant: a descriptor gets its owner first and its permission bits after, so that the bits are never those of
//! the declared mode for anyone but the declared owner. Only what this process has just made, or is known to have made,
//! gets any: a name in the root may be somebody's hard link to a file outside.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::{self, Mode};
use nix::unistd::{self, AccessFlags, Gid, Uid};

use super::directory::{Directory, PRIVATE};
use super::failure::{failed, failed_with_hint, no_way_back, unusable};
use super::stat::Stat;
use crate::domain::desired::VolumeSpec;
use crate::domain::mode::{FileMode, Principal};
use crate::ports::VolumeFailure;

const SET_GROUP_ID: u32 = 0o2000;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// Owner and group asked for, as numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared {
    uid: u32,
    gid: Option<u32>,
}

/// Owner and group of everything on the volume, and the mode of its directories.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ownership {
    uid: u32,
    gid: u32,
    dir_mode: FileMode,
    hands_group_down: bool,
}

impl Declared {
    /// Resolves the names of the specification. Names are those of `/etc/passwd` and `/etc/group`: a static binary
    /// cannot load the modules of other databases.
    pub(super) fn resolve(spec: &VolumeSpec) -> Result<Self, VolumeFailure> {
        let owner = spec.owner.as_ref().map(|user| find("resolve user", USERS, user));
        let group = spec
            .group
            .as_ref()
            .map(|group| find("resolve group", GROUPS, group));
        Ok(Self {
            uid: owner.transpose()?.unwrap_or_else(|| Uid::effective().as_raw()),
            gid: group.transpose()?,
        })
    }

    /// Completes the declaration with what the volume's root gives: a root with the set-group-ID bit, as Kubernetes
    /// makes it for `fsGroup`, hands its group down.
    pub(super) fn on(self, root: &Stat, dir_mode: FileMode) -> Ownership {
        let hands_group_down = self.gid.is_none() && root.mode & SET_GROUP_ID != 0;
        let inherited = if hands_group_down {
            root.gid
        } else {
            Gid::effective().as_raw()
        };
        Ownership {
            uid: self.uid,
            gid: self.gid.unwrap_or(inherited),
            dir_mode,
            hands_group_down,
        }
    }
}

impl Ownership {
    pub(super) const fn uid(&self) -> u32 {
        self.uid
    }

    pub(super) const fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether owner and group are these.
    pub(super) const fn owns(&self, found: &Stat) -> bool {
        found.uid == self.uid && found.gid == self.gid
    }

    /// Whether a directory has this owner, this group and the mode of directories.
    pub(super) const fn owns_directory(&self, found: &Stat) -> bool {
        self.owns(found) && found.mode & 0o777 == self.dir_mode.bits()
    }

    /// Gives an open file its owner, its group and then `mode`.
    pub(super) fn give_file(
        &self,
        file: impl AsFd,
        mode: FileMode,
        path: &Path,
    ) -> Result<(), VolumeFailure> {
        self.give(file, mode.bits(), path)
    }

    /// Gives an open directory its owner, its group and then the mode of directories.
    pub(super) fn give_directory(&self, directory: impl AsFd, path: &Path) -> Result<(), VolumeFailure> {
        let inherit = if self.hands_group_down { SET_GROUP_ID } else { 0 };
        self.give(directory, self.dir_mode.bits() | inherit, path)
    }

    /// Gives a directory its owner and mode, if the process can still work in it then.
    ///
    /// A process with `CAP_CHOWN` alone could publish files that it can never read, replace or remove again.
    pub(super) fn finish_directory(&self, directory: &Directory) -> Result<(), VolumeFailure> {
        self.give_directory(directory, directory.path())?;
        if self.stays_accessible(directory) {
            return Ok(());
        }
        self.take_back(directory)?;
        Err(no_way_back(directory.path()))
    }

    /// Whether this process may still read a directory that it gave away, and remove what is in it.
    fn stays_accessible(&self, directory: impl AsFd) -> bool {
        let own = self.uid == Uid::effective().as_raw();
        let write = if own {
            AccessFlags::empty()
        } else {
            AccessFlags::W_OK
        };
        let wanted = AccessFlags::R_OK | AccessFlags::X_OK | write;
        unistd::faccessat(directory, ".", wanted, AtFlags::AT_EACCESS).is_ok()
    }

    /// Makes a directory that was given away this process's own again.
    fn take_back(&self, directory: &Directory) -> Result<(), VolumeFailure> {
        let failed = |error| failed("change owner of", directory.path(), error);
        if self.uid != Uid::effective().as_raw() {
            unistd::fchown(directory, Some(Uid::effective()), None).map_err(failed)?;
        }
        directory.set_mode(PRIVATE)
    }

    fn give(&self, fd: impl AsFd, mode: u32, path: &Path) -> Result<(), VolumeFailure> {
        let found = Stat::of(&fd).map_err(|error| failed("inspect", path, error))?;
        if !self.owns(&found) {
            let uid = (found.uid != self.uid).then(|| Uid::from_raw(self.uid));
            let gid = (found.gid != self.gid).then(|| Gid::from_raw(self.gid));
            unistd::fchown(&fd, uid, gid).map_err(|error| self.cannot_own(&found, path, error))?;
        }
        self.set_mode(&fd, mode, path)?;
        self.was_given(&fd, mode, path)
    }

    fn set_mode(&self, fd: impl AsFd, mode: u32, path: &Path) -> Result<(), VolumeFailure> {
        stat::fchmod(fd, Mode::from_bits_truncate(mode)).map_err(|error| match error {
            Errno::EPERM => failed_with_hint("change mode of", path, error, self.run_as_owner()),
            _ => failed("change mode of", path, error),
        })
    }

    /// Some file systems accept an owner or a mode and forget it. To publish there would publish again each pass,
    /// with a mode that nobody declared.
    fn was_given(&self, fd: impl AsFd, mode: u32, path: &Path) -> Result<(), VolumeFailure> {
        let found = Stat::of(fd).map_err(|error| failed("inspect", path, error))?;
        if self.owns(&found) && found.mode & 0o777 == mode & 0o777 {
            return Ok(());
        }
        Err(unusable(
            "change mode of",
            path,
            format!(
                "asked for mode {:04o}, owner {} and group {}, the file system gives {:04o}, {} and {}",
                mode & 0o777,
                self.uid,
                self.gid,
                found.mode & 0o777,
                found.uid,
                found.gid
            ),
            "the file system does not keep owners and modes; use an emptyDir or another local file system",
        ))
    }

    fn cannot_own(&self, found: &Stat, path: &Path, error: Errno) -> VolumeFailure {
        let hint = if found.uid == self.uid {
            format!(
                "the process is not in group {gid}: add it with `fsGroup: {gid}` or `supplementalGroups: [{gid}]`, \
                 or leave `group` out",
                gid = self.gid
            )
        } else {
            self.run_as_owner()
        };
        failed_with_hint("change owner of", path, error, hint)
    }

    fn run_as_owner(&self) -> String {
        format!(
            "only a privileged process may give files to another user (CAP_CHOWN, CAP_FOWNER and CAP_DAC_OVERRIDE): \
             run akv-sync as user {} (`runAsUser`), or share the files through `group`",
            self.uid
        )
    }
}

fn find(action: &'static str, database: &str, principal: &Principal) -> Result<u32, VolumeFailure> {
    let name = match principal {
        Principal::Id(id) => return Ok(*id),
        Principal::Name(name) => name,
    };
    let hint = format!("write the numeric id, or add {name} to {database} of akv-sync's own container");
    let entries = fs::read(database).map_err(|error| failed_with_hint(action, name, error, hint.as_str()))?;
    id_of(&String::from_utf8_lossy(&entries), name)
        .ok_or_else(|| unusable(action, name, format!("{database} has no such name"), hint))
}

/// The third field of the line whose first field is `name` (passwd(5) and group(5) agree on both).
fn id_of(database: &str, name: &str) -> Option<u32> {
    database
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then(|| fields.nth(1))?)
        .and_then(|id| id.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = "root:x:0:\n# app:x:1:\napp:x:2000:alice,bob\napps:x:2001:\nbroken:x\n";

    #[test]
    fn a_name_is_found_by_its_whole_first_field() {
        assert_eq!(id_of(DATABASE, "app"), Some(2000));
        assert_eq!(id_of(DATABASE, "apps"), Some(2001));
        for absent in ["ap", "alice", "broken", ""] {
            assert_eq!(id_of(DATABASE, absent), None, "{absent:?}");
        }
    }

    #[test]
    fn an_unknown_name_is_named_in_the_error() {
        let unknown = Principal::Name("no-such-group-here".to_owned());
        let failure = find("resolve group", GROUPS, &unknown).expect_err("unknown");
        assert_eq!(failure.to_string(), "resolve group no-such-group-here failed");
        assert!(
            failure.hint().action().contains("numeric id"),
            "{}",
            failure.hint()
        );
    }

    #[test]
    fn a_number_is_never_looked_up() {
        let id = find("resolve user", "/does/not/exist", &Principal::Id(4711));
        assert_eq!(id.ok(), Some(4711));
    }
}
