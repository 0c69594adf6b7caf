//! Says which recorded files are on the volume as they were published.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::digest::{Digest, DigestKey};
use super::directory::Directory;
use super::failure::{failed, is_denied};
use super::owner::Ownership;
use super::stat::{Kind, Signature, Stat};
use super::state::{FileEntry, State, StateFile};
use super::tree::{self, Tree};
use crate::domain::mode::FileMode;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, ObservedFile};
use crate::ports::{Clock, VolumeFailure};

/// Time stamps of files are as coarse as the kernel's tick, and those of some file systems as a second. A file that
/// changed longer ago than this cannot change again and keep its stamp.
const STAMP_GRAIN_SECONDS: i64 = 2;

/// What is on the volume of what was recorded.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    /// The recorded files that are as recorded, each with its mode and whether owner, group and directories are as
    /// declared.
    pub(super) intact: BTreeMap<RelativePath, Intact>,
    /// Whether the top of the files is as declared.
    pub(super) top_matches: bool,
}

/// A file whose bytes are those that were published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intact {
    pub(super) mode: FileMode,
    /// Owner and group of the file itself.
    pub(super) file_matches: bool,
    /// Those, and owner, group and mode of its directories.
    pub(super) owner_matches: bool,
}

/// Reads what was recorded of files and compares them with it. It remembers what it has read, so that a pass that
/// changes nothing understands no state file and reads no file again.
pub(super) struct Inspector {
    clock: Arc<dyn Clock>,
    /// The text that was read or written last, and the state that it is, if this code understands it: what it does not is
    /// told once.
    recorded: RefCell<Option<(Vec<u8>, Option<State>)>>,
    /// Files whose bytes were compared with a digest, what they looked like then, and the digest that they had.
    verified: BTreeMap<RelativePath, (Signature, Digest)>,
}

impl Inspection {
    /// What the port says of it, given what was recorded; no state means that the records are lost.
    pub(super) fn observed(self, state: Option<State>) -> Observation {
        let records_lost = state.is_none();
        let (mut entries, outbox) = state.map(|state| (state.files, state.outbox)).unwrap_or_default();
        let files = self.intact.into_iter().filter_map(|(path, intact)| {
            let record = entries.remove(&path)?.record;
            let file = ObservedFile {
                record,
                mode: intact.mode,
                owner_matches: intact.owner_matches,
            };
            Some((path, file))
        });
        Observation {
            files: files.collect(),
            records_lost,
            outbox,
            ..Observation::default()
        }
    }
}

impl Inspector {
    /// `clock` tells how old the time stamp of a file is.
    pub(super) const fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            recorded: RefCell::new(None),
            verified: BTreeMap::new(),
        }
    }

    /// What is recorded in a directory; `None`, with a warning, when nothing is that this code understands.
    pub(super) fn recorded(&mut self, directory: &Directory) -> Result<Option<State>, VolumeFailure> {
        let Some(mut file) = StateFile::open(directory)? else {
            return Ok(None);
        };
        if let Some((known, state)) = self.recorded.get_mut()
            && file.has(known)?
        {
            return Ok(state.clone());
        }
        let text = file.read()?;
        let state = State::of_text(&text, directory);
        self.recorded = RefCell::new(Some((text, state.clone())));
        Ok(state)
    }

    /// Takes a state that was written, with its text: it need not be understood anew when it is read.
    pub(super) fn wrote(&self, mut text: Vec<u8>, state: State) {
        text.shrink_to_fit();
        self.recorded.replace(Some((text, Some(state))));
    }

    /// How many files need not be read again while they look the same.
    #[cfg(test)]
    pub(super) fn verified(&self) -> usize {
        self.verified.len()
    }

    /// Compares each recorded file below `top` with what is there. `is_ours` says of a directory, relative to the
    /// top (`""`), whether it shall have the owner and the mode of directories.
    pub(super) fn inspect(
        &mut self,
        top: &Directory,
        state: Option<&State>,
        owner: &Ownership,
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Inspection, VolumeFailure> {
        let matches = |name: &str, directory: &Directory| -> Result<bool, VolumeFailure> {
            Ok(!is_ours(name) || owner.owns_directory(&directory.stat()?))
        };
        let mut inspection = Inspection {
            top_matches: matches("", top)?,
            intact: BTreeMap::new(),
        };
        let Some(state) = state else {
            return Ok(inspection);
        };
        let mut tree = Tree::new(top);
        let mut directories = BTreeMap::new();
        for name in tree::directories(state.files.keys()) {
            if let Some(directory) = tree.open(name)? {
                directories.insert(name, matches(name, directory)?);
            }
        }
        let mut tree = Tree::new(top);
        for (path, entry) in &state.files {
            let (directory, name) = tree::split(path);
            let Some(directory) = tree.open(directory)? else {
                continue;
            };
            let Some(found) = self.intact((directory, name), path, entry, &state.digest_key)? else {
                continue;
            };
            let directories_match =
                tree::directories_above(path).all(|above| directories.get(above) == Some(&true));
            let file_matches = owner.owns(&found);
            inspection.intact.insert(
                path.clone(),
                Intact {
                    mode: FileMode::from_bits(found.mode),
                    file_matches,
                    owner_matches: inspection.top_matches && directories_match && file_matches,
                },
            );
        }
        self.verified.retain(|path, _| state.files.contains_key(path));
        Ok(inspection)
    }

    /// What the file is, if it is a regular file with the recorded bytes.
    ///
    /// The bytes are read once for each [`Signature`], so that a pass that changes nothing reads no file.
    pub(super) fn intact(
        &mut self,
        (directory, name): (&Directory, &str),
        path: &RelativePath,
        entry: &FileEntry,
        key: &DigestKey,
    ) -> Result<Option<Stat>, VolumeFailure> {
        let found = directory.stat_of(name)?;
        let Some(found) = found.filter(|f| f.kind == Kind::File && f.signature.length == entry.length) else {
            return Ok(None);
        };
        if let Some((signature, digest)) = self.verified.get(path)
            && *signature == found.signature
        {
            return Ok((*digest == entry.digest).then_some(found));
        }
        let mut file = match directory.open_file(name) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            // Somebody took the permission away. It cannot be told to be ours, so it is written again.
            Err(failure) if is_denied(&failure) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let failed = |error| failed("read", directory.path_of(name), error);
        let (digest, _) = key
            .digest_stream(entry.length, &mut file, |_| Ok(()))
            .map_err(failed)?;
        let after = Stat::of(&file).map_err(|error| failed(error.into()))?;
        if digest != entry.digest || after.signature != found.signature {
            return Ok(None);
        }
        let age = self.clock.now().unix_timestamp() - found.signature.changed_at();
        if age > STAMP_GRAIN_SECONDS {
            self.verified.insert(path.clone(), (found.signature, digest));
        }
        Ok(Some(found))
    }
}
