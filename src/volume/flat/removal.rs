//! Removes what is no longer wanted (steps 9, 12 and 13 of an intent).
//!
//! Invariant: only files that are recorded and still have the recorded bytes are removed, and only empty directories
//! that were made for them.

use std::fmt;

use super::redo::{Redo, is_about_one_name};
use super::steps::Step;
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::stat::Kind;
use crate::volume::state::FileEntry;
use crate::volume::steps::announce;
use crate::volume::tree::{self, Tree};

impl<'a> Redo<'a> {
    /// Removes files that still are what was published. What was altered since is somebody's data, and stays.
    pub(super) fn remove_files(
        &mut self,
        step: Step,
        paths: &[&'a RelativePath],
    ) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        for path in paths {
            let (above, name) = tree::split(path);
            let Some(entry) = self.state.files.get(*path) else {
                continue;
            };
            if let Some(by) = tree.hidden(above)? {
                self.not_removed(path, entry, format_args!("it is behind {by}"));
                continue;
            }
            let Some(directory) = tree.open(above)? else {
                continue;
            };
            let at = directory.path_of(name);
            let key = &self.state.digest_key;
            if self
                .inspector
                .intact((directory, name), path, entry, key)?
                .is_none()
            {
                if directory
                    .stat_of(name)?
                    .is_some_and(|found| found.kind == Kind::File)
                {
                    tracing::warn!(path = %at.display(), "A file that is no longer wanted was altered since it was published; it stays");
                }
                continue;
            }
            if self.held.contains(path.as_str()) {
                self.files.insert((*path).clone(), entry.clone());
                continue;
            }
            announce(self.steps, step, &at)?;
            self.open_up(directory, above)?;
            match directory.remove(name) {
                Ok(()) => {
                    self.changed.insert(above);
                    self.removed.insert((*path).clone());
                }
                Err(failure) if is_about_one_name(&failure) => {
                    self.not_removed(path, entry, failure.cause());
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Keeps the record of a file that should be gone, so that every publish tries again. A person is told once.
    fn not_removed(&mut self, path: &RelativePath, entry: &FileEntry, error: impl fmt::Display) {
        if self.told.is_news(path) {
            tracing::warn!(%path, %error, "A file that is no longer wanted could not be removed; it is tried again");
        }
        self.files.insert(path.clone(), entry.clone());
    }

    /// Removes directories of ours in which nothing is left.
    pub(super) fn remove_directories(
        &mut self,
        step: Step,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        for path in names {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Some(parent) = tree.open(above)? else { continue };
            if parent
                .stat_of(name)?
                .is_none_or(|found| found.kind != Kind::Directory)
            {
                continue;
            }
            announce(self.steps, step, &parent.path_of(name))?;
            self.open_up(parent, above)?;
            match parent.remove_directory(name) {
                Ok(()) => {
                    self.changed.insert(above);
                }
                Err(failure) if is_about_one_name(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}
