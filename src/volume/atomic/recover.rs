//! Finds the published generation, and removes or completes what a crash left behind (steps 1 to 3).
//!
//! Recovery is what every call starts with, so no crash needs to be noticed to be repaired.

use std::collections::BTreeSet;

use super::generation::{self, GenerationName};
use super::links;
use super::look::{self, Current};
use super::steps::Step;
use super::{DATA, Writer};
use crate::domain::desired::Layout;
use crate::domain::payload::REPLACED_SET_KEPT;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::layout;
use crate::volume::stat::Kind;
use crate::volume::state::State;

impl Writer {
    /// Recovers, and gives the published generation; `None` when nothing is published.
    pub(super) fn recover(&mut self) -> Result<Option<Current>, VolumeFailure> {
        // 1. The path still leads to the directory that is open and locked.
        self.announce(Step::CheckRoot, self.root.dir.path())?;
        self.root.check()?;

        layout::check(&self.root.dir, Layout::Atomic)?;

        // 2. What was published.
        let published = self.published()?;
        let state = match &published {
            Some((_, dir)) => {
                self.announce(Step::ReadState, dir.path())?;
                self.inspector.recorded(dir)?
            }
            None => None,
        };

        // 3. What a crash left: a staged link, generations that nothing points at, links missing or stale.
        self.remove_staged_link()?;
        let replaced = self.replaced(state.as_ref())?;
        let spared = replaced.filter(|replaced| replaced.left_of(REPLACED_SET_KEPT).is_some());
        let published_name = published.as_ref().map(|(name, _)| name);
        self.remove_unpublished(&[published_name, spared.as_ref().map(|spared| &spared.name)])?;
        let Some((name, dir)) = published else {
            links::remove_stale(&self.root.dir, &BTreeSet::new(), |path| {
                self.announce(Step::Recover, path)
            })?;
            return Ok(None);
        };
        State::discard_staged(&dir)?;
        let names = links::names_in(&dir)?;
        let refused = links::make_missing(&self.root.dir, &names, |path| self.announce(Step::Recover, path))?;
        links::remove_stale(&self.root.dir, &names, |path| self.announce(Step::Recover, path))?;
        Ok(Some(Current {
            name,
            dir,
            state,
            refused,
        }))
    }

    /// The generation that `..data` points at. If it leads nowhere, nothing is lost when the next commit replaces it.
    fn published(&self) -> Result<Option<(GenerationName, Directory)>, VolumeFailure> {
        let root = &self.root.dir;
        let published = look::published(root)?;
        if published.is_none()
            && let Some(generation) = root.read_link(DATA)?
        {
            let path = root.path_of(DATA);
            tracing::warn!(path = %path.display(), generation = %generation.display(), "The published files were removed by somebody else");
        }
        Ok(published)
    }

    /// Left by a crash between steps 11 and 12, it would make step 11 fail for ever.
    fn remove_staged_link(&self) -> Result<(), VolumeFailure> {
        let root = &self.root.dir;
        if look::has_staged_link(root)? {
            self.announce(Step::Recover, &root.path_of(links::STAGED))?;
            root.remove(links::STAGED)?;
        }
        Ok(())
    }

    /// Removes generations of ours that are not `needed`: half-written ones, and replaced ones.
    fn remove_unpublished(&self, needed: &[Option<&GenerationName>]) -> Result<(), VolumeFailure> {
        let root = &self.root.dir;
        for entry in root.entries()? {
            let Some(name) = GenerationName::parse(&entry) else {
                continue;
            };
            let is_directory = root
                .stat_of(&entry)?
                .is_some_and(|found| found.kind == Kind::Directory);
            if !is_directory || needed.contains(&Some(&name)) {
                continue;
            }
            self.announce(Step::Recover, &root.path_of(&entry))?;
            self.remove_generation(&name);
        }
        Ok(())
    }

    /// Removes a generation that is not published. What cannot be removed stays for the next call: it harms no
    /// reader, and must not keep new files from being published. It is told once.
    ///
    /// The root is synced first: `..data` may have been renamed by a process that crashed before its sync. After a power cut
    /// it would lead to the generation that is removed here.
    pub(super) fn remove_generation(&self, name: &GenerationName) {
        let removed = self
            .sync_root()
            .and_then(|()| generation::remove(&self.root.dir, name));
        if let Err(failure) = removed
            && self.told.is_news(name)
        {
            tracing::warn!(generation = %name, error = %failure, cause = %failure.cause(), hint = %failure.hint(),
                "An old generation could not be removed");
        }
    }
}
