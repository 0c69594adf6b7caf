//! Makes a payload the published set (steps 4 to 15).
//!
//! Invariant: up to the commit nothing that a reader can see is touched, and a failure removes what was made.

use std::sync::Arc;

use super::generation::{self, GenerationName};
use super::links;
use super::look::Current;
use super::steps::Step;
use super::{DATA, Writer};
use crate::domain::hook::Outbox;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::compare::{self, check_paths, compare};
use crate::volume::directory::Directory;
use crate::volume::inspect::Inspection;
use crate::volume::{state, tree};

impl Writer {
    /// Publishes; see [`crate::ports::Volume::publish`].
    pub(super) fn publish(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.dir.path())?;
        let current = self.recover()?;

        // 4. Compare; when nothing differs, nothing is touched.
        self.announce(Step::Compare, self.root.dir.path())?;
        let inspection = match &current {
            Some(current) => self.inspect(current)?,
            None => Inspection::default(),
        };
        let state = current.as_ref().and_then(|current| current.state.as_ref());
        let difference = compare(payload, state, &inspection, self.root.dir.path())?;
        let mut publication = difference.publication;
        let (outbox, outbox_differs) = compare::outbox(payload, &publication, state);
        let records_differ = difference.records_differ || outbox_differs;
        let files_differ = publication != Publication::default()
            || current.is_some() && (state.is_none() || !inspection.top_matches);
        publication.refused = match current {
            current if files_differ || current.is_none() && records_differ => {
                self.replace((payload, &outbox), current.as_ref())?
            }
            Some(mut current) if records_differ => {
                self.record((payload, &outbox), &mut current)?;
                current.refused
            }
            current => current.map(|current| current.refused).unwrap_or_default(),
        };
        Ok(publication)
    }

    /// Records new versions of bytes that stay: only the state file changes, by a rename of its own.
    fn record(
        &self,
        (payload, outbox): (&Payload, &Outbox),
        current: &mut Current,
    ) -> Result<(), VolumeFailure> {
        let Some(state) = &mut current.state else {
            return Ok(());
        };
        for (path, entry) in &mut state.files {
            if let Some(file) = payload.files.get(path) {
                entry.record = Arc::clone(&file.record);
            }
        }
        state.outbox.clone_from(outbox);
        self.announce(Step::WriteState, current.dir.path())?;
        let dir = &current.dir;
        let text = state.replace(dir, &self.files(), |name| self.sync(dir, &[name], &[]))?;
        self.inspector.wrote(text, state.clone());
        self.sync(dir, &[], &[""])
    }

    /// Puts a new generation in place of the current one; gives the names that are taken by something foreign.
    fn replace(
        &self,
        (payload, outbox): (&Payload, &Outbox),
        current: Option<&Current>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        let root = &self.root.dir;

        // 5. Two sets side by side are enough.
        self.remove_replaced(current)?;

        // 6. A directory that nobody else can enter, marked as ours.
        self.announce(Step::MakeGeneration, root.path())?;
        let (name, dir) = generation::make(root, self.clock.now())?;
        let committed = self
            .fill(&dir, (payload, outbox), current)
            .and_then(|()| self.sync_generation(&dir, payload))
            .and_then(|()| self.commit(&name));
        if let Err(failure) = committed {
            self.abandon(&name);
            return Err(failure);
        }
        // From here on the new set is the published one. What fails now is told, and made good by the next call.
        self.sync_root()?;

        // 13. Links to names that are new. They come after the commit, so that none ever leads nowhere.
        let names = links::names_of(payload.files.keys());
        let refused = links::make_missing(root, &names, |path| self.announce(Step::LinkName, path))?;

        // 14. Links to names that are gone. The old generation stays a while, for who is listing it.
        links::remove_stale(root, &names, |path| self.announce(Step::UnlinkName, path))?;
        self.sync_root()?;
        Ok(refused)
    }

    /// 10. On a disk, the generation is there for good before anything points at it.
    fn sync_generation(&self, generation: &Directory, payload: &Payload) -> Result<(), VolumeFailure> {
        self.announce(Step::Sync, generation.path())?;
        let files: Vec<_> = payload
            .files
            .keys()
            .map(RelativePath::as_str)
            .chain([state::FILE])
            .collect();
        let directories: Vec<_> = tree::directories(payload.files.keys())
            .into_iter()
            .chain([""])
            .collect();
        self.sync(generation, &files, &directories)?;
        self.sync_root()
    }

    /// Makes a generation the published one (steps 11 and 12).
    fn commit(&self, name: &GenerationName) -> Result<(), VolumeFailure> {
        let root = &self.root.dir;

        // 11. The link that will be `..data`.
        self.announce(Step::StageLink, &root.path_of(links::STAGED))?;
        root.make_link(name.as_str(), links::STAGED)?;

        // 12. The commit: one rename.
        self.announce(Step::Commit, &root.path_of(DATA))?;
        root.rename(links::STAGED, DATA)
    }

    /// 15. Removes what a failure left, as far as that is possible; recovery removes the rest.
    fn abandon(&self, name: &GenerationName) {
        let root = &self.root.dir;
        if self
            .announce(Step::Abandon, &root.path_of(name.as_str()))
            .is_err()
        {
            return;
        }
        if matches!(root.read_link(links::STAGED), Ok(Some(target)) if target.to_str() == Some(name.as_str()))
        {
            // Its failure leaves a link that the next call removes first of all.
            root.remove(links::STAGED).unwrap_or_default();
        }
        self.remove_generation(name);
    }
}
