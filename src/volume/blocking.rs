//! What a folder can do. Its calls wait for the disk, so they need a thread of their own: [`super::OffThread`] gives
//! them one, and makes them the port.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::desired::VolumeSpec;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;

/// As [`crate::ports::Volume`], whose calls block. One call at a time.
pub trait BlockingVolume: Send + Sync {
    /// See [`crate::ports::Volume::observe`].
    fn observe(&self) -> Result<Observation, VolumeFailure>;

    /// See [`crate::ports::Volume::refused`].
    fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure>;

    /// See [`crate::ports::Volume::publish`].
    fn publish(&self, payload: &Payload) -> Result<Publication, VolumeFailure>;

    /// See [`crate::ports::Volume::declare`].
    fn declare(&self, spec: &VolumeSpec) -> Result<(), VolumeFailure>;

    /// See [`crate::ports::Volume::tidy`]. Most keep nothing.
    fn tidy(&self, _kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        Ok(None)
    }
}
