//! Which layout a volume has.
//!
//! Invariant: a volume has one. Were a second written beside it, a reader of the first would find files that nobody
//! keeps current, and neither layout could remove what the other one made.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::atomic::{self, AtomicVolume};
use super::blocking::BlockingVolume;
use super::directory::Directory;
use super::failure::refused;
use super::flat::FlatVolume;
use super::state;
use crate::domain::desired::{Layout, VolumeSpec};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::{Clock, VolumeFailure};

/// A volume with the layout that its specification names.
#[derive(Debug)]
pub enum AnyVolume {
    /// One `..data` swap for the whole set.
    Atomic(AtomicVolume),
    /// One rename for each file.
    Flat(FlatVolume),
}

/// Opens and locks a volume, as [`AtomicVolume::open`] and [`FlatVolume::open`] do.
pub fn open(spec: &VolumeSpec, clock: Arc<dyn Clock>) -> Result<AnyVolume, VolumeFailure> {
    match spec.layout {
        Layout::Atomic => AtomicVolume::open(spec, clock).map(AnyVolume::Atomic),
        Layout::Flat => FlatVolume::open(spec, clock).map(AnyVolume::Flat),
    }
}

impl AnyVolume {
    fn inner(&self) -> &dyn BlockingVolume {
        match self {
            Self::Atomic(volume) => volume,
            Self::Flat(volume) => volume,
        }
    }

    /// See [`super::LayoutVolume::sync_in_memory`].
    #[cfg(test)]
    pub(super) fn sync_in_memory(&self) {
        match self {
            Self::Atomic(volume) => volume.sync_in_memory(),
            Self::Flat(volume) => volume.sync_in_memory(),
        }
    }

    /// How many files need not be read again while they look the same.
    #[cfg(test)]
    pub(super) fn verified(&self) -> usize {
        match self {
            Self::Atomic(volume) => volume.verified(),
            Self::Flat(volume) => volume.verified(),
        }
    }
}

impl BlockingVolume for AnyVolume {
    fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.inner().observe()
    }

    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.inner().refused(paths)
    }

    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        self.inner().publish(payload)
    }

    fn declare(&self, spec: &VolumeSpec) -> Result<(), VolumeFailure> {
        self.inner().declare(spec)
    }

    fn tidy(&self, kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        self.inner().tidy(kept)
    }
}

/// Refuses a root that has another layout than the one asked for.
pub(super) fn check(root: &Directory, layout: Layout) -> Result<(), VolumeFailure> {
    let (mark, found) = match layout {
        Layout::Atomic => (state::FILE, "flat"),
        Layout::Flat => (atomic::DATA, "atomic"),
    };
    if root.stat_of(mark)?.is_none() {
        return Ok(());
    }
    Err(refused(
        "use",
        root.path(),
        format!("it has the `{found}` layout, which `{mark}` shows"),
        format!("set `volume.layout: {found}`, or empty the volume first, while nobody needs its files"),
    ))
}
