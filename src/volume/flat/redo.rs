//! Does what an intent says (steps 9 to 14), from wherever an earlier attempt stopped.
//!
//! Invariant: each step finds out by itself whether it was taken already, and a name that somebody else has taken since
//! the intent was written stays theirs. Only the disk itself can make it fail: what it may not do to one name is
//! refused for that name, or an intent that cannot be finished would stop every later publish.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use nix::errno::Errno;
use nix::unistd::Uid;

use super::onlooker::Current;
use super::staging::Staging;
use super::steps::Step;
use super::{Writer, under_way};
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::ports::VolumeFailure;
use crate::volume::directory::{Directory, PRIVATE};
use crate::volume::failure::{error_number, failed};
use crate::volume::inspect::Inspector;
use crate::volume::owner::Ownership;
use crate::volume::root::Root;
use crate::volume::stat::{Kind, Stat};
use crate::volume::state::{FileEntry, Intent, State};
use crate::volume::steps::{StepObserver, announce};
use crate::volume::tree::{self, Tree};
use crate::volume::writer::Told;

/// What an intent came to.
#[derive(Debug)]
pub(super) struct Done {
    /// What is published now.
    pub(super) state: State,
    /// Names that somebody else has taken since the intent was written.
    pub(super) refused: Vec<RefusedName>,
    /// Files that were removed.
    pub(super) removed: BTreeSet<RelativePath>,
}

impl Done {
    pub(super) fn refuses(&self, path: &RelativePath) -> bool {
        self.refused.iter().any(|refused| refused.covers(path))
    }
}

/// The work on one intent.
pub(super) struct Redo<'a> {
    pub(super) root: &'a Root,
    pub(super) owner: &'a Ownership,
    pub(super) steps: &'a dyn StepObserver<Step>,
    pub(super) inspector: &'a mut Inspector,
    pub(super) told: &'a Told,
    pub(super) state: &'a State,
    pub(super) intent: &'a Intent,
    pub(super) staging: &'a Staging,
    /// Directories made for files, by this intent or before.
    pub(super) ours: BTreeSet<&'a str>,
    /// The inodes of those that this call made.
    made: BTreeMap<&'a str, u64>,
    /// Directories in which something changed.
    pub(super) changed: BTreeSet<&'a str>,
    /// What is published now.
    pub(super) files: BTreeMap<RelativePath, FileEntry>,
    pub(super) refused: Vec<RefusedName>,
    /// New files that a crash has damaged.
    pub(super) lost: &'a BTreeSet<RelativePath>,
    /// Files that are gone, and stay for what does not replace them.
    pub(super) held: BTreeSet<&'a str>,
    /// Files that were removed.
    pub(super) removed: BTreeSet<RelativePath>,
}

impl Writer {
    /// Takes steps 9 to 14 of an intent; `state` is what was published before it, `lost` are new files that do not wait
    /// any more and are not in place.
    pub(super) fn redo(
        &mut self,
        state: &State,
        intent: &Intent,
        staging: &Staging,
        lost: &BTreeSet<RelativePath>,
    ) -> Result<Done, VolumeFailure> {
        // Since the check before the commit, or since a crash, somebody may have come in between.
        let (ours, inspection) = self.onlooker().under_way(state, intent, Some(&staging.dir))?;
        let ours = Current {
            state: Some(ours),
            records_lost: false,
        };
        let waiting = under_way::waiting(intent, Some(&staging.dir))?;
        let places = self.onlooker().places(waiting, &ours, &inspection)?;
        let directories = state.directories.iter().chain(&intent.directories);
        let mut files = intent.files.clone();
        files.retain(|path, _| !intent.staged.contains_key(path));
        let work = Redo {
            root: &self.root,
            owner: &self.owner,
            steps: &*self.steps,
            inspector: &mut self.inspector,
            told: &self.told,
            state,
            intent,
            staging,
            ours: directories.map(RelativePath::as_str).collect(),
            made: BTreeMap::new(),
            changed: BTreeSet::new(),
            files,
            refused: places.refused().cloned().collect(),
            lost,
            held: BTreeSet::new(),
            removed: BTreeSet::new(),
        };
        work.run()
    }
}

