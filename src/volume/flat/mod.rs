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
//! 1. Check that the path still leads to the root, which is open and locked.
//! 2. Read the state file.
//! 3. Recover: with an intent, drop waiting files that are damaged, and take steps 9 to 16; without one, remove
//!    `..akv-sync.staged`.
//! 4. Compare bytes, modes, owners and the set, and see what stands at the paths that have to be written. A file that is
//!    gone stays while what replaces it is refused. Nothing differs: return. Only records differ: go on with steps 5
//!    and 15.
//! 5. Make `..akv-sync.staged`, mode 0700.
//! 6. Write each new file there, also one with just another mode or owner: bytes, a later time than the old file's, owner,
//!    then mode, flush; then its name.
//! 7. Change modes and owners of directories that stay, in place, once a probe has shown that it can be done.
//! 8. **Write the state file with the intent, and with what is to be told: the commit.** Flush the root.
//! 9. See once more what stands at the paths; what is refused now keeps what it would have replaced. Remove what is ours
//!    and gone, and in the way: a file where a directory is needed, a directory where a file is.
//! 10. Make directories, mode 0700.
//! 11. Rename the new files into place, one right after the other.
//! 12. Remove files that are gone, if they still are what was published.
//! 13. Remove directories that were made for them, if nothing is left in them.
//! 14. Give new directories their owner and mode, and flush all that were changed.
//! 15. Write the state file without the intent. Flush the root.
//! 16. Remove `..akv-sync.staged`.
//! 17. (Only when one of 5 to 8 failed.) Remove it, and what is in it.
//!
//! Flushing is left out on a memory volume.
//!
//! What may move is decided by who makes the payload: it asks [`crate::ports::Volume::refused`], and leaves out what is
//! refused and all that hangs on it. The layout decides only what comes after the question, so that no file is lost to a
//! race:
//!
//! - Something appears between the question and the look of step 4: `hold` (of `Places`) keeps what the refused files would
//!   have replaced. Nothing is written yet.
//! - It appears between that look and the one of step 9, or while nobody runs after a crash: `hold` (of `Redo`), before
//!   anything is removed.
//! - It appears between the look of step 9 and a rename: `hold` once more, before step 12.
//! - A file that waits did not outlive a power cut: `damaged` finds it, and `hold` keeps all that would be removed.
//!
//! In the last three `keep` says what is recorded of a path that got no new file. Payloads that were not asked about are
//! the first case for ever, and touch nothing when they are published again.

mod adjust;
mod adopt;
mod damaged;
mod hold;
mod keep;
pub(super) mod onlooker;
mod places;
mod prospect;
mod publish;
mod recover;
mod redo;
mod removal;
mod stage;
mod staging;
mod steps;
mod under_way;

pub use steps::Step;

use std::collections::BTreeSet;

use super::blocking::BlockingVolume;
use super::writer::{self, LayoutVolume};
use crate::domain::desired::VolumeSpec;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;

/// A volume with the `flat` layout.
pub type FlatVolume = LayoutVolume<Step>;

type Writer = writer::Writer<Step>;

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
