//! The links in the root: `NAME -> ..data/NAME`, one for each first path element.
//!
//! Invariant: a link is ours when it has exactly that target. Anything else at one of our names is foreign; it is
//! reported, and never followed, replaced or removed.

use std::collections::BTreeSet;
use std::path::Path;

use super::DATA;
use crate::domain::path::RelativePath;
use crate::domain::payload::RefusedName;
use crate::ports::VolumeFailure;
use crate::volume::directory::Directory;

/// The link to the next one, until it is renamed.
pub(super) const STAGED: &str = "..data_tmp";

/// Where the user-visible link of a first path element points.
fn target_of(name: &str) -> String {
    format!("{DATA}/{name}")
}

/// The first path elements of a generation: what stands at its top, apart from our own files.
pub(super) fn names_in(generation: &Directory) -> Result<BTreeSet<String>, VolumeFailure> {
    let entries = generation.entries()?.into_iter();
    let names = entries.filter_map(|entry| entry.into_string().ok());
    Ok(names.filter(|name| !name.starts_with("..")).collect())
}

/// The first path elements of these paths.
pub(super) fn names_of<'p>(paths: impl Iterator<Item = &'p RelativePath>) -> BTreeSet<String> {
    paths.map(|path| path.first_element().to_owned()).collect()
}

/// What stands at a name in the root.
enum Found {
    Nothing,
    Ours,
    Foreign(RefusedName),
}

fn look(root: &Directory, name: &str) -> Result<Found, VolumeFailure> {
    if is_ours(root, name)? {
        return Ok(Found::Ours);
    }
    Ok(root.stat_of(name)?.map_or(Found::Nothing, |found| {
        Found::Foreign(RefusedName {
            name: name.to_owned(),
            found: found.kind.describe().to_owned(),
        })
    }))
}

/// Gives the names that are taken by something foreign.
pub(super) fn refused(root: &Directory, names: &BTreeSet<String>) -> Result<Vec<RefusedName>, VolumeFailure> {
    let mut refused = Vec::new();
    for name in names {
        if let Found::Foreign(found) = look(root, name)? {
            refused.push(found);
        }
    }
    Ok(refused)
}

/// Makes the links that are missing; gives the names that are taken by something foreign.
pub(super) fn make_missing(
    root: &Directory,
    names: &BTreeSet<String>,
    mut announce: impl FnMut(&Path) -> Result<(), VolumeFailure>,
) -> Result<Vec<RefusedName>, VolumeFailure> {
    let mut refused = Vec::new();
    for name in names {
        match look(root, name)? {
            Found::Ours => {}
            Found::Nothing => {
                announce(&root.path_of(name))?;
                root.make_link(&target_of(name), name)?;
            }
            Found::Foreign(found) => refused.push(found),
        }
    }
    Ok(refused)
}

/// Removes our links whose name is not among `names`.
pub(super) fn remove_stale(
    root: &Directory,
    names: &BTreeSet<String>,
    mut announce: impl FnMut(&Path) -> Result<(), VolumeFailure>,
) -> Result<(), VolumeFailure> {
    for entry in root.entries()? {
        let Some(name) = entry.to_str() else { continue };
        if !name.starts_with("..") && !names.contains(name) && is_ours(root, name)? {
            announce(&root.path_of(name))?;
            root.remove(name)?;
        }
    }
    Ok(())
}

fn is_ours(root: &Directory, name: &str) -> Result<bool, VolumeFailure> {
    let target = root.read_link(name)?;
    Ok(target.is_some_and(|target| target.to_str() == Some(&target_of(name))))
}
