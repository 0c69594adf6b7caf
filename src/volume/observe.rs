//! Says which recorded files are on the volume as they were published.

use std::collections::BTreeMap;

use super::Writer;
use super::digest::DigestKey;
use super::directory::Directory;
use super::failure::failed;
use super::recover::Current;
use super::stat::{Kind, Signature, Stat};
use super::state::{FileEntry, State};
use super::tree::{self, Tree};
use crate::domain::mode::FileMode;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, ObservedFile};
use crate::ports::VolumeFailure;

/// Time stamps of files are as coarse as the kernel's tick, and those of some file systems as a second. A file that
/// changed longer ago than this cannot change again and keep its stamp.
const STAMP_GRAIN_SECONDS: i64 = 2;

/// What is on the volume of what was recorded.
#[derive(Debug, Default)]
pub(super) struct Inspection {
    /// The recorded files that are as recorded, each with its mode and whether owner, group and directories are as
    /// declared.
    pub(super) intact: BTreeMap<RelativePath, Intact>,
    /// Whether the top of the generation is as declared.
    pub(super) top_matches: bool,
}

/// A file whose bytes are those that were published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Intact {
    pub(super) mode: FileMode,
    pub(super) owner_matches: bool,
}

/// Files whose bytes were compared with their digest, and what they looked like then.
#[derive(Debug, Default)]
pub(super) struct Verified(pub(super) BTreeMap<RelativePath, Signature>);

impl Writer {
    /// Recovers, then reads what is published.
    pub(super) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        let Some(current) = self.recover()? else {
            return Ok(Observation::default());
        };
        let inspection = self.inspect(&current)?;
        let records_lost = current.state.is_none();
        let mut entries = current.state.map(|state| state.files).unwrap_or_default();
        let files = inspection.intact.into_iter().filter_map(|(path, intact)| {
            let record = entries.remove(&path)?.record;
            let file = ObservedFile {
                record,
                mode: intact.mode,
                owner_matches: intact.owner_matches,
            };
            Some((path, file))
        });
        Ok(Observation {
            files: files.collect(),
            records_lost,
        })
    }

    /// Compares each recorded file with what is on the volume.
    pub(super) fn inspect(&mut self, current: &Current) -> Result<Inspection, VolumeFailure> {
        let mut inspection = Inspection {
            top_matches: self.owner.owns_directory(&current.dir.stat()?),
            intact: BTreeMap::new(),
        };
        let Some(state) = &current.state else {
            return Ok(inspection);
        };
        let directories = self.inspect_directories(&current.dir, state)?;
        let mut tree = Tree::new(&current.dir);
        for (path, entry) in &state.files {
            let (directory, name) = tree::split(path);
            let Some(directory) = tree.open(directory)? else {
                continue;
            };
            let Some(found) = self.intact(directory, name, path, entry, &state.digest_key)? else {
                continue;
            };
            let directories_match =
                tree::directories_above(path).all(|above| directories.get(above) == Some(&true));
            inspection.intact.insert(
                path.clone(),
                Intact {
                    mode: FileMode::from_bits(found.mode),
                    owner_matches: inspection.top_matches && directories_match && self.owner.owns(&found),
                },
            );
        }
        self.verified.0.retain(|path, _| state.files.contains_key(path));
        Ok(inspection)
    }

    /// Which directories of the recorded files have owner, group and mode as declared.
    fn inspect_directories<'s>(
        &self,
        top: &Directory,
        state: &'s State,
    ) -> Result<BTreeMap<&'s str, bool>, VolumeFailure> {
        let mut tree = Tree::new(top);
        let mut matches = BTreeMap::new();
        for directory in tree::directories(state.files.keys()) {
            let found = tree.open(directory)?.map(Directory::stat).transpose()?;
            matches.insert(
                directory,
                found.is_some_and(|found| self.owner.owns_directory(&found)),
            );
        }
        Ok(matches)
    }

    /// What the file is, if it is a regular file with the recorded bytes.
    ///
    /// The bytes are read once for each [`Signature`], so that a pass that changes nothing reads no file.
    fn intact(
        &mut self,
        directory: &Directory,
        name: &str,
        path: &RelativePath,
        entry: &FileEntry,
        key: &DigestKey,
    ) -> Result<Option<Stat>, VolumeFailure> {
        let found = directory.stat_of(name)?;
        let Some(found) = found.filter(|f| f.kind == Kind::File && f.signature.length == entry.length) else {
            return Ok(None);
        };
        if self.verified.0.get(path) == Some(&found.signature) {
            return Ok(Some(found));
        }
        let Some(mut file) = directory.open_file(name)? else {
            return Ok(None);
        };
        let failed = |error| failed("read", directory.path_of(name), error);
        let (digest, _) = key.digest_stream(&mut file, |_| Ok(())).map_err(failed)?;
        let after = Stat::of(&file).map_err(|error| failed(error.into()))?;
        if digest != entry.digest || after.signature != found.signature {
            return Ok(None);
        }
        let age = self.clock.now().unix_timestamp() - found.signature.changed_at();
        if age > STAMP_GRAIN_SECONDS {
            self.verified.0.insert(path.clone(), found.signature);
        }
        Ok(Some(found))
    }
}