impl<'a> Redo<'a> {
    fn run(mut self) -> Result<Done, VolumeFailure> {
        let gone = self.state.files.keys();
        let gone: Vec<_> = gone
            .filter(|path| !self.intent.files.contains_key(*path))
            .collect();
        self.hold(&gone)?;
        let coming = self.intent.staged.keys();
        let coming = coming.filter(|path| !self.refuses(path) && !self.lost.contains(*path));
        let staged: BTreeSet<_> = coming.clone().map(RelativePath::as_str).collect();
        let below_staged = |path| tree::directories_above(path).any(|above| staged.contains(above));
        let needed = tree::directories(coming);
        let gone = gone.into_iter();
        let (in_the_way, others): (Vec<_>, Vec<_>) =
            gone.partition(|path| needed.contains(path.as_str()) || below_staged(path));

        // 9. Ours and gone, and in the way.
        self.remove_files(Step::ClearWay, &in_the_way)?;
        let directories = self.state.directories.iter().rev();
        let in_the_way = directories.filter(|path| staged.contains(path.as_str()) || below_staged(path));
        self.remove_directories(Step::ClearWay, in_the_way.map(RelativePath::as_str))?;

        // 10. The directories that are missing.
        self.make_directories(&needed)?;

        // 11. The new files.
        self.rename_files()?;

        // 12. Files that are gone.
        self.hold(&others)?;
        self.remove_files(Step::RemoveFile, &others)?;

        // 13. Directories that hold none of ours any more, the innermost first.
        let files = mem::take(&mut self.files);
        let still = tree::directories(files.keys());
        let left: Vec<_> = self.ours.iter().rev().copied().collect();
        self.remove_directories(
            Step::RemoveDirectory,
            left.into_iter().filter(|name| !still.contains(name)),
        )?;

        // 14. Owner and mode of new directories, and the disk.
        let directories = self.finish_directories(&still)?;
        let mut state = self.state.next();
        state.files = files;
        state.set_directories(directories);
        let abandoned =
            !self.lost.is_empty() && self.intent.staged.keys().all(|path| self.lost.contains(path));
        let outbox = if abandoned {
            &self.state.outbox
        } else {
            &self.intent.outbox
        };
        state.outbox.clone_from(outbox);
        Ok(Done {
            state,
            refused: self.refused,
            removed: self.removed,
        })
    }

    pub(super) fn refuses(&self, path: &RelativePath) -> bool {
        self.refused.iter().any(|refused| refused.covers(path))
    }

