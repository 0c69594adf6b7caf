//! Sees what stands at the paths that have to be written (step 4).
//!
//! Invariant: a path is written only where nothing stands, or a file that was published. It is reached through
//! directories alone; a link at any element refuses it, wherever the link leads.

use std::collections::{BTreeMap, BTreeSet};

use super::onlooker::{Current, Onlooker};
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;
use crate::volume::inspect::Inspection;
use crate::volume::stat::{Kind, Stat};
use crate::volume::state::State;
use crate::volume::tree::{self, Tree};

/// What stands where files have to be written.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Files of ours that will be replaced, with the time of their modification in seconds since 1970.
    pub(super) replaced: BTreeMap<RelativePath, i64>,
    /// What is not ours: what stands there was never published.
    taken: Vec<RefusedName>,
    /// Directories in which nothing can be done, or that cannot make way. Published files may still be there.
    closed: Vec<RefusedName>,
    /// Published files that are no longer wanted, and stay for what cannot replace them.
    pub(super) held: BTreeSet<RelativePath>,
    /// Recorded files that were altered, and whose entries bring no bytes now.
    pub(super) altered: BTreeSet<RelativePath>,
    /// Directories that are taken for ours although the records are lost.
    pub(super) adopted: BTreeSet<RelativePath>,
}

/// What stands at one path.
enum Place {
    /// Nothing, or what is removed before the file comes.
    Free,
    /// A file of ours.
    Ours(i64),
    /// Something else, there or on the way.
    Taken(RefusedName),
    /// A directory on the way, in which nothing can be done.
    Closed(RefusedName),
}

/// What is known to be ours.
struct Known<'a> {
    current: &'a Current,
    inspection: &'a Inspection,
    directories: BTreeSet<&'a str>,
}

impl Known<'_> {
    fn is_intact(&self, path: &str) -> bool {
        RelativePath::parse(path).is_ok_and(|path| self.inspection.intact.contains_key(&path))
    }

    fn free(&self, directory: &Directory, name: &str) -> Place {
        self.closed(directory, name).map_or(Place::Free, Place::Closed)
    }

    /// Refuses a directory of somebody else's in which files cannot be put: were it found out at the rename, the
    /// publish would already be under way.
    fn closed(&self, directory: &Directory, name: &str) -> Option<RefusedName> {
        let used = name.is_empty() || self.directories.contains(name) || directory.may_change();
        (!used).then(|| refused(name, "a directory that akv-sync may not write to"))
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

impl Places {
    /// Whether nothing can be written at `path`.
    pub(super) fn refuse(&self, path: &RelativePath) -> bool {
        self.refused().any(|refused| refused.covers(path))
    }

    /// Whether something else stands at `path`, or on the way there, so that what was recorded of it is history.
    pub(super) fn forget(&self, path: &RelativePath) -> bool {
        self.taken.iter().any(|refused| refused.covers(path))
    }

    /// Refuses a name at which published files stay.
    pub(super) fn close(&mut self, name: &str, found: &str) {
        self.closed.push(refused(name, found));
    }

    /// All names that are refused.
    pub(super) fn refused(&self) -> impl Iterator<Item = &RefusedName> {
        self.taken.iter().chain(&self.closed)
    }
}

impl Onlooker<'_> {
    /// Sees what stands at `paths`.
    pub(super) fn places<'p>(
        &self,
        paths: impl IntoIterator<Item = &'p RelativePath>,
        current: &Current,
        inspection: &Inspection,
    ) -> Result<Places, VolumeFailure> {
        let paths: Vec<_> = paths.into_iter().collect();
        let adopted = self.adopted(&paths, current)?;
        let recorded = current.state.as_ref().map(State::directory_names);
        let known = Known {
            current,
            inspection,
            directories: recorded
                .unwrap_or_default()
                .into_iter()
                .chain(adopted.iter().map(RelativePath::as_str))
                .collect(),
        };
        let mut tree = Tree::new(self.root);
        let mut places = Places {
            adopted: adopted.clone(),
            ..Places::default()
        };
        for path in paths {
            if places.refuse(path) {
                continue;
            }
            match self.place(&mut tree, path, &known)? {
                Place::Free => {}
                Place::Ours(modified_at) => {
                    places.replaced.insert(path.clone(), modified_at);
                }
                Place::Taken(refused) => places.taken.push(refused),
                Place::Closed(refused) => places.closed.push(refused),
            }
        }
        Ok(places)
    }

    fn place(
        &self,
        tree: &mut Tree<'_>,
        path: &RelativePath,
        known: &Known<'_>,
    ) -> Result<Place, VolumeFailure> {
        let (above, name) = tree::split(path);
        let Some(directory) = tree.open(above)? else {
            return way(tree, path, known);
        };
        if let Some(closed) = known.closed(directory, above) {
            return Ok(Place::Closed(closed));
        }
        let Some(found) = directory.stat_of(name)? else {
            return Ok(Place::Free);
        };
        Ok(match found.kind {
            Kind::File if self.is_published(path, &found, known.current) => {
                if directory.is_mount(name) {
                    return Ok(Place::Closed(refused(path.as_str(), "a mounted file")));
                }
                Place::Ours(found.signature.modified_at())
            }
            // The files in it are gone from the payload, which has a file here.
            Kind::Directory if known.directories.contains(path.as_str()) => {
                if known.will_be_empty(tree, path.as_str())? {
                    Place::Free
                } else {
                    Place::Closed(refused(path.as_str(), "a directory with something else in it"))
                }
            }
            kind => Place::Taken(refused(path.as_str(), kind.describe())),
        })
    }

    /// Whether a regular file was published. When the records are lost, the volume's owner tells.
    fn is_published(&self, path: &RelativePath, found: &Stat, current: &Current) -> bool {
        match &current.state {
            Some(state) => state.files.contains_key(path),
            None => current.records_lost && self.owner.owns(found),
        }
    }
}

/// What is on the way to a path whose directory cannot be opened.
fn way(tree: &mut Tree<'_>, path: &RelativePath, known: &Known<'_>) -> Result<Place, VolumeFailure> {
    let mut directories: Vec<_> = tree::directories_above(path).collect();
    directories.reverse();
    let mut above = "";
    for element in directories {
        let Some(directory) = tree.open(above)? else {
            break;
        };
        let name = &element[if above.is_empty() { 0 } else { above.len() + 1 }..];
        let Some(found) = directory.stat_of(name)?.map(|found| found.kind) else {
            return Ok(known.free(directory, above));
        };
        match found {
            Kind::Directory => above = element,
            // Gone from the payload, which needs a directory here.
            Kind::File if known.is_intact(element) => return Ok(known.free(directory, above)),
            kind => return Ok(Place::Taken(refused(element, kind.describe()))),
        }
    }
    let found = tree.hidden(above)?.unwrap_or(tree::CLOSED);
    Ok(Place::Closed(refused(above, found)))
}

fn refused(name: &str, found: &str) -> RefusedName {
    RefusedName {
        name: name.to_owned(),
        found: found.to_owned(),
    }
}
