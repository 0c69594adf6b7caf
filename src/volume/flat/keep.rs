//! Says what is recorded of a path at which no new file was put: something came in between after the commit, or the new
//! file did not outlive a crash.

use super::redo::Redo;
use super::staging::Staging;
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::stat::Kind;
use crate::volume::state::{FileEntry, Staged};
use crate::volume::tree::{self, Tree};

impl<'a> Redo<'a> {
    /// Records of a path what is there: the new file, the old one, or one of ours that was edited meanwhile, which counts
    /// as missing and is replaced. What cannot be seen stays recorded.
    pub(super) fn keep(&mut self, path: &RelativePath, staged: &Staged) -> Result<(), VolumeFailure> {
        let waits = self
            .staging
            .dir
            .stat_of(Staging::name_of(staged.number))?
            .is_some();
        let new = self.intent.files.get(path);
        let in_place = new.filter(|_| !waits);
        let ours = self.state.files.get(path).or(new.filter(|_| staged.replaces));
        let (above, name) = tree::split(path);
        let mut tree = Tree::new(&self.root.dir);
        let kept = if tree.hidden(above)?.is_some() {
            ours.or(in_place)
        } else if let Some(directory) = tree.open(above)? {
            match self.there(directory, name, path, in_place)? {
                None if is_file(directory, name)? => ours,
                there => there,
            }
        } else {
            None
        };
        self.files.extend(kept.map(|entry| (path.clone(), entry.clone())));
        Ok(())
    }

    /// The entry of the file that is at a path, if it is whole.
    fn there(
        &mut self,
        directory: &Directory,
        name: &str,
        path: &RelativePath,
        new: Option<&'a FileEntry>,
    ) -> Result<Option<&'a FileEntry>, VolumeFailure> {
        let key = &self.state.digest_key;
        for entry in [new, self.state.files.get(path)].into_iter().flatten() {
            let found = self.inspector.intact((directory, name), path, entry, key)?;
            if found.is_some() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

fn is_file(directory: &Directory, name: &str) -> Result<bool, VolumeFailure> {
    let found = directory.stat_of(name)?;
    Ok(found.is_some_and(|found| found.kind == Kind::File))
}
