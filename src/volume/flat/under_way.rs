//! Says what is ours while a publish is under way.

use std::collections::BTreeSet;

use super::onlooker::{Current, Onlooker};
use super::staging::{self, Staging};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::failure::restless;
use crate::volume::inspect::Inspection;
use crate::volume::state::{Intent, Staged, State};

/// The new files of an intent that still wait.
pub(super) fn waiting<'i>(
    intent: &'i Intent,
    staging: Option<&Directory>,
) -> Result<BTreeSet<&'i RelativePath>, VolumeFailure> {
    let mut waiting = BTreeSet::new();
    for (path, staged) in &intent.staged {
        let name = Staging::name_of(staged.number);
        if let Some(staging) = staging
            && staging.stat_of(name)?.is_some()
        {
            waiting.insert(path);
        }
    }
    Ok(waiting)
}

impl Onlooker<'_> {
    /// What was published, and what the intent has put into place already; and what of it is intact.
    ///
    /// What waits is not ours where it shall be, unless it replaces a file of ours: somebody else's file there may even
    /// have the same bytes.
    pub(super) fn under_way(
        &mut self,
        state: &State,
        intent: &Intent,
        staging: Option<&Directory>,
    ) -> Result<(State, Inspection), VolumeFailure> {
        let waiting = waiting(intent, staging)?;
        let mut ours = state.clone();
        ours.directories.extend(intent.directories.iter().cloned());
        for (path, entry) in &intent.files {
            let replaces = intent
                .staged
                .get(path)
                .is_some_and(|staged: &Staged| staged.replaces);
            if replaces || !waiting.contains(path) {
                ours.files.entry(path.clone()).or_insert_with(|| entry.clone());
            }
        }
        let inspection = self.inspect(Some(&ours))?;
        ours.files.retain(|path, _| {
            state.files.contains_key(path) || waiting.contains(path) || inspection.intact.contains_key(path)
        });
        Ok((ours, inspection))
    }

    /// Looks at what is there now, be it in the middle of a publish: `look` gets what is recorded of it, without an intent.
    ///
    /// Fails when a file is put into place meanwhile: it is not a crash that left the intent, somebody is at work.
    pub(super) fn as_it_is<T>(
        &mut self,
        look: impl FnOnce(&mut Self, &Current) -> Result<T, VolumeFailure>,
    ) -> Result<T, VolumeFailure> {
        let mut current = self.current()?;
        let intent = current.state.as_mut().and_then(|state| state.intent.take());
        let (Some(state), Some(intent)) = (&mut current.state, intent) else {
            return look(self, &current);
        };
        let staging = self.root.open(staging::NAME)?;
        let waiting = waiting(&intent, staging.as_ref())?;
        self.put_in_place(state, &intent, &waiting)?;
        let seen = look(self, &current);
        if self::waiting(&intent, staging.as_ref())? == waiting {
            seen
        } else {
            Err(restless(self.root.path()))
        }
    }

    /// Makes `state` what is recorded of the files that are there now: of those that do not wait, what the intent says.
    fn put_in_place(
        &mut self,
        state: &mut State,
        intent: &Intent,
        waiting: &BTreeSet<&RelativePath>,
    ) -> Result<(), VolumeFailure> {
        let earlier = state.files.clone();
        let in_place = intent.files.iter().filter(|(path, _)| !waiting.contains(path));
        let in_place = in_place.map(|(path, entry)| (path.clone(), entry.clone()));
        state.files.extend(in_place);
        state.directories.extend(intent.directories.iter().cloned());
        // What did not outlive the crash has not replaced anything.
        let inspection = self.inspect(Some(state))?;
        let earlier = earlier.into_iter();
        state
            .files
            .extend(earlier.filter(|(path, _)| !inspection.intact.contains_key(path)));
        Ok(())
    }
}
