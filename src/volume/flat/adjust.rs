//! Changes modes and owners of what stays, in place (step 7).
//!
//! Invariant: nothing that is published is touched before a probe has shown that mode and owner can be given, and that
//! this process can still read the file and work in the directory then.

use std::collections::BTreeSet;

use super::Writer;
use super::staging::Staging;
use super::steps::Step;
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::compare::not_there;
use crate::volume::state::{Intent, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Gives the files at `adjusted` and their directories the modes and owners that they shall have.
    pub(super) fn adjust(
        &self,
        staging: &Staging,
        state: &State,
        intent: &Intent,
        adjusted: &[RelativePath],
    ) -> Result<(), VolumeFailure> {
        let entries = adjusted
            .iter()
            .filter_map(|path| Some((path, intent.files.get(path)?)));
        let modes: BTreeSet<_> = entries.clone().map(|(_, entry)| entry.mode).collect();
        for mode in modes {
            staging.try_file(mode, &self.files())?;
        }
        let directories = self.directories_to_adjust(state, intent)?;
        if !(directories.is_empty() && intent.directories.is_empty()) {
            staging.try_directory(&self.owner)?;
        }

        let mut tree = Tree::new(&self.root.dir);
        for name in directories {
            if let Some(directory) = tree.open(name)? {
                self.announce(Step::Adjust, directory.path())?;
                self.owner.finish_directory(directory)?;
            }
        }
        for (path, entry) in entries {
            let gone = || not_there(self.root.dir.path(), path);
            let (directory, name) = tree::split(path);
            let directory = tree.open(directory)?.ok_or_else(gone)?;
            let file = directory.open_file(name)?.ok_or_else(gone)?;
            let at = directory.path_of(name);
            self.announce(Step::Adjust, &at)?;
            self.owner.adjust_file(&file, entry.mode, &at)?;
        }
        Ok(())
    }

    /// The directories of ours that stay, and are not as declared.
    fn directories_to_adjust<'i>(
        &self,
        state: &State,
        intent: &'i Intent,
    ) -> Result<Vec<&'i str>, VolumeFailure> {
        let ours = state.directory_names();
        let mut tree = Tree::new(&self.root.dir);
        let mut differ = Vec::new();
        for name in tree::directories(intent.files.keys()) {
            if ours.contains(name)
                && let Some(directory) = tree.open(name)?
                && !self.owner.owns_directory(&directory.stat()?)
            {
                differ.push(name);
            }
        }
        Ok(differ)
    }
}
