//! Drops waiting files whose bytes did not outlive a crash, as they may not on a disk that lies about its flushes.

use std::collections::BTreeSet;

use super::Writer;
use super::staging::Staging;
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::failure::failed;
use crate::volume::state::{Intent, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Removes damaged waiting files, and gives the paths that stay without their new file. If none is in place yet,
    /// these are all: one old set is better than two halves.
    pub(super) fn discard_damaged(
        &mut self,
        staging: &Staging,
        state: &State,
        intent: &Intent,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let (mut whole, mut useless, mut lost) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut in_place = false;
        for (path, staged) in &intent.staged {
            let name = Staging::name_of(staged.number);
            let entry = intent.files.get(path);
            let Some(mut file) = staging.dir.open_file(&name)? else {
                if self.is_in_place(path, state, intent)? {
                    in_place = true;
                } else {
                    lost.insert(path.clone());
                }
                continue;
            };
            let (digest, _) = state
                .digest_key
                .digest_stream(entry.map_or(0, |entry| entry.length), &mut file, |_| Ok(()))
                .map_err(|error| failed("read", staging.dir.path_of(&name), error))?;
            if entry.is_some_and(|entry| entry.digest == digest) {
                whole.insert(name);
            } else {
                useless.insert(name);
                lost.insert(path.clone());
            }
        }
        if !(in_place || lost.is_empty()) {
            useless.append(&mut whole);
            lost.extend(intent.staged.keys().cloned());
        }
        // In a state file that was tampered with, two paths can wait for one file: it goes once, or serves one of them.
        useless
            .difference(&whole)
            .try_for_each(|name| staging.dir.remove(name))?;
        Ok(lost)
    }

    /// Whether a new file was renamed to its place before the crash. Where it cannot be seen, that is more likely than
    /// that it was lost.
    fn is_in_place(
        &mut self,
        path: &RelativePath,
        state: &State,
        intent: &Intent,
    ) -> Result<bool, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let (above, name) = tree::split(path);
        if tree.hidden(above)?.is_some() {
            return Ok(true);
        }
        let (Some(directory), Some(entry)) = (tree.open(above)?, intent.files.get(path)) else {
            return Ok(false);
        };
        let found = self
            .inspector
            .intact((directory, name), path, entry, &state.digest_key)?;
        Ok(found.is_some())
    }
}
