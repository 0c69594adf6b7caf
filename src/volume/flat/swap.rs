//! Carries an intent out (steps 10 to 15), from wherever an earlier attempt stopped.
//!
//! Invariant: only files that are recorded and still have the recorded bytes are removed. Each step finds out by itself whether
//! it was done already, and a name at which somebody else has put something since the intent was written is theirs. Only the
//! disk itself can make it fail: what it may not do to one name is refused for that name, or an intent that cannot be finished
//! would stop every later publish.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{Current, waiting};
use super::places::{Places, refused};
use super::stage::UnderWay;
use super::{Step, Writer};
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::domain::plan::{Exchange, STAYS};
use crate::ports::VolumeFailure;
use crate::volume::failure::is_about_one_name;
use crate::volume::stat::Kind;
use crate::volume::state::{FileEntry, Staged, State};
use crate::volume::tree::{self, Tree};

/// What an intent came to.
#[derive(Debug)]
pub(super) struct Done {
    /// What is published now.
    pub(super) state: State,
    /// Names at which somebody else has put something since the intent was written.
    pub(super) refused: Vec<RefusedName>,
    /// Files that were removed.
    pub(super) removed: BTreeSet<RelativePath>,
}

impl Done {
    pub(super) fn refuses(&self, path: &RelativePath) -> bool {
        refuses(&self.refused, path)
    }
}

fn refuses(names: &[RefusedName], path: &RelativePath) -> bool {
    names.iter().any(|name| name.covers(path))
}

