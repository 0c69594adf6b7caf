//! Sees what stands at the paths that have to be written (a part of step 4).
//!
//! Invariant: a path is written only where nothing stands, or a file that was published. It is reached through
//! directories alone; a link at any element refuses it, wherever the link leads.

use std::collections::{BTreeMap, BTreeSet};

use nix::unistd::Uid;

use super::look::{Current, Onlooker};
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::inspect::Inspection;
use crate::volume::owner::Ownership;
use crate::volume::stat::{Kind, Stat};
use crate::volume::state::State;
use crate::volume::tree::{self, Tree};

/// What stands where files have to be written.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Files of ours that will be replaced, with the time of their modification in seconds since 1970.
    pub(super) replaced: BTreeMap<RelativePath, i64>,
    /// Directories that must have been made for files, by records that are lost.
    pub(super) unrecorded: BTreeSet<RelativePath>,
    /// What is not ours: what stands there was never published.
    foreign: Vec<RefusedName>,
    /// Where nothing can be done, or what cannot make way. Published files may still be there.
    unusable: Vec<RefusedName>,
}

/// What stands at one path.
enum Place {
    /// Nothing, or what is removed before the file comes.
    Free,
    /// A file of ours.
    Ours(i64),
    /// Something else, there or on the way.
    Foreign(RefusedName),
    /// A directory on the way, in which nothing can be done.
    Unusable(RefusedName),
}

impl Places {
    /// Sees what stands at `paths`, of which as many are ours as `current` and `inspection` say.
    pub(super) fn at<'p>(
        onlooker: &Onlooker<'_>,
        paths: impl IntoIterator<Item = &'p RelativePath>,
        current: &Current,
        inspection: &Inspection,
    ) -> Result<Self, VolumeFailure> {
        let paths: Vec<_> = paths.into_iter().collect();
        let unrecorded = unrecorded_directories(onlooker, &paths, current)?;
        let recorded = current.state.as_ref().map(State::directory_names);
        let known = Known {
            owner: onlooker.owner,
            current,
            inspection,
            directories: recorded
                .into_iter()
                .flatten()
                .chain(unrecorded.iter().map(RelativePath::as_str))
                .collect(),
        };
        let mut tree = Tree::new(onlooker.root);
        let mut places = Self::default();
        for path in paths {
            if places.refuses(path) {
                continue;
            }
            match known.place(&mut tree, path)? {
                Place::Free => {}
                Place::Ours(modified_at) => {
                    places.replaced.insert(path.clone(), modified_at);
                }
                Place::Foreign(refused) => places.foreign.push(refused),
                Place::Unusable(refused) => places.unusable.push(refused),
            }
        }
        places.unrecorded = unrecorded;
        Ok(places)
    }

    /// Whether nothing can be written at `path`.
    pub(super) fn refuses(&self, path: &RelativePath) -> bool {
        self.refused().any(|refused| refused.covers(path))
    }

    /// Whether something else stands at `path`, or on the way there, so that what was recorded of it is history.
    pub(super) fn is_foreign(&self, path: &RelativePath) -> bool {
        self.foreign.iter().any(|refused| refused.covers(path))
    }

    /// Refuses a path at which, or on the way to which, published files are.
    pub(super) fn refuse(&mut self, path: &RelativePath, found: &str) {
        self.unusable.push(refused(path.as_str(), found));
    }

    /// All names that are refused.
    pub(super) fn refused(&self) -> impl Iterator<Item = &RefusedName> {
        self.foreign.iter().chain(&self.unusable)
    }
}

impl Onlooker<'_> {
    /// Says what stands in the way at `paths`.
    pub(in crate::volume) fn refused(
        &mut self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        self.as_it_is(|this, current| {
            let inspection = this.inspect(current.state.as_ref())?;
            let places = Places::at(this, paths, current, &inspection)?;
            Ok(places.refused().cloned().collect())
        })
    }
}

/// What is known to be ours.
struct Known<'a> {
    owner: &'a Ownership,
    current: &'a Current,
    inspection: &'a Inspection,
    directories: BTreeSet<&'a str>,
}

