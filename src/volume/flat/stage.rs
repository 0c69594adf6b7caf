//! `..akv-sync.staged`: where new files wait until all of them are written (steps 5 and 6).
//!
//! Invariant: it belongs to this process's user and nobody else can enter it, so what is in it is what was put there.

use std::collections::BTreeSet;

use nix::unistd::Uid;

use super::places::Places;
use super::{STAGED, Step, Writer};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload};
use crate::ports::VolumeFailure;
use crate::volume::copy::PublishedSet;
use crate::volume::directory::{Directory, PRIVATE};
use crate::volume::failure::{failed, refused};
use crate::volume::file::FileWriter;
use crate::volume::owner::Ownership;
use crate::volume::payload::PayloadWriter;
use crate::volume::root::Root;
use crate::volume::stat::Kind;
use crate::volume::state::{self, Intent, Staged, State};
use crate::volume::tree;

/// The next state file, until it takes its place in the root.
pub(super) const STATE: &str = "state";

/// A directory that shows whether mode and owner can be given.
const PROBE: &str = "probe";

/// The open directory.
#[derive(Debug)]
pub(super) struct Staging {
    pub(super) dir: Directory,
}

/// A publish that is under way: what was published before it, what shall be, and where that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnderWay<'a> {
    pub(super) state: &'a State,
    pub(super) intent: &'a Intent,
    pub(super) staging: &'a Staging,
}

impl<'a> UnderWay<'a> {
    /// The published files that are no longer wanted.
    pub(super) fn gone(self) -> Vec<&'a RelativePath> {
        let published = self.state.files.keys();
        published
            .filter(|path| !self.intent.files.contains_key(*path))
            .collect()
    }

    /// The directories in which something may change, or has before a crash; each after the one that it is in.
    pub(super) fn directories(self) -> Vec<&'a str> {
        let paths = self.intent.staged.keys().chain(self.gone());
        [""].into_iter().chain(tree::directories(paths)).collect()
    }

    /// Whether a directory was made for files, by this intent or before.
    pub(super) fn made(self, name: &str) -> bool {
        RelativePath::parse(name).is_ok_and(|path| {
            self.state.directories.contains(&path) || self.intent.directories.contains(&path)
        })
    }

    /// Lets this process change a directory of ours, whatever its declared mode; step 15 gives that back.
    pub(super) fn open_up(self, directory: &Directory, name: &str) -> Result<(), VolumeFailure> {
        if self.made(name) {
            directory.make_writable()
        } else {
            Ok(())
        }
    }
}

impl Staging {
    /// Makes it.
    pub(super) fn make(root: &Root) -> Result<Self, VolumeFailure> {
        root.dir
            .make(STAGED, PRIVATE)
            .map_err(|error| failed("create", root.dir.path_of(STAGED), error))?;
        let dir = root.dir.open_made(STAGED)?;
        Ok(Self { dir })
    }

    /// Opens the one that a crash left; `None` when there is none.
    pub(super) fn open(root: &Root) -> Result<Option<Self>, VolumeFailure> {
        let Some(dir) = root.dir.open(STAGED)? else {
            return Ok(None);
        };
        if dir.stat()?.uid != Uid::effective().as_raw() {
            return Err(not_ours(&dir));
        }
        let staging = Self { dir };
        staging.clear(|name| name == STATE || name == PROBE)?;
        Ok(Some(staging))
    }

    /// Writes the next state file; gives its text.
    pub(super) fn stage_state(
        &self,
        state: &State,
        writer: &FileWriter<'_>,
    ) -> Result<Vec<u8>, VolumeFailure> {
        state.stage((&self.dir, STATE), writer)
    }

    /// Makes the next state file the one that counts, in one step.
    pub(super) fn put_state(&self, root: &Root) -> Result<(), VolumeFailure> {
        self.dir.rename_into(STATE, &root.dir, state::FILE)
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
    pub(super) fn remove(&self, root: &Root) -> Result<(), VolumeFailure> {
        self.clear(|_| true)?;
        root.dir.remove_directory(STAGED)
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

impl Writer {
    /// 6. Writes the files at `coming`, and notes them in `intent`.
    pub(super) fn stage(
        &self,
        staging: &Staging,
        payload: &Payload,
        state: &State,
        coming: &BTreeSet<RelativePath>,
        places: &Places,
        intent: &mut Intent,
    ) -> Result<(), VolumeFailure> {
        let mut writer = PayloadWriter {
            files: self.files(),
            published: PublishedSet::new(&self.root.dir, Some(state), self.root.dir.path()),
            key: &state.digest_key,
        };
        let files = coming
            .iter()
            .filter_map(|path| Some((path, payload.files.get(path)?)));
        for (number, (path, file)) in files.enumerate() {
            self.announce(Step::StageFile, &self.root.dir.path_of(path.as_str()))?;
            let modified_at = places.replaced.get(path).copied();
            let staged = Staged {
                number,
                replaces: modified_at.is_some(),
                copy_of: match &file.bytes {
                    FileBytes::Published(at) if at != path => Some(at.clone()),
                    FileBytes::Published(_) | FileBytes::Write(_) => None,
                },
            };
            let entry = writer.write((&staging.dir, &staged.name()), file, modified_at)?;
            intent
                .files
                .insert(path.clone(), entry.after(state.files.get(path)));
            intent.staged.insert(path.clone(), staged);
        }
        Ok(())
    }
}
