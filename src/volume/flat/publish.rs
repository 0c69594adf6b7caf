//! Makes a payload the published set (steps 5 to 9, and what comes after them).
//!
//! Invariant: up to the commit nothing that a reader can see is touched, apart from modes and owners of directories; and
//! a failure removes what was made.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::look::Current;
use super::places::Places;
use super::stage::{STATE, Staging, UnderWay};
use super::{STAGED, Step, Writer};
use crate::domain::path::RelativePath;
use crate::domain::payload::{Payload, Publication};
use crate::ports::VolumeFailure;
use crate::volume::compare::check_paths;
use crate::volume::digest::DigestKey;
use crate::volume::failure::failed;
use crate::volume::state::{self, FileEntry, Intent, State};

impl Writer {
    /// Publishes; see [`crate::ports::Volume::publish`].
    pub(super) fn publish(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.dir.path())?;
        let current = self.recover()?;

        // 4. Compare; when nothing differs, nothing is touched.
        self.announce(Step::Compare, self.root.dir.path())?;
        let (change, _) = self.onlooker().change(payload, &current)?;
        let mut publication = change.publication.clone();
        if change.differs {
            self.make(payload, current, &change, &mut publication)?;
        }
        publication.refused.extend(change.places.refused().cloned());
        Ok(publication)
    }

    /// Makes the change, and corrects `publication` where something came in between.
    fn make(
        &mut self,
        payload: &Payload,
        current: Current,
        change: &Change,
        publication: &mut Publication,
    ) -> Result<(), VolumeFailure> {
        let mut state = match current.state {
            Some(state) => state,
            None => self.first_state(&change.places)?,
        };

        // 5. A directory that nobody else can enter.
        self.announce(Step::MakeStaging, &self.root.dir.path_of(STAGED))?;
        let staging = Staging::make(&self.root)?;
        let intent = match self.prepare(&staging, payload, &state, change) {
            Ok(intent) => intent,
            Err(failure) => {
                self.abandon(&staging);
                return Err(failure);
            }
        };
        if !change.writes_files() {
            state.files = intent.files;
            state.outbox = intent.outbox;
            state.drop_unused_directories();
            return self.settle(&state, &[], &staging);
        }
        // From here on the publish will be finished, by this call or by a later one.
        let under_way = UnderWay {
            state: &state,
            intent: &intent,
            staging: &staging,
        };
        let done = self.carry_out(under_way, &BTreeSet::new())?;
        publication.written.retain(|path| !done.refuses(path));
        publication.adjusted.retain(|path| !done.refuses(path));
        publication.removed = done.removed.into_iter().collect();
        publication.refused.extend(done.refused);
        self.settle(&done.state, &under_way.directories(), &staging)
    }

    /// Takes steps 6 to 9, the last two only when a file is written or removed. Gives the intent.
    fn prepare(
        &self,
        staging: &Staging,
        payload: &Payload,
        state: &State,
        change: &Change,
    ) -> Result<Intent, VolumeFailure> {
        let mut intent = Intent {
            files: self.recorded(payload, state, change),
            staged: BTreeMap::new(),
            directories: self.missing_directories(&change.coming)?,
            outbox: change.outbox.clone(),
        };
        self.stage(
            staging,
            payload,
            state,
            &change.coming,
            &change.places,
            &mut intent,
        )?;
        self.adjust(staging, state, &intent)?;
        if change.writes_files() {
            let mut committed = state.clone();
            committed.intent = Some(intent.clone());
            self.commit(staging, &committed, &intent)?;
        }
        Ok(intent)
    }

    /// What shall be recorded of the files that get no new one: of those that the payload has too, as it wants them.
    fn recorded(
        &self,
        payload: &Payload,
        state: &State,
        change: &Change,
    ) -> BTreeMap<RelativePath, FileEntry> {
        let entries = state.files.iter().filter_map(|(path, earlier)| {
            let entry = match payload.files.get(path) {
                _ if change.coming.contains(path) => return None,
                Some(_) if change.places.is_foreign(path) => return None,
                Some(file) if !change.places.refuses(path) => {
                    FileEntry::new(file, earlier.digest.clone(), earlier.length, &self.owner)
                        .after(Some(earlier))
                }
                None if !change.stay.contains(path) => return None,
                Some(_) | None => earlier.clone(),
            };
            Some((path.clone(), entry))
        });
        entries.collect()
    }

    /// Takes steps 8 and 9.
    fn commit(&self, staging: &Staging, state: &State, intent: &Intent) -> Result<(), VolumeFailure> {
        staging.stage_state(state, &self.files())?;

        // 8. Everything that the commit promises is on the disk before it.
        self.announce(Step::Sync, staging.dir.path())?;
        let waiting: Vec<_> = intent.staged.values().map(state::Staged::name).collect();
        let files: Vec<_> = waiting.iter().map(String::as_str).chain([STATE]).collect();
        self.sync(&staging.dir, &files, &[""])?;
        self.sync_root()?;

        // 9. The commit.
        self.announce(Step::Commit, &self.root.dir.path_of(state::FILE))?;
        staging.put_state(&self.root)?;
        self.sync_root()
    }

    /// Makes `state` what is published, once what changed in `directories` is on the disk, and removes the staging directory
    /// (steps 16 to 18).
    pub(super) fn settle(
        &self,
        state: &State,
        directories: &[&str],
        staging: &Staging,
    ) -> Result<(), VolumeFailure> {
        let text = staging.stage_state(state, &self.files())?;

        // 16. What the state file will say is so.
        self.announce(Step::SyncDirectories, self.root.dir.path())?;
        let next = format!("{STAGED}/{STATE}");
        self.sync(&self.root.dir, &[next.as_str()], directories)?;

        // 17. The end of the intent.
        self.announce(Step::Settle, &self.root.dir.path_of(state::FILE))?;
        staging.put_state(&self.root)?;
        self.inspector.wrote(text, state.clone());
        self.sync_root()?;

        // 18. Nothing waits any more.
        self.announce(Step::RemoveStaging, staging.dir.path())?;
        staging.remove(&self.root)
    }

    /// 19. Removes what a failure left, as far as that is possible; recovery removes the rest.
    fn abandon(&self, staging: &Staging) {
        if self.announce(Step::Abandon, staging.dir.path()).is_ok() {
            // Its failure leaves a directory that the next call removes first of all.
            staging.remove(&self.root).unwrap_or_default();
        }
    }

    /// The state of a volume without records.
    fn first_state(&self, places: &Places) -> Result<State, VolumeFailure> {
        let no_key = |error| failed("create", self.root.dir.path_of(state::FILE), error);
        let mut state = State::new(DigestKey::random().map_err(no_key)?);
        state.directories.clone_from(&places.unrecorded);
        Ok(state)
    }
}
