//! The `atomic` layout: publishes a set of files in one step, as a Kubernetes projected volume does.
//!
//! ```text
//! ROOT/..data                                -> ..2026_11_23_05_48_45.0123456789abcdef   the published generation
//! ROOT/..2026_11_23_05_48_45.0123456789abcdef/   the files, and `..akv-sync.json` with what is known of them
//! ROOT/db                                    -> ..data/db       one link for each first path element
//! ```
//!
//! Invariant: whoever resolves `..data` once finds a complete set, of one publish. The layout and the order are those
//! of kubelet's `pkg/volume/util/atomic_writer.go`; recovery, owners, flushing and the refusal of what is foreign
//! are added. [`Step`] has the same numbers.
//!
//! 1. Check that the path still leads to the root, which is open and locked.
//! 2. Recover: remove a stale `..data_tmp` and generations of ours that are not published; make missing links, and
//!    remove stale ones.
//! 3. Read the state file of the published generation.
//! 4. Compare bytes, modes, owners and the set. Nothing differs: return. Only records differ: replace the state file
//!    and return.
//! 5. Make the new generation, mode 0700, with an empty state file as the mark that it is ours.
//! 6. Write each file: owner, then mode, bytes, flush; then its name.
//! 7. Write the state file, without values.
//! 8. Give directories their owner and mode, and flush them. The generation itself is the last.
//! 9. Flush the root.
//! 10. Make the link `..data_tmp`.
//! 11. **Rename `..data_tmp` to `..data`: the commit.** Flush the root.
//! 12. Make links to new first path elements.
//! 13. Remove links to those that are gone. Flush the root.
//! 14. Remove the old generation.
//! 15. (Only when one of 5 to 11 failed.) Remove the new one.
//!
//! Flushing is left out on a memory volume. What a crash leaves after any step, the next call repairs in step 2.

mod fill;
mod generation;
mod links;
mod observe;
mod publish;
mod recover;
mod steps;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use steps::Step;

use super::inspect::Inspector;
use super::owner::{Declared, Ownership};
use super::root::Root;
use super::steps::{StepObserver, Unobserved, announce};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::domain::spec::VolumeSpec;
use crate::ports::{Clock, Volume, VolumeFailure};

/// The link to the published generation.
pub(super) const DATA: &str = "..data";

/// A volume with the `atomic` layout. While the value lives, no other process can open the same volume.
#[derive(Debug)]
pub struct AtomicVolume {
    writer: Mutex<Writer>,
}

impl AtomicVolume {
    /// Opens and locks the volume, and resolves its owner and group. `clock` dates generations.
    ///
    /// The last element of the path is made if it is missing; nothing else is created or changed. Fails when the
    /// path is no directory or a link, when an owner has no number, and when another process has the volume open.
    pub fn open(spec: &VolumeSpec, clock: Arc<dyn Clock>) -> Result<Self, VolumeFailure> {
        Self::open_observed(spec, clock, Arc::new(Unobserved))
    }

    /// As [`AtomicVolume::open`], with somebody who is asked before each step: crash and fault tests.
    pub fn open_observed(
        spec: &VolumeSpec,
        clock: Arc<dyn Clock>,
        steps: Arc<dyn StepObserver<Step>>,
    ) -> Result<Self, VolumeFailure> {
        let declared = Declared::resolve(spec)?;
        let (root, owner) = Root::open(spec, declared)?;
        let writer = Writer {
            root,
            owner,
            inspector: Inspector::new(Arc::clone(&clock)),
            clock,
            steps,
            stuck: RefCell::default(),
        };
        Ok(Self {
            writer: Mutex::new(writer),
        })
    }

    /// How many files need not be read again while they look the same.
    #[cfg(test)]
    pub(super) fn verified(&self) -> usize {
        self.writer().inspector.verified()
    }

    /// A panic in an earlier call cannot have left anything that recovery does not repair.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Volume for AtomicVolume {
    fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.writer().observe()
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.writer().refused(paths)
    }

    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.writer().publish(payload)
    }
}

/// What the steps work with.
struct Writer {
    root: Root,
    owner: Ownership,
    clock: Arc<dyn Clock>,
    steps: Arc<dyn StepObserver<Step>>,
    inspector: Inspector,
    /// Generations that could not be removed, and of which a person was told.
    stuck: RefCell<BTreeSet<String>>,
}

impl Writer {
    fn announce(&self, step: Step, path: &Path) -> Result<(), VolumeFailure> {
        announce(&*self.steps, step, path)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("root", &self.root)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}
