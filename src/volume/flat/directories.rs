//! The directories of the files: made, given their owner and mode, and removed (steps 7, 11, 14 and 15).
//!
//! Invariant: none is touched but those that were made for our files, known by their inodes. Somebody who may write to the
//! root could otherwise have us open up another program's directory, under one of our names. One that is there already is not
//! touched before a probe has shown that mode and owner can be given, and that this process can still work in it then.

use std::collections::{BTreeMap, BTreeSet};

use nix::errno::Errno;
use nix::unistd::Uid;

use super::stage::{Staging, UnderWay};
use super::{Step, Writer};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::directory::{Directory, PRIVATE};
use crate::volume::failure::{failed, is_about_one_name};
use crate::volume::stat::{Kind, Stat};
use crate::volume::state::{Intent, State};
use crate::volume::tree::{self, Tree};

impl Writer {
    /// The directories that have to be made for these files.
    pub(super) fn missing_directories(
        &self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut missing = BTreeSet::new();
        for name in tree::directories(paths.iter()) {
            if tree.open(name)?.is_none() {
                missing.extend(RelativePath::parse(name));
            }
        }
        Ok(missing)
    }

    /// 7. Gives the directories that are there already the mode and the owner that they shall have, in place. A file with
    ///    another mode or owner is a new file.
    pub(super) fn adjust(
        &self,
        staging: &Staging,
        state: &State,
        intent: &Intent,
    ) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut differing = Vec::new();
        for name in tree::directories(intent.files.keys()) {
            if let Some(directory) = tree.open(name)?
                && self.differs(state, name, directory)?
            {
                differing.push(name);
            }
        }
        if !(differing.is_empty() && intent.directories.is_empty()) {
            staging.try_directory(&self.owner)?;
        }
        for name in differing {
            if let Some(directory) = tree.open(name)?
                && self.differs(state, name, directory)?
            {
                self.announce(Step::Adjust, directory.path())?;
                self.owner.finish_directory(directory)?;
            }
        }
        Ok(())
    }

    /// Whether a directory of ours is not as declared.
    fn differs(&self, state: &State, name: &str, directory: &Directory) -> Result<bool, VolumeFailure> {
        let found = directory.stat()?;
        Ok(state.is_own_directory(name, &found) && !self.owner.owns_directory(&found))
    }

    /// 11. Makes directories that are missing; gives their inodes.
    pub(super) fn make_directories<'n>(
        &self,
        publish: UnderWay<'_>,
        needed: &BTreeSet<&'n str>,
    ) -> Result<BTreeMap<&'n str, u64>, VolumeFailure> {
        let mut inodes = BTreeMap::new();
        let mut tree = Tree::new(&self.root.dir);
        for path in needed.iter().copied() {
            let (above, name) = tree::split_name(path);
            let Some(parent) = tree.open(above)? else { continue };
            if parent.stat_of(name)?.is_some() {
                continue;
            }
            self.announce(Step::MakeDirectory, &parent.path_of(name))?;
            publish.open_up(parent, above)?;
            match parent.make(name, PRIVATE) {
                Ok(()) => {
                    let made = parent.open_made(name)?;
                    inodes.insert(path, made.stat()?.signature.inode());
                }
                // Somebody was faster, or does not let us: the rename tells what it finds.
                Err(Errno::EEXIST | Errno::EACCES | Errno::EPERM) => {}
                Err(error) => return Err(failed("create", parent.path_of(name), error)),
            }
        }
        Ok(inodes)
    }

    /// 14. Removes directories of ours in which nothing is left.
    pub(super) fn remove_directories<'n>(
        &self,
        step: Step,
        publish: UnderWay<'_>,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        for path in names {
            let (above, name) = tree::split_name(path);
            let Some(parent) = tree.open(above)? else { continue };
            let found = parent.stat_of(name)?;
            if found.is_none_or(|found| found.kind != Kind::Directory) {
                continue;
            }
            self.announce(step, &parent.path_of(name))?;
            publish.open_up(parent, above)?;
            match parent.remove_directory(name) {
                Err(failure) if !is_about_one_name(&failure) => return Err(failure),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// 15. Completes the directories of published files; gives those that are ours, each with its inode.
    pub(super) fn finish_directories(
        &self,
        publish: UnderWay<'_>,
        inodes: &BTreeMap<&str, u64>,
        used: &BTreeSet<&str>,
    ) -> Result<BTreeMap<RelativePath, Option<u64>>, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut ours = BTreeMap::new();
        let touched = publish.directories().into_iter().chain(used.iter().copied());
        for name in touched.collect::<BTreeSet<_>>() {
            let Ok(path) = RelativePath::parse(name) else {
                continue;
            };
            if tree.hidden(name)?.is_some() {
                if publish.made(name) {
                    let inode = publish.state.directory_inode(&path);
                    ours.insert(path, inode);
                }
                continue;
            }
            let Some(directory) = tree.open(name)? else {
                continue;
            };
            let found = directory.stat()?;
            if !self.is_own_directory(publish, inodes, name, &found) {
                continue;
            }
            if !self.owner.owns_directory(&found) {
                self.announce(Step::FinishDirectory, directory.path())?;
                self.owner.finish_directory(directory)?;
            }
            if used.contains(name) {
                ours.insert(path, Some(found.signature.inode()));
            }
        }
        Ok(ours)
    }

    /// Whether a directory was made for our files: recorded, made by this call, or else, after a crash, just as this
    /// intent makes one.
    fn is_own_directory(
        &self,
        publish: UnderWay<'_>,
        inodes: &BTreeMap<&str, u64>,
        name: &str,
        found: &Stat,
    ) -> bool {
        if publish.state.is_own_directory(name, found) {
            return true;
        }
        if let Some(made) = inodes.get(name) {
            return *made == found.signature.inode();
        }
        let is_new = found.uid == Uid::effective().as_raw() && found.mode | PRIVATE == PRIVATE;
        let recorded = publish.state.directory_names().contains(name);
        publish.made(name) && !recorded && (is_new || self.owner.owns_directory(found))
    }
}
