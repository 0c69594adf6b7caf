//! Looks at a flat volume and changes nothing: what is recorded, and what of it is there, be it in the middle of a publish.

use std::collections::BTreeSet;

use nix::unistd::Uid;

use super::{STAGED, Writer};
use crate::domain::desired::Layout;
use crate::domain::path::RelativePath;
use crate::domain::payload::Observation;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::failure::{published_by_another, restless};
use crate::volume::inspect::{Inspection, Inspector};
use crate::volume::layout;
use crate::volume::owner::Ownership;
use crate::volume::stat::Kind;
use crate::volume::state::{self, Intent, State};
use crate::volume::tree::Tree;

/// What it takes to look.
pub(in crate::volume) struct Onlooker<'a> {
    pub(in crate::volume) root: &'a Directory,
    pub(in crate::volume) owner: &'a Ownership,
    pub(in crate::volume) inspector: &'a mut Inspector,
}

/// What is published.
#[derive(Debug)]
pub(super) struct Current {
    /// `None` when nothing is published, or nothing is known of it.
    pub(super) state: Option<State>,
    /// Whether there is a state file that cannot be understood.
    pub(super) records_lost: bool,
}

impl Current {
    /// Of records that can be understood.
    pub(super) const fn of(state: State) -> Self {
        Self {
            state: Some(state),
            records_lost: false,
        }
    }

    /// Takes the intent out of the records, if a publish is under way.
    pub(super) fn take_intent(&mut self) -> Option<Intent> {
        self.state.as_mut()?.intent.take()
    }
}

impl Writer {
    pub(super) const fn onlooker(&mut self) -> Onlooker<'_> {
        Onlooker {
            root: &self.root.dir,
            owner: &self.owner,
            inspector: &mut self.inspector,
        }
    }
}

/// What is recorded.
impl Onlooker<'_> {
    /// Reads what is recorded, and perhaps an intent of what shall be.
    pub(super) fn current(&mut self) -> Result<Current, VolumeFailure> {
        let root = self.root;
        layout::check(root, Layout::Flat)?;
        let Some(found) = root.stat_of(state::FILE)? else {
            return Ok(Current {
                state: None,
                records_lost: false,
            });
        };
        if found.kind != Kind::File || found.uid != Uid::effective().as_raw() {
            return Err(published_by_another(
                "read",
                root.path_of(state::FILE),
                Some(&found),
            ));
        }
        let mut state = self.inspector.recorded(root)?;
        if let Some(state) = &mut state {
            self.drop_foreign_directories(state)?;
        }
        Ok(Current {
            records_lost: state.is_none(),
            state,
        })
    }

    /// Forgets directories that somebody else has put in the place of those that were made for our files.
    fn drop_foreign_directories(&self, state: &mut State) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(self.root);
        let mut foreign = BTreeSet::new();
        for path in &state.directories {
            if let Some(directory) = tree.open(path.as_str())?
                && !state.is_own_directory(path.as_str(), &directory.stat()?)
            {
                foreign.insert(path.clone());
            }
        }
        state.directories.retain(|path| !foreign.contains(path));
        Ok(())
    }

    /// Compares each recorded file with what is there. Directories that were not made for the files are as they are.
    pub(super) fn inspect(&mut self, state: Option<&State>) -> Result<Inspection, VolumeFailure> {
        let ours = state.map(State::directory_names).unwrap_or_default();
        self.inspector
            .inspect(self.root, state, self.owner, |name| ours.contains(name))
    }

    /// What is recorded of the files that are there in the middle of a publish, and what of it is intact. `waiting` are
    /// the new files that are not in place yet.
    ///
    /// Where a new file waits, what is there is not ours, unless it is what the new one replaces: somebody else's file may even
    /// have the same bytes.
    pub(super) fn under_way(
        &mut self,
        state: &State,
        intent: &Intent,
        waiting: &BTreeSet<&RelativePath>,
    ) -> Result<(State, Inspection), VolumeFailure> {
        let mut now = state.clone();
        now.directories.extend(intent.directories.iter().cloned());
        for (path, entry) in &intent.files {
            if !waiting.contains(path) {
                now.files.insert(path.clone(), entry.clone());
            } else if intent.staged.get(path).is_some_and(|staged| staged.replaces) {
                now.files.entry(path.clone()).or_insert_with(|| entry.clone());
            }
        }
        let inspection = self.inspect(Some(&now))?;
        // What did not outlive a crash has replaced nothing.
        let in_place = intent.files.keys().filter(|path| !waiting.contains(path));
        let lost: Vec<_> = in_place
            .filter(|path| !inspection.intact.contains_key(*path))
            .collect();
        if lost.is_empty() {
            return Ok((now, inspection));
        }
        for path in lost {
            match state.files.get(path) {
                Some(earlier) => now.files.insert(path.clone(), earlier.clone()),
                None => now.files.remove(path),
            };
        }
        let inspection = self.inspect(Some(&now))?;
        Ok((now, inspection))
    }
}

/// What the port asks.
impl Onlooker<'_> {
    /// Says what is there: after a crash in the middle of a publish, also its new files where they are in place.
    pub(in crate::volume) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        self.as_it_is(Self::observed)
    }

    /// Says what is there of what is recorded.
    pub(super) fn observed(&mut self, current: &Current) -> Result<Observation, VolumeFailure> {
        if current.state.is_none() && !current.records_lost {
            return Ok(Observation::nothing());
        }
        let inspection = self.inspect(current.state.as_ref())?;
        Ok(inspection.observed(current.state.clone()))
    }

    /// Looks at what is there now, be it in the middle of a publish: `look` gets what is recorded of it, without an intent.
    ///
    /// Fails when a file is put into place meanwhile: it is not a crash that left the intent, somebody is at work.
    pub(super) fn as_it_is<T>(
        &mut self,
        look: impl FnOnce(&mut Self, &Current) -> Result<T, VolumeFailure>,
    ) -> Result<T, VolumeFailure> {
        let mut current = self.current()?;
        let intent = current.take_intent();
        let (Some(state), Some(intent)) = (&current.state, intent) else {
            return look(self, &current);
        };
        let staging = self.root.open(STAGED)?;
        let waiting = waiting(&intent, staging.as_ref())?;
        let (now, _) = self.under_way(state, &intent, &waiting)?;
        let seen = look(self, &Current::of(now));
        if self::waiting(&intent, staging.as_ref())? == waiting {
            seen
        } else {
            Err(restless(self.root.path()))
        }
    }
}

/// The new files of an intent that still wait.
pub(super) fn waiting<'i>(
    intent: &'i Intent,
    staging: Option<&Directory>,
) -> Result<BTreeSet<&'i RelativePath>, VolumeFailure> {
    let mut waiting = BTreeSet::new();
    for (path, staged) in &intent.staged {
        if let Some(staging) = staging
            && staging.stat_of(staged.name())?.is_some()
        {
            waiting.insert(path);
        }
    }
    Ok(waiting)
}