impl Known<'_> {
    fn place(&self, tree: &mut Tree<'_>, path: &RelativePath) -> Result<Place, VolumeFailure> {
        let (above, name) = tree::split(path);
        let Some(directory) = tree.open(above)? else {
            return self.on_the_way(tree, path);
        };
        if let Place::Unusable(refused) = self.free(directory, above) {
            return Ok(Place::Unusable(refused));
        }
        let Some(found) = directory.stat_of(name)? else {
            return Ok(Place::Free);
        };
        Ok(match found.kind {
            Kind::File if self.is_published(path, &found) => {
                if directory.is_mount(name) {
                    return Ok(Place::Unusable(refused(path.as_str(), "a mounted file")));
                }
                Place::Ours(found.signature.modified_at())
            }
            // The files in it are gone from the payload, which has a file here.
            Kind::Directory if self.directories.contains(path.as_str()) => {
                if self.will_be_empty(tree, path.as_str())? {
                    Place::Free
                } else {
                    Place::Unusable(refused(path.as_str(), "a directory with something else in it"))
                }
            }
            kind => Place::Foreign(refused(path.as_str(), kind.describe())),
        })
    }

    /// What is on the way to a path whose directory cannot be opened.
    fn on_the_way(&self, tree: &mut Tree<'_>, path: &RelativePath) -> Result<Place, VolumeFailure> {
        let mut directories: Vec<_> = tree::directories_above(path).collect();
        directories.reverse();
        let mut above = "";
        for element in directories {
            let Some(directory) = tree.open(above)? else {
                break;
            };
            let (_, name) = tree::split_name(element);
            let Some(found) = directory.stat_of(name)?.map(|found| found.kind) else {
                return Ok(self.free(directory, above));
            };
            match found {
                Kind::Directory => above = element,
                // Gone from the payload, which needs a directory here.
                Kind::File if self.is_intact(element) => return Ok(self.free(directory, above)),
                kind => return Ok(Place::Foreign(refused(element, kind.describe()))),
            }
        }
        let found = tree.hidden(above)?.unwrap_or(tree::NOT_SEARCHABLE);
        Ok(Place::Unusable(refused(above, found)))
    }

    /// A free name in a directory: not in one of somebody else's in which files cannot be put. Were that found out at the
    /// rename, the publish would already be under way.
    fn free(&self, directory: &Directory, name: &str) -> Place {
        if name.is_empty() || self.directories.contains(name) || directory.may_change() {
            return Place::Free;
        }
        Place::Unusable(refused(name, "a directory that akv-sync may not write to"))
    }

    /// Whether a regular file was published. When the records are lost, the volume's owner tells.
    fn is_published(&self, path: &RelativePath, found: &Stat) -> bool {
        match &self.current.state {
            Some(state) => state.files.contains_key(path),
            None => self.current.records_lost && self.owner.owns(found),
        }
    }

    fn is_intact(&self, path: &str) -> bool {
        RelativePath::parse(path).is_ok_and(|path| self.inspection.intact.contains_key(&path))
    }

    /// Whether nothing is left in a directory of ours, or below it, when our files are gone.
    fn will_be_empty(&self, tree: &mut Tree<'_>, name: &str) -> Result<bool, VolumeFailure> {
        let mut pending = vec![name.to_owned()];
        while let Some(path) = pending.pop() {
            let Some(directory) = tree.open(&path)? else {
                return Ok(false);
            };
            for entry in directory.entries()? {
                let Some(found) = directory.stat_of(&entry)? else {
                    continue;
                };
                let below = entry.to_str().map(|entry| format!("{path}/{entry}"));
                match (found.kind, below) {
                    (Kind::Directory, Some(below)) if self.directories.contains(below.as_str()) => {
                        pending.push(below);
                    }
                    (Kind::File, Some(below)) if self.is_intact(&below) => {}
                    _ => return Ok(false),
                }
            }
        }
        Ok(true)
    }
}

/// When the records are lost: the directories on the way to `paths` that are just as this process makes them, and to which it
/// may not write as they are. If they counted as somebody else's, the files in them could never be replaced again; all
/// others can be used, whosesoever they are.
fn unrecorded_directories(
    onlooker: &Onlooker<'_>,
    paths: &[&RelativePath],
    current: &Current,
) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
    let mut unrecorded = BTreeSet::new();
    if !current.records_lost {
        return Ok(unrecorded);
    }
    let mut tree = Tree::new(onlooker.root);
    for name in tree::directories(paths.iter().copied()) {
        let Some(directory) = tree.open(name)? else {
            continue;
        };
        let found = directory.stat()?;
        let is_own = found.uid == Uid::effective().as_raw() && onlooker.owner.owns_directory(&found);
        if is_own && !directory.may_change() {
            unrecorded.extend(RelativePath::parse(name));
        }
    }
    Ok(unrecorded)
}

pub(super) fn refused(name: &str, found: &str) -> RefusedName {
    RefusedName {
        name: name.to_owned(),
        found: found.to_owned(),
    }
}
