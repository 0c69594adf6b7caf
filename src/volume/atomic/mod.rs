//! The `atomic` layout: publishes a set of files in one step, as a Kubernetes projected volume does.
//!
//! ```text
//! ROOT/..data                                -> ..2026_11_23_05_48_45.0123456789abcdef   the published generation
//! ROOT/..2026_11_23_05_48_45.0123456789abcdef/   the files, and `..akv-sync.json` with what is known of them
//! ROOT/db                                    -> ..data/db       one link for each first path element
//! ```
//!
//! Invariant: whoever resolves `..data` once finds a complete set, of one publish. The layout and the order are those
//! of kubelet's `pkg/volume/util/atomic_writer.go`; recovery, owners, syncing and the refusal of what is foreign
//! are added. [`Step`] has the same numbers.
//!
//! 1. Check that the path still leads to the root, which is open and locked.
//! 2. Read the state file of the published generation.
//! 3. Recover: remove a stale `..data_tmp` and generations of ours that are not published, but for the one that was replaced
//!    within the last ten seconds, each after a sync of the root; make missing links, and remove stale ones.
//! 4. Compare bytes, modes, owners and the set. Nothing differs: return. Only records differ: replace the state file
//!    and return.
//! 5. Remove the generation that step 3 spared, so that there is never room needed for a third one.
//! 6. Make the new generation, mode 0700, with an empty state file as the mark that it is ours.
//! 7. Write each file: bytes, owner, then mode; then its name.
//! 8. Write the state file, without values. It names the generation that is about to be replaced.
//! 9. Give directories their owner and mode. The generation itself is the last.
//! 10. Sync all of it: files, the state file, directories, and the root.
//! 11. Make the link `..data_tmp`.
//! 12. **Rename `..data_tmp` to `..data`: the commit.** Sync the root.
//! 13. Make links to new first path elements.
//! 14. Remove links to those that are gone. Sync the root.
//! 15. (Only when one of 6 to 12 failed.) Remove the new one.
//!
//! The replaced generation stays for ten seconds, for who is listing it. Whoever calls next then removes it, in
//! step 3, or at the request of [`crate::ports::Volume::tidy`].
//!
//! Syncing is left out on a memory volume. What a crash leaves after any step, the next call repairs in step 3.

mod fill;
mod generation;
mod links;
pub(super) mod look;
mod observe;
mod publish;
mod recover;
mod replaced;
mod steps;

pub use steps::Step;

use std::collections::BTreeSet;
use std::time::Duration;

use super::blocking::BlockingVolume;
use super::writer::{self, LayoutVolume};
use crate::domain::desired::VolumeSpec;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;

/// The link to the published generation.
pub(super) const DATA: &str = "..data";

/// A volume with the `atomic` layout.
pub type AtomicVolume = LayoutVolume<Step>;

type Writer = writer::Writer<Step>;

impl BlockingVolume for AtomicVolume {
    fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.writer().observe()
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.writer().refused(paths)
    }

    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.writer().publish(payload)
    }

    fn declare(&self, spec: &VolumeSpec) -> Result<(), VolumeFailure> {
        self.writer().declare(spec)
    }

    fn tidy(&self, kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        self.writer().tidy(kept)
    }
}
