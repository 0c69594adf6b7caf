//! Looks at a flat volume and changes nothing.

use std::collections::BTreeSet;

use nix::unistd::Uid;

use super::Writer;
use crate::domain::desired::Layout;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::failure::published_by_another;
use crate::volume::inspect::{Inspection, Inspector};
use crate::volume::layout;
use crate::volume::owner::Ownership;
use crate::volume::stat::Kind;
use crate::volume::state::{self, State};
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

impl Writer {
    pub(super) const fn onlooker(&mut self) -> Onlooker<'_> {
        Onlooker {
            root: &self.root.dir,
            owner: &self.owner,
            inspector: &mut self.inspector,
        }
    }
}

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
}
