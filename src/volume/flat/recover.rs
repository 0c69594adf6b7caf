//! Finishes or removes what a crash left, and then says what is published (steps 1 to 3).
//!
//! Recovery is what every call starts with, so no crash needs to be noticed to be repaired.

use std::collections::BTreeSet;

use super::look::Current;
use super::stage::{Staging, UnderWay};
use super::{STAGED, Step, Writer};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::failure::failed;
use crate::volume::state;
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Recovers, then says what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let current = self.recover()?;
        self.onlooker().observed(&current)
    }

    /// Says what stands in the way at `paths`. Looks, and changes nothing.
    pub(super) fn refused(
        &mut self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.root.check()?;
        self.onlooker().refused(paths)
    }

    /// Recovers, and gives what is published.
    pub(super) fn recover(&mut self) -> Result<Current, VolumeFailure> {
        // 1. The path still leads to the directory that is open and locked.
        self.announce(Step::CheckRoot, self.root.dir.path())?;
        self.root.check()?;

        // 2. What was published, and perhaps what was about to be.
        self.announce(Step::ReadState, &self.root.dir.path_of(state::FILE))?;
        let mut current = self.onlooker().current()?;

        // 3. Finish a publish that was committed, or remove what was written for one that was not.
        let staging = Staging::open(&self.root)?;
        let intent = current.take_intent();
        if let (Some(state), Some(intent)) = (&mut current.state, intent) {
            self.announce(Step::Recover, &self.root.dir.path_of(STAGED))?;
            let staging = staging.map_or_else(|| Staging::make(&self.root), Ok)?;
            let publish = UnderWay {
                state,
                intent: &intent,
                staging: &staging,
            };
            // The crash may have come before the sync of the commit. Without it, a power cut could leave what is done now
            // with the records of the old set.
            self.sync_root()?;
            let lost = self.discard_damaged(publish)?;
            let done = self.carry_out(publish, &lost)?;
            self.settle(&done.state, &publish.directories(), &staging)?;
            *state = done.state;
        } else if let Some(staging) = staging {
            self.announce(Step::Recover, staging.dir.path())?;
            staging.remove(&self.root)?;
        }
        Ok(current)
    }

    /// Removes waiting files whose bytes did not outlive a crash, as they may not on a disk that lies about its flushes. Gives
    /// the paths that stay without their new file: if none is in place yet, these are all, since one old set is better
    /// than two halves.
    fn discard_damaged(&mut self, publish: UnderWay<'_>) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let staging = &publish.staging.dir;
        let (mut whole, mut useless, mut lost) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut in_place = false;
        for (path, staged) in &publish.intent.staged {
            let name = staged.name();
            let entry = publish.intent.files.get(path);
            let Some(mut file) = staging.open_file(&name)? else {
                if self.is_in_place(path, publish)? {
                    in_place = true;
                } else {
                    lost.insert(path.clone());
                }
                continue;
            };
            let length = entry.map_or(0, |entry| entry.length);
            let key = &publish.state.digest_key;
            let (digest, _) = key
                .digest_stream(length, &mut file, |_| Ok(()))
                .map_err(|error| failed("read", staging.path_of(&name), error))?;
            if entry.is_some_and(|entry| entry.digest == digest) {
                whole.insert(name);
            } else {
                useless.insert(name);
                lost.insert(path.clone());
            }
        }
        if !(in_place || lost.is_empty()) {
            useless.append(&mut whole);
            lost.extend(publish.intent.staged.keys().cloned());
        }
        // In a state file that was tampered with, two paths can wait for one file: it goes once, or serves one of them.
        useless
            .difference(&whole)
            .try_for_each(|name| staging.remove(name))?;
        Ok(lost)
    }

    /// Whether a new file was renamed to its place before the crash. Where it cannot be seen, that is more likely than
    /// that it was lost.
    fn is_in_place(&mut self, path: &RelativePath, publish: UnderWay<'_>) -> Result<bool, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let (above, name) = tree::split(path);
        if tree.hidden(above)?.is_some() {
            return Ok(true);
        }
        let (Some(directory), Some(entry)) = (tree.open(above)?, publish.intent.files.get(path)) else {
            return Ok(false);
        };
        let key = &publish.state.digest_key;
        let found = self.inspector.intact((directory, name), path, entry, key)?;
        Ok(found.is_some())
    }
}