/// What came of one new file.
enum Put {
    InPlace,
    /// It does not wait: a crash lost it, or it was in place before.
    NothingWaits,
    /// Something that was never published is there.
    Foreign(&'static str),
    /// Its directory, or its name, cannot be changed.
    Unusable(&'static str),
}

impl Writer {
    /// Takes steps 10 to 15. `lost` are new files that do not wait any more and are not in place.
    pub(super) fn carry_out(
        &mut self,
        publish: UnderWay<'_>,
        lost: &BTreeSet<RelativePath>,
    ) -> Result<Done, VolumeFailure> {
        let mut refused = self.appeared(publish)?;
        let gone = publish.gone();
        let stay = self.not_replaced(publish, &gone, lost, &mut refused)?;
        let coming = publish.intent.staged.keys();
        let coming = coming.filter(|path| !refuses(&refused, path) && !lost.contains(*path));
        let needed = tree::directories(coming.clone());
        let coming: BTreeSet<_> = coming.map(RelativePath::as_str).collect();
        let makes_way =
            |path: &RelativePath| tree::directories_above(path).any(|above| coming.contains(above));
        let (in_the_way, others): (Vec<_>, Vec<_>) = gone
            .into_iter()
            .partition(|path| needed.contains(path.as_str()) || makes_way(path));

        // 10. Ours and gone, and in the way.
        let mut removal = self.remove_files(Step::ClearWay, publish, &in_the_way, &stay)?;
        let directories = publish.state.directories.iter().rev();
        let in_the_way = directories.filter(|path| coming.contains(path.as_str()) || makes_way(path));
        self.remove_directories(Step::ClearWay, publish, in_the_way.map(RelativePath::as_str))?;

        // 11. The directories that are missing.
        let inodes = self.make_directories(publish, &needed)?;

        // 12. The new files.
        let new = self.rename_files(publish, lost, &mut refused)?;

        // 13. Files that are gone.
        let stay = self.not_replaced(publish, &others, lost, &mut refused)?;
        removal.add(self.remove_files(Step::RemoveFile, publish, &others, &stay)?);

        // 14. Directories in which none of ours is any more, the innermost first.
        let untouched = publish.intent.files.iter();
        let untouched = untouched.filter(|(path, _)| !publish.intent.staged.contains_key(*path));
        let mut state = publish.state.next();
        state.files = untouched
            .map(|(path, entry)| (path.clone(), entry.clone()))
            .collect();
        state.files.extend(new);
        state.files.extend(removal.recorded);
        let used = tree::directories(state.files.keys());
        let made = publish.state.directories.union(&publish.intent.directories);
        let made: Vec<_> = made.map(RelativePath::as_str).collect();
        let unused = made.into_iter().rev().filter(|name| !used.contains(name));
        self.remove_directories(Step::RemoveDirectory, publish, unused)?;

        // 15. Owner and mode of directories.
        let ours = self.finish_directories(publish, &inodes, &used)?;
        state.set_directories(ours);
        let nothing_came = !lost.is_empty() && publish.intent.staged.keys().all(|path| lost.contains(path));
        let told_of = if nothing_came {
            &publish.state.outbox
        } else {
            &publish.intent.outbox
        };
        state.outbox.clone_from(told_of);
        Ok(Done {
            state,
            refused,
            removed: removal.removed,
        })
    }

    /// What stands now at the paths of the files that wait: somebody may have come in between since the look before the
    /// commit, or since a crash.
    fn appeared(&mut self, publish: UnderWay<'_>) -> Result<Vec<RefusedName>, VolumeFailure> {
        let waiting = waiting(publish.intent, Some(&publish.staging.dir))?;
        let mut onlooker = self.onlooker();
        let (now, inspection) = onlooker.under_way(publish.state, publish.intent, &waiting)?;
        let places = Places::at(&onlooker, waiting, &Current::of(now), &inspection)?;
        Ok(places.refused().cloned().collect())
    }

    /// The last three races of [the module's list](super): which of the files that are `gone` stay after all, for what does
    /// not replace them. What would need their place is refused as well. After damage all of them stay, since it
    /// cannot be told what they would have been replaced by; the next publish removes what is not wanted.
    fn not_replaced<'a>(
        &mut self,
        publish: UnderWay<'a>,
        gone: &[&'a RelativePath],
        lost: &BTreeSet<RelativePath>,
        refused: &mut Vec<RefusedName>,
    ) -> Result<BTreeSet<&'a RelativePath>, VolumeFailure> {
        if refused.is_empty() && lost.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut exchange = Exchange::default();
        let staged = publish.intent.staged.iter();
        exchange.coming = staged
            .map(|(path, staged)| (path, staged.copy_of.as_ref()))
            .collect();
        let mut tree = Tree::new(&self.root.dir);
        for path in gone {
            let (above, name) = tree::split(path);
            if let Some(directory) = tree.open(above)?
                && let Some(entry) = publish.state.files.get(*path)
                && self
                    .inspector
                    .intact((directory, name), path, entry, &publish.state.digest_key)?
                    .is_some()
            {
                exchange.leaving.insert(path);
            }
        }
        let absent = publish.intent.staged.keys();
        let absent = absent
            .filter(|path| refuses(refused, path) || lost.contains(*path))
            .collect();
        let standstill = if lost.is_empty() {
            exchange.without(absent)
        } else {
            exchange.all_stay(absent)
        };
        for path in standstill.absent {
            if !refuses(refused, path) && !lost.contains(path) {
                refused.push(self::refused(path.as_str(), STAYS));
            }
        }
        Ok(standstill.stays)
    }

    /// Puts the new files into place. Gives what is to be recorded of their paths, also where that did not work.
    fn rename_files(
        &mut self,
        publish: UnderWay<'_>,
        lost: &BTreeSet<RelativePath>,
        refused: &mut Vec<RefusedName>,
    ) -> Result<BTreeMap<RelativePath, FileEntry>, VolumeFailure> {
        let mut recorded = BTreeMap::new();
        let mut not_put = Vec::new();
        let mut tree = Tree::new(&self.root.dir);
        for (path, staged) in &publish.intent.staged {
            if refuses(refused, path) {
                not_put.push((path, staged));
                continue;
            }
            match self.put(&mut tree, publish, (path, staged), lost)? {
                Put::InPlace => {
                    let entry = publish.intent.files.get(path).cloned();
                    recorded.extend(entry.map(|entry| (path.clone(), entry)));
                }
                Put::NothingWaits => not_put.push((path, staged)),
                Put::Foreign(found) => refused.push(self::refused(path.as_str(), found)),
                Put::Unusable(found) => {
                    refused.push(self::refused(path.as_str(), found));
                    not_put.push((path, staged));
                }
            }
        }
        for (path, staged) in not_put {
            let entry = self.remaining(publish, path, staged)?;
            recorded.extend(entry.map(|entry| (path.clone(), entry)));
        }
        Ok(recorded)
    }

    /// Puts one new file into place.
    fn put(
        &self,
        tree: &mut Tree<'_>,
        publish: UnderWay<'_>,
        (path, staged): (&RelativePath, &Staged),
        lost: &BTreeSet<RelativePath>,
    ) -> Result<Put, VolumeFailure> {
        let (above, name) = tree::split(path);
        let Some(directory) = tree.open(above)? else {
            let hidden = tree.hidden(above)?;
            return Ok(Put::Unusable(
                hidden.unwrap_or("something that is no directory, on the way,"),
            ));
        };
        let staging = &publish.staging.dir;
        if lost.contains(path) || staging.stat_of(staged.name())?.is_none() {
            return Ok(Put::NothingWaits);
        }
        if let Some(found) = directory.stat_of(name)?
            && (found.kind != Kind::File || !staged.replaces)
        {
            return Ok(Put::Foreign(found.kind.describe()));
        }
        self.announce(Step::Rename, &directory.path_of(name))?;
        publish.open_up(directory, above)?;
        match staging.rename_into(&staged.name(), directory, name) {
            Ok(()) => Ok(Put::InPlace),
            Err(failure) if is_about_one_name(&failure) => {
                Ok(Put::Unusable("a name that akv-sync may not change"))
            }
            Err(failure) => Err(failure),
        }
    }

    /// What is recorded of a path at which no new file was put: the new file, if it was there before; the old one; or one of
    /// ours that was edited meanwhile, which counts as missing and is replaced. What cannot be seen stays recorded.
    fn remaining(
        &mut self,
        publish: UnderWay<'_>,
        path: &RelativePath,
        staged: &Staged,
    ) -> Result<Option<FileEntry>, VolumeFailure> {
        let waits = publish.staging.dir.stat_of(staged.name())?.is_some();
        let earlier = publish.state.files.get(path);
        let new = publish.intent.files.get(path);
        let in_place = new.filter(|_| !waits);
        let ours = earlier.or(new.filter(|_| staged.replaces));
        let (above, name) = tree::split(path);
        let mut tree = Tree::new(&self.root.dir);
        if tree.hidden(above)?.is_some() {
            return Ok(ours.or(in_place).cloned());
        }
        let Some(directory) = tree.open(above)? else {
            return Ok(None);
        };
        for entry in [in_place, earlier].into_iter().flatten() {
            let key = &publish.state.digest_key;
            let found = self.inspector.intact((directory, name), path, entry, key)?;
            if found.is_some() {
                return Ok(Some(entry.clone()));
            }
        }
        let found = directory.stat_of(name)?;
        let is_file = found.is_some_and(|found| found.kind == Kind::File);
        Ok(ours.filter(|_| is_file).cloned())
    }
}
