//! Says what is published, and what could not be.

use std::collections::BTreeSet;

use super::Writer;
use super::links;
use super::recover::Current;
use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::inspect::Inspection;
use crate::volume::layout;

impl Writer {
    /// Recovers, then reads what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let Some(current) = self.recover()? else {
            return Ok(Observation::default());
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
        layout::check(&self.root.dir, Layout::Atomic)?;
        links::refused(&self.root.dir, &links::names_of(paths.iter()))
    }

    /// Compares each recorded file with what is in the generation, all of which is ours.
    pub(super) fn inspect(&mut self, current: &Current) -> Result<Inspection, VolumeFailure> {
        self.inspector
            .inspect(&current.dir, current.state.as_ref(), &self.owner, |_| true)
    }
}
