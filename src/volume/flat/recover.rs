//! Reads what is published, after finishing or removing what a crash left behind (steps 1 to 3).
//!
//! Recovery is what every call starts with, so no crash needs to be noticed to be repaired.

use std::collections::BTreeSet;

use nix::unistd::Uid;

use super::Writer;
use super::staging::{NAME, Staging};
use super::steps::Step;
use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::failure::refused;
use crate::volume::inspect::Inspection;
use crate::volume::layout;
use crate::volume::stat::Kind;
use crate::volume::state::{self, State};

/// What is published.
#[derive(Debug)]
pub(super) struct Current {
    /// Without an intent; `None` when nothing is published, or nothing is known of it.
    pub(super) state: Option<State>,
    /// Whether there is a state file that cannot be understood.
    pub(super) records_lost: bool,
}

impl Writer {
    /// Recovers, then says what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let current = self.recover()?;
        if current.state.is_none() && !current.records_lost {
            return Ok(Observation::default());
        }
        let inspection = self.inspect(current.state.as_ref())?;
        Ok(inspection.observed(current.state))
    }

    /// Compares each recorded file with what is there. Directories that were not made for the files are as they are.
    pub(super) fn inspect(&mut self, state: Option<&State>) -> Result<Inspection, VolumeFailure> {
        let ours = state.map(State::directory_names).unwrap_or_default();
        self.inspector
            .inspect(&self.root.dir, state, &self.owner, |name| ours.contains(name))
    }

    /// Says what stands in the way at `paths`. Looks, and changes nothing.
    pub(super) fn refused(
        &mut self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        let mut current = self.look()?;
        let intent = current.state.as_mut().and_then(|state| state.intent.take());
        let inspection = match (&mut current.state, intent) {
            (Some(state), Some(intent)) => {
                let staging = self.root.dir.open(NAME)?;
                let inspection;
                (*state, inspection) = self.under_way(state, &intent, staging.as_ref())?;
                inspection
            }
            (state, _) => self.inspect(state.as_ref())?,
        };
        let places = self.places(paths, &current, &inspection)?;
        Ok(places.refused().cloned().collect())
    }

    /// Steps 1 and 2.
    fn look(&self) -> Result<Current, VolumeFailure> {
        // 1. The path still leads to the directory that is open and locked.
        self.announce(Step::CheckRoot, self.root.dir.path())?;
        self.root.check()?;
        layout::check(&self.root.dir, Layout::Flat)?;

        // 2. What was published, and perhaps what was about to be.
        self.announce(Step::ReadState, &self.root.dir.path_of(state::FILE))?;
        self.read_state()
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

    fn read_state(&self) -> Result<Current, VolumeFailure> {
        let root = &self.root.dir;
        let Some(found) = root.stat_of(state::FILE)? else {
            return Ok(Current {
                state: None,
                records_lost: false,
            });
        };
        if found.kind != Kind::File || found.uid != Uid::effective().as_raw() {
            return Err(refused(
                "read",
                root.path_of(state::FILE),
                "it is not a file of this user's akv-sync",
                "the files there were published by another program or another user: run akv-sync as the user that \
                 published them, or empty the volume",
            ));
        }
        let state = State::read(root)?;
        Ok(Current {
            records_lost: state.is_none(),
            state,
        })
    }
}
