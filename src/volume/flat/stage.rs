//! Writes the new files where nobody sees them, and says what shall become of them (step 6).

use std::collections::{BTreeMap, BTreeSet};

use super::Writer;
use super::places::Places;
use super::staging::Staging;
use super::steps::Step;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload};
use crate::ports::VolumeFailure;
use crate::volume::copy::PublishedSet;
use crate::volume::directory::Directory;
use crate::volume::payload::PayloadWriter;
use crate::volume::state::{FileEntry, Intent, Staged, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Writes the files at `coming`, and gives the intent of publishing `payload`.
    pub(super) fn stage(
        &self,
        staging: &Staging,
        payload: &Payload,
        state: &State,
        coming: &BTreeSet<RelativePath>,
        places: &Places,
    ) -> Result<Intent, VolumeFailure> {
        let mut intent = Intent {
            files: self.files_that_stay(payload, state),
            staged: BTreeMap::new(),
            directories: self.missing_directories(coming)?,
            outbox: state.outbox.clone(),
        };
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
            let name = Staging::name_of(number);
            let entry = writer.write((&staging.dir, &name), file, modified_at)?;
            intent
                .files
                .insert(path.clone(), entry.after(state.files.get(path)));
            let staged = Staged {
                number,
                replaces: modified_at.is_some(),
                copy_of: match &file.bytes {
                    FileBytes::Published(at) if at != path => Some(at.clone()),
                    FileBytes::Published(_) | FileBytes::Write(_) => None,
                },
            };
            intent.staged.insert(path.clone(), staged);
        }
        Ok(intent)
    }

    /// The entries of the files whose bytes stay, as the payload wants them to be.
    fn files_that_stay(&self, payload: &Payload, state: &State) -> BTreeMap<RelativePath, FileEntry> {
        let recorded = payload.files.iter().filter_map(|(path, file)| {
            let earlier = state.files.get(path)?;
            let entry = FileEntry::new(file, earlier.digest.clone(), earlier.length, &self.owner);
            Some((path.clone(), entry.after(Some(earlier))))
        });
        recorded.collect()
    }

    /// The directories that have to be made for these files.
    fn missing_directories(
        &self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut missing = BTreeSet::new();
        for name in tree::directories(paths.iter()) {
            if tree.open(name)?.map(Directory::path).is_none()
                && let Ok(name) = RelativePath::parse(name)
            {
                missing.insert(name);
            }
        }
        Ok(missing)
    }
}