    fn make_directories(&mut self, needed: &BTreeSet<&'a str>) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        for path in needed.iter().copied() {
            let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Some(parent) = tree.open(above)? else { continue };
            if parent.stat_of(name)?.is_some() {
                continue;
            }
            announce(self.steps, Step::MakeDirectory, &parent.path_of(name))?;
            self.open_up(parent, above)?;
            match parent.make(name, PRIVATE) {
                Ok(()) => {
                    let made = parent.open_made(name)?;
                    self.made.insert(path, made.stat()?.signature.inode());
                    self.changed.insert(above);
                }
                // Somebody was faster, or does not let us: the rename tells what it finds.
                Err(Errno::EEXIST | Errno::EACCES | Errno::EPERM) => {}
                Err(error) => return Err(failed("create", parent.path_of(name), error)),
            }
        }
        Ok(())
    }

    fn rename_files(&mut self) -> Result<(), VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        for (path, staged) in &self.intent.staged {
            if self.refuses(path) {
                self.keep(path, staged)?;
                continue;
            }
            let (above, name) = tree::split(path);
            let Some(directory) = tree.open(above)? else {
                let hidden = tree.hidden(above)?;
                self.refuse(
                    path,
                    hidden.unwrap_or("something that is no directory, on the way,"),
                );
                self.keep(path, staged)?;
                continue;
            };
            let waiting = Staging::name_of(staged.number);
            if self.lost.contains(path) || self.staging.dir.stat_of(&waiting)?.is_none() {
                // Lost with the crash, or renamed before it.
                self.keep(path, staged)?;
                continue;
            }
            let taken = |found: &Stat| found.kind != Kind::File || !staged.replaces;
            if let Some(found) = directory.stat_of(name)?.filter(taken) {
                self.refuse(path, found.kind.describe());
                continue;
            }
            announce(self.steps, Step::Rename, &directory.path_of(name))?;
            self.open_up(directory, above)?;
            match self.staging.dir.rename_into(&waiting, directory, name) {
                Ok(()) => {
                    self.changed.insert(above);
                    let entry = self.intent.files.get(path).cloned();
                    self.files.extend(entry.map(|entry| (path.clone(), entry)));
                }
                Err(failure) if is_about_one_name(&failure) => {
                    self.refuse(path, "a name that akv-sync may not change");
                    self.keep(path, staged)?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Completes the directories of published files; gives those that are ours, each with its inode.
    fn finish_directories(
        &self,
        still: &BTreeSet<&str>,
    ) -> Result<BTreeMap<RelativePath, Option<u64>>, VolumeFailure> {
        let mut tree = Tree::new(&self.root.dir);
        let mut ours = BTreeMap::new();
        for name in still
            .iter()
            .chain(&self.changed)
            .copied()
            .collect::<BTreeSet<_>>()
        {
            if tree.hidden(name)?.is_some() {
                let path = RelativePath::parse(name)
                    .ok()
                    .filter(|_| self.ours.contains(name));
                ours.extend(path.map(|path| {
                    let inode = self.state.directory_inode(&path);
                    (path, inode)
                }));
                continue;
            }
            let Some(directory) = tree.open(name)? else {
                continue;
            };
            let found = directory.stat()?;
            let is_ours = self.is_own_directory(name, &found);
            let finish = is_ours && !self.owner.owns_directory(&found);
            let flush = self.root.durable && self.changed.contains(name);
            if finish || flush {
                announce(self.steps, Step::FinishDirectory, directory.path())?;
            }
            if finish {
                self.owner.finish_directory(directory)?;
            }
            if flush {
                directory.flush()?;
            }
            if is_ours && still.contains(name) {
                let inode = Some(found.signature.inode());
                ours.extend(RelativePath::parse(name).map(|path| (path, inode)));
            }
        }
        Ok(ours)
    }

    /// Whether a directory was made for our files: recorded, made by this call, or else, after a crash, just as this
    /// intent makes one.
    fn is_own_directory(&self, name: &str, found: &Stat) -> bool {
        if self.state.is_own_directory(name, found) {
            return true;
        }
        if let Some(made) = self.made.get(name) {
            return *made == found.signature.inode();
        }
        let is_new = || found.uid == Uid::effective().as_raw() && found.mode | PRIVATE == PRIVATE;
        let recorded = self.state.directories.iter().any(|path| path.as_str() == name);
        self.ours.contains(name) && !recorded && (is_new() || self.owner.owns_directory(found))
    }

    /// Lets this process change a directory of ours, whatever its declared mode; step 14 gives that back.
    pub(super) fn open_up(&self, directory: &Directory, name: &str) -> Result<(), VolumeFailure> {
        if self.ours.contains(name) {
            directory.make_writable()
        } else {
            Ok(())
        }
    }

    pub(super) fn refuse(&mut self, path: &RelativePath, found: &str) {
        self.refused.push(RefusedName {
            name: path.to_string(),
            found: found.to_owned(),
        });
    }
}

/// Whether a failure is about one name and what stands there, and not about the volume.
pub(super) fn is_about_one_name(failure: &VolumeFailure) -> bool {
    matches!(
        error_number(failure),
        Some(
            Errno::EACCES
                | Errno::EPERM
                | Errno::EXDEV
                | Errno::EBUSY
                | Errno::EISDIR
                | Errno::ENOTDIR
                | Errno::ENOTEMPTY
                | Errno::EEXIST
                | Errno::ENOENT
        )
    )
}
