//! Changes modes and owners of directories that stay, in place (step 7). A file with another mode or owner is a new file.
//!
//! Invariant: no directory is touched before a probe has shown that mode and owner can be given, and that this process can
//! still work in the directory then; and none but those that were made for our files, known by their inodes. Somebody
//! who may write to the root could otherwise have us open up another program's directory, under one of our names.

use super::Writer;
use super::staging::Staging;
use super::steps::Step;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::state::{Intent, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// Gives the directories that stay the mode and the owner that they shall have.
    pub(super) fn adjust(
        &self,
        staging: &Staging,
        state: &State,
        intent: &Intent,
    ) -> Result<(), VolumeFailure> {
        let directories = self.directories_to_adjust(state, intent)?;
        if !(directories.is_empty() && intent.directories.is_empty()) {
            staging.try_directory(&self.owner)?;
        }
        let mut tree = Tree::new(&self.root.dir);
        for name in directories {
            if let Some(directory) = tree.open(name)?
                && self.differs(state, name, directory)?
            {
                self.announce(Step::Adjust, directory.path())?;
                self.owner.finish_directory(directory)?;
            }
        }
        Ok(())
    }

    /// The directories of ours that stay, and are not as declared.
    fn directories_to_adjust<'i>(
        &self,
        state: &State,
        intent: &'i Intent,
    ) -> Result<Vec<&'i str>, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut differ = Vec::new();
        for name in tree::directories(intent.files.keys()) {
            if let Some(directory) = tree.open(name)?
                && self.differs(state, name, directory)?
            {
                differ.push(name);
            }
        }
        Ok(differ)
    }

    fn differs(&self, state: &State, name: &str, directory: &Directory) -> Result<bool, VolumeFailure> {
        let found = directory.stat()?;
        Ok(state.is_own_directory(name, &found) && !self.owner.owns_directory(&found))
    }
}
