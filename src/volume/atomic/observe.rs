//! Says what is published.

use super::Writer;
use super::recover::Current;
use crate::domain::payload::Observation;
use crate::ports::VolumeFailure;
use crate::volume::inspect::Inspection;

impl Writer {
    /// Recovers, then reads what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let Some(current) = self.recover()? else {
            return Ok(Observation::default());
        };
        let inspection = self.inspect(&current)?;
        Ok(inspection.observed(current.state))
    }

    /// Compares each recorded file with what is in the generation, all of which is ours.
    pub(super) fn inspect(&mut self, current: &Current) -> Result<Inspection, VolumeFailure> {
        self.inspector
            .inspect(&current.dir, current.state.as_ref(), &self.owner, |_| true)
    }
}
