//! `..akv-sync.staged`: where new files wait until all of them are written.
//!
//! Invariant: it belongs to this process's user and nobody else can enter it, so what is in it is what was put there.

use std::io::Write as _;

use nix::unistd::Uid;

use super::super::state;
use crate::ports::VolumeFailure;
use crate::volume::directory::{Directory, PRIVATE};
use crate::volume::failure::{failed, refused};
use crate::volume::file::FileWriter;
use crate::volume::owner::Ownership;
use crate::volume::root::Root;
use crate::volume::stat::Kind;
use crate::volume::state::State;

/// Its name in the root. Payload paths never start with `..`, so it cannot meet one.
pub(super) const NAME: &str = "..akv-sync.staged";

/// The next state file, until it takes its place in the root.
const STATE: &str = "state";

/// A directory that shows whether mode and owner can be given.
const PROBE: &str = "probe";

/// The open directory.
#[derive(Debug)]
pub(super) struct Staging {
    pub(super) dir: Directory,
}

impl Staging {
    /// Makes it.
    pub(super) fn make(root: &Root) -> Result<Self, VolumeFailure> {
        root.dir
            .make(NAME, PRIVATE)
            .map_err(|error| failed("create", root.dir.path_of(NAME), error))?;
        let dir = root.dir.open_made(NAME)?;
        Ok(Self { dir })
    }

    /// Opens the one that a crash left; `None` when there is none.
    pub(super) fn open(root: &Root) -> Result<Option<Self>, VolumeFailure> {
        let Some(dir) = root.dir.open(NAME)? else {
            return Ok(None);
        };
        if dir.stat()?.uid != Uid::effective().as_raw() {
            return Err(not_ours(&dir));
        }
        let staging = Self { dir };
        staging.clear(|name| name == STATE || name == PROBE)?;
        Ok(Some(staging))
    }

    /// The name of a waiting file.
    pub(super) fn name_of(number: usize) -> String {
        number.to_string()
    }

    /// Makes `state` the state file, in one step.
    pub(super) fn write_state(
        &self,
        root: &Root,
        state: &State,
        writer: &FileWriter<'_>,
    ) -> Result<(), VolumeFailure> {
        let text = state.to_text(&root.dir)?;
        writer.write_own(&self.dir, STATE, state::MODE, |file| file.write_all(&text))?;
        self.dir.rename_into(STATE, &root.dir, state::FILE)?;
        root.flush()
    }

    /// Shows that a directory can get its mode and the volume's owner, and be worked in after that.
    pub(super) fn try_directory(&self, owner: &Ownership) -> Result<(), VolumeFailure> {
        self.dir
            .make(PROBE, PRIVATE)
            .map_err(|error| failed("create", self.dir.path_of(PROBE), error))?;
        owner.finish_directory(&self.dir.open_made(PROBE)?)?;
        self.dir.remove_directory(PROBE)
    }

    /// Removes it, and what waits in it.
    pub(super) fn remove(self, root: &Root) -> Result<(), VolumeFailure> {
        self.clear(|_| true)?;
        root.dir.remove_directory(NAME)
    }

    fn clear(&self, which: impl Fn(&str) -> bool) -> Result<(), VolumeFailure> {
        for name in self.dir.entries()? {
            if !name.to_str().is_some_and(&which) {
                continue;
            }
            match self.dir.stat_of(&name)?.map(|found| found.kind) {
                None => {}
                Some(Kind::Directory) => self.dir.remove_directory(name)?,
                Some(_) => self.dir.remove(name)?,
            }
        }
        Ok(())
    }
}

fn not_ours(dir: &Directory) -> VolumeFailure {
    refused(
        "open",
        dir.path(),
        "it belongs to another user",
        "let no other process write to the volume's root; if akv-sync ran as another user before, empty the volume",
    )
}
