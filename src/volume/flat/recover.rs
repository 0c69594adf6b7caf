//! Reads what is published, after finishing or removing what a crash left behind (steps 1 to 3).
//!
//! Recovery is what every call starts with, so no crash needs to be noticed to be repaired.

use std::collections::BTreeSet;

use super::Writer;
use super::onlooker::Current;
use super::staging::{NAME, Staging};
use super::steps::Step;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::state::{self, State};

impl Writer {
    /// Recovers, then says what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let current = self.recover()?;
        if current.state.is_none() && !current.records_lost {
            return Ok(Observation::nothing());
        }
        let inspection = self.onlooker().inspect(current.state.as_ref())?;
        Ok(inspection.observed(current.state))
    }

    /// Says what stands in the way at `paths`. Looks, and changes nothing.
    pub(super) fn refused(
        &mut self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.root.check()?;
        self.onlooker().refused(paths)
    }

    /// Steps 1 and 2.
    fn look(&mut self) -> Result<Current, VolumeFailure> {
        // 1. The path still leads to the directory that is open and locked.
        self.announce(Step::CheckRoot, self.root.dir.path())?;
        self.root.check()?;

        // 2. What was published, and perhaps what was about to be.
        self.announce(Step::ReadState, &self.root.dir.path_of(state::FILE))?;
        self.onlooker().current()
    }

    /// Recovers, and gives what is published.
    pub(super) fn recover(&mut self) -> Result<Current, VolumeFailure> {
        let mut current = self.look()?;

        // 3. Finish a publish that was committed, or remove what was written for one that was not.
        let staging = Staging::open(&self.root)?;
        if let Some(state) = &mut current.state
            && let Some(intent) = state.intent.take()
        {
            self.announce(Step::Recover, &self.root.dir.path_of(NAME))?;
            let staging = staging.map_or_else(|| Staging::make(&self.root), Ok)?;
            let lost = self.discard_damaged(&staging, state, &intent)?;
            let done = self.redo(state, &intent, &staging, &lost)?;
            *state = done.state;
            self.settle(state, staging)?;
        } else if let Some(staging) = staging {
            self.announce(Step::Recover, staging.dir.path())?;
            staging.remove(&self.root)?;
        }
        Ok(current)
    }

    /// Makes `state` what is published, and removes the staging directory (steps 15 and 16).
    pub(super) fn settle(&self, state: &State, staging: Staging) -> Result<(), VolumeFailure> {
        self.announce(Step::Settle, &self.root.dir.path_of(state::FILE))?;
        staging.write_state(&self.root, state, &self.files())?;
        self.announce(Step::RemoveStaging, staging.dir.path())?;
        staging.remove(&self.root)
    }
}
