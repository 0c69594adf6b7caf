//! Makes a payload the published set (steps 4 to 17).
//!
//! Invariant: up to the commit nothing that a reader can see is touched, apart from modes and owners of directories; and
//! a failure removes what was made.

use std::collections::BTreeSet;

use super::Writer;
use super::onlooker::Current;
use super::places::Places;
use super::prospect::Prospect;
use super::staging::{NAME, Staging};
use super::steps::Step;
use crate::domain::hook::Outbox;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Payload, Publication};
use crate::ports::VolumeFailure;
use crate::volume::compare::check_paths;
use crate::volume::digest::DigestKey;
use crate::volume::failure::failed;
use crate::volume::state::{self, Intent, State};

impl Writer {
    /// Publishes; see [`crate::ports::Volume::publish`].
    pub(super) fn publish(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.dir.path())?;
        let current = self.recover()?;

        // 4. Compare; when nothing differs, nothing is touched.
        self.announce(Step::Compare, self.root.dir.path())?;
        let Prospect {
            mut publication,
            coming,
            places,
            outbox,
            differs,
            ..
        } = self.onlooker().prospect(payload, &current)?;
        if differs {
            self.replace((payload, &outbox), current, (&coming, &places), &mut publication)?;
        }
        publication.refused.extend(places.refused().cloned());
        Ok(publication)
    }

    /// Makes the difference, and corrects `publication` where something came in between.
    fn replace(
        &mut self,
        (payload, outbox): (&Payload, &Outbox),
        current: Current,
        (coming, places): (&BTreeSet<RelativePath>, &Places),
        publication: &mut Publication,
    ) -> Result<(), VolumeFailure> {
        let mut state = match current.state {
            Some(state) => state,
            None => self.first_state(places)?,
        };

        // 5. A directory that nobody else can enter.
        self.announce(Step::MakeStaging, &self.root.dir.path_of(NAME))?;
        let staging = Staging::make(&self.root)?;
        match self.prepare(
            &staging,
            (payload, outbox),
            &mut state,
            (coming, places),
            publication,
        ) {
            Ok(Some(intent)) => {
                // From here on the publish will be finished, by this call or by a later one.
                let done = self.redo(&state, &intent, &staging, &BTreeSet::new())?;
                publication.written.retain(|path| !done.refuses(path));
                publication.adjusted.retain(|path| !done.refuses(path));
                publication.removed = done.removed.into_iter().collect();
                publication.refused.extend(done.refused);
                self.settle(&done.state, staging)
            }
            Ok(None) => self.settle(&state, staging),
            Err(failure) => {
                self.abandon(staging);
                Err(failure)
            }
        }
    }

    /// Takes steps 6 to 8. Gives the intent that was committed; none when no file is written or removed, and `state`
    /// then is what remains to be recorded.
    fn prepare(
        &self,
        staging: &Staging,
        (payload, outbox): (&Payload, &Outbox),
        state: &mut State,
        (coming, places): (&BTreeSet<RelativePath>, &Places),
        publication: &Publication,
    ) -> Result<Option<Intent>, VolumeFailure> {
        let mut intent = self.stage(staging, payload, state, coming, places)?;
        intent.outbox.clone_from(outbox);
        intent.files.retain(|path, _| !places.refuse(path));
        let stay = state.files.iter().filter(|(path, _)| {
            places.held.contains(*path)
                || places.altered.contains(*path)
                || payload.files.contains_key(*path) && places.refuse(path) && !places.forget(path)
        });
        intent
            .files
            .extend(stay.map(|(path, entry)| (path.clone(), entry.clone())));
        self.adjust(staging, state, &intent)?;
        if coming.is_empty() && publication.removed.is_empty() {
            state.files = intent.files;
            state.outbox = intent.outbox;
            state.drop_unused_directories();
            return Ok(None);
        }

        // 8. The commit. Everything that it promises is on the disk before it.
        self.announce(Step::Commit, &self.root.dir.path_of(state::FILE))?;
        if self.root.durable {
            staging.dir.flush()?;
            self.root.flush()?;
        }
        let mut committed = state.clone();
        committed.intent = Some(intent.clone());
        staging.write_state(&self.root, &committed, &self.files())?;
        Ok(Some(intent))
    }

    /// 17. Removes what a failure left, as far as that is possible; recovery removes the rest.
    fn abandon(&self, staging: Staging) {
        if self.announce(Step::Abandon, staging.dir.path()).is_ok() {
            // Its failure leaves a directory that the next call removes first of all.
            staging.remove(&self.root).unwrap_or_default();
        }
    }

    /// The state of a volume without records.
    fn first_state(&self, places: &Places) -> Result<State, VolumeFailure> {
        let no_key = |error| failed("create", self.root.dir.path_of(state::FILE), error);
        let mut state = State::new(DigestKey::random().map_err(no_key)?);
        state.directories.clone_from(&places.adopted);
        Ok(state)
    }
}
