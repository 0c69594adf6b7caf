//! Says what is published, and what could not be.

use std::collections::BTreeSet;

use super::Writer;
use super::look::{self, Current};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::inspect::Inspection;

impl Writer {
    /// Recovers, then reads what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let Some(current) = self.recover()? else {
            return Ok(Observation::nothing());
        };
        let inspection = self.inspect(&current)?;
        Ok(Observation {
            refused: current.refused,
            ..inspection.observed(current.state)
        })
    }

    /// Says at which first path elements of `paths` something foreign stands. Looks, and changes nothing.
    pub(super) fn refused(&self, paths: &BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.root.check()?;
        look::foreign(&self.root.dir, paths)
    }

    /// See [`Current::inspect`].
    pub(super) fn inspect(&mut self, current: &Current) -> Result<Inspection, VolumeFailure> {
        current.inspect(&self.owner, &mut self.inspector)
    }
}
