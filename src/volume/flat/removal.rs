//! Removes files that are gone (steps 10 and 13).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::stage::UnderWay;
use super::{Step, Writer};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::failure::is_about_one_name;
use crate::volume::stat::Kind;
use crate::volume::state::FileEntry;
use crate::volume::tree::{self, Tree};

/// What a removal came to.
#[derive(Debug, Default)]
pub(super) struct Removal {
    /// Files that were removed.
    pub(super) removed: BTreeSet<RelativePath>,
    /// Files that are not wanted and stay recorded, so that a later publish removes them.
    pub(super) recorded: BTreeMap<RelativePath, FileEntry>,
}

impl Removal {
    pub(super) fn add(&mut self, other: Self) {
        self.removed.extend(other.removed);
        self.recorded.extend(other.recorded);
    }
}

impl Writer {
    /// Removes files that still are what was published, but for those that `stay`. What was edited since is somebody's data.
    pub(super) fn remove_files(
        &mut self,
        step: Step,
        publish: UnderWay<'_>,
        paths: &[&RelativePath],
        stay: &BTreeSet<&RelativePath>,
    ) -> Result<Removal, VolumeFailure> {
        let mut removal = Removal::default();
        let mut tree = Tree::new(&self.root.dir);
        for path in paths {
            let (above, name) = tree::split(path);
            let Some(entry) = publish.state.files.get(*path) else {
                continue;
            };
            if let Some(by) = tree.hidden(above)? {
                self.tell_not_removed(path, format_args!("it is behind {by}"));
                removal.recorded.insert((*path).clone(), entry.clone());
                continue;
            }
            let Some(directory) = tree.open(above)? else {
                continue;
            };
            let key = &publish.state.digest_key;
            let found = self.inspector.intact((directory, name), path, entry, key)?;
            if found.is_none() {
                warn_if_edited(directory, name)?;
                continue;
            }
            if stay.contains(path) {
                removal.recorded.insert((*path).clone(), entry.clone());
                continue;
            }
            self.announce(step, &directory.path_of(name))?;
            publish.open_up(directory, above)?;
            match directory.remove(name) {
                Ok(()) => {
                    removal.removed.insert((*path).clone());
                }
                Err(failure) if is_about_one_name(&failure) => {
                    self.tell_not_removed(path, failure.cause());
                    removal.recorded.insert((*path).clone(), entry.clone());
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(removal)
    }

    /// Tells a person, once, of a file that every publish will try to remove again.
    fn tell_not_removed(&self, path: &RelativePath, error: impl fmt::Display) {
        if self.told.is_news(path) {
            tracing::warn!(%path, %error, "A file that is no longer wanted could not be removed; it is tried again");
        }
    }
}

fn warn_if_edited(directory: &Directory, name: &str) -> Result<(), VolumeFailure> {
    let found = directory.stat_of(name)?;
    if found.is_some_and(|found| found.kind == Kind::File) {
        let path = directory.path_of(name);
        tracing::warn!(path = %path.display(), "A file that is no longer wanted was edited since it was published; it stays");
    }
    Ok(())
}
