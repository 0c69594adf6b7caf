//! The `flat` layout: real files at their own paths, for programs that do not follow links.
//!
//! ```text
//! ROOT/db/password          the files, and the directories on the way to them
//! ROOT/..akv-sync.json      what is known of them; while a publish is under way, also what shall be
//! ROOT/..akv-sync.staged/   only while a publish is under way: the new files, complete, for nobody else to enter
//! ```
//!
//! Invariant: at each path stands the whole old file or the whole new one. A publish is either not begun or will be
//! finished: once its intent is in the state file, all that it needs is on the volume, and whoever comes next, with
//! the vault or without, takes the steps that are left. So files that belong together are of two sets only between two
//! renames, and for as long as nobody runs after a crash there.
//!
//! New files wait in one directory of their own and not beside those that they replace, so that a program that takes
//! whatever is in a directory (`conf.d/*`) never takes one, nobody can put another file in the place of one, and
//! nothing has to be searched for after a crash.
//!
//! The modules in the order in which a publish goes through them:
//!
//! | Module | Steps |
//! |---|---|
//! | `recover` | 1. Check that the path still leads to the root, which is open and locked. |
//! | | 2. Read the state file. |
//! | | 3. Recover: with an intent, sync the root, drop waiting files that are damaged, and take steps 10 to 18; without one, remove `..akv-sync.staged`. |
//! | `look`, `places`, `change` | 4. Compare bytes, modes, owners and the set, and see what stands at the paths that have to be written. A file that is gone stays while what replaces it is refused. Nothing differs: return. Only records differ: go on with steps 5 and 16. |
//! | `stage` | 5. Make `..akv-sync.staged`, mode 0700. |
//! | | 6. Write each new file there, also one with just another mode or owner: bytes, a later time than the old file's, owner, then mode; then its name. |
//! | `directories` | 7. Change modes and owners of directories that are there already, in place, once a probe has shown that it can be done. |
//! | `publish` | 8. Write the next state file there, with the intent, and with what is to be told. Sync it, all that waits, and the names. |
//! | | 9. **Make that the state file: the commit.** Sync the root. |
//! | `swap`, `removal` | See once more what stands at the paths; what is refused now leaves what it would have replaced. |
//! | | 10. Remove what is ours and gone, and in the way: a file where a directory is needed, a directory where a file is. |
//! | `directories` | 11. Make directories, mode 0700. |
//! | `swap` | 12. Rename the new files into place, one right after the other. |
//! | | 13. Remove files that are gone, if they still are what was published. |
//! | `directories` | 14. Remove directories that were made for them, if nothing is left in them. |
//! | | 15. Give directories their owner and mode. |
//! | `publish` | 16. Write the next state file, without the intent. Sync it, and all directories in which something changed. |
//! | | 17. Make that the state file. Sync the root. |
//! | | 18. Remove `..akv-sync.staged`. |
//! | | 19. (Only when one of 5 to 9 failed.) Remove it, and what is in it. |
//!
//! Syncing is left out on a memory volume.
//!
//! What may move is decided by who makes the payload: it asks [`crate::ports::Volume::refused`], and leaves out what is
//! refused and all that hangs on it. Here only races are left, so that no file is lost to one; which files stay for it, the
//! same resolver says ([`crate::domain::plan::Exchange`]):
//!
//! 1. Something appears between the question and the look of step 4, before anything is written.
//! 2. It appears between that look and the one after step 9, or while nobody runs after a crash; before anything is removed.
//! 3. It appears between the look after step 9 and a rename; before step 13.
//! 4. A file that waits did not outlive a power cut; before anything is removed.
//!
//! In the last three `swap` also says what is recorded of a path that got no new file. Payloads that were not asked about are
//! the first case for ever, and touch nothing when they are published again.

mod change;
mod directories;
pub(super) mod look;
mod places;
mod publish;
mod recover;
mod removal;
mod stage;
mod swap;

use std::collections::BTreeSet;

use super::blocking::BlockingVolume;
use super::steps::Action;
use super::writer::{self, LayoutVolume};
use crate::domain::desired::VolumeSpec;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;

/// Where new files wait. Payload paths never start with `..`, so it cannot meet one.
const STAGED: &str = "..akv-sync.staged";

/// A volume with the `flat` layout.
pub type FlatVolume = LayoutVolume<Step>;

type Writer = writer::Writer<Step>;

/// A step of [the module's list](self). Steps that handle many files or names are announced once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    /// The root is still the directory that was opened.
    CheckRoot = 1,
    /// The state file is read.
    ReadState = 2,
    /// What an earlier crash left is finished, or removed.
    Recover = 3,
    /// Published and wanted files are compared.
    Compare = 4,
    /// `..akv-sync.staged` is made.
    MakeStaging = 5,
    /// One new file is written there.
    StageFile = 6,
    /// One directory that is there already gets its mode or owner.
    Adjust = 7,
    /// All that waits is synced, the next state file among it.
    Sync = 8,
    /// The state file with the intent takes its place: the commit.
    Commit = 9,
    /// One file or directory of ours is removed that stands where a new one goes.
    ClearWay = 10,
    /// One directory is made.
    MakeDirectory = 11,
    /// One new file is renamed into place.
    Rename = 12,
    /// One file that is gone is removed.
    RemoveFile = 13,
    /// One directory of ours in which nothing is left is removed.
    RemoveDirectory = 14,
    /// One directory gets its owner and mode.
    FinishDirectory = 15,
    /// The directories in which something changed are synced.
    SyncDirectories = 16,
    /// The state file without an intent takes its place.
    Settle = 17,
    /// `..akv-sync.staged` is removed.
    RemoveStaging = 18,
    /// What failed before the commit is removed.
    Abandon = 19,
}

impl Step {
    /// Its number in the module's list.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl Action for Step {
    fn action(self) -> &'static str {
        match self {
            Self::CheckRoot => "open",
            Self::ReadState => "read",
            Self::Recover => "recover",
            Self::Compare => "compare",
            Self::MakeStaging | Self::MakeDirectory => "create",
            Self::StageFile | Self::Commit | Self::Settle => "write",
            Self::Adjust | Self::FinishDirectory => "change owner of",
            Self::Sync | Self::SyncDirectories => "flush",
            Self::Rename => "rename",
            Self::ClearWay
            | Self::RemoveFile
            | Self::RemoveDirectory
            | Self::RemoveStaging
            | Self::Abandon => "remove",
        }
    }
}

impl BlockingVolume for FlatVolume {
    fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.writer().observe()
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.writer().refused(paths)
    }

    /// As the port says, with one difference that the layout is made of: the renames are one after another.
    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.writer().publish(payload)
    }

    fn declare(&self, spec: &VolumeSpec) -> Result<(), VolumeFailure> {
        self.writer().declare(spec)
    }
}
