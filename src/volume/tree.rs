//! Walks from the top to the directories of files, one element at a time.

use std::cell::Cell;
use std::collections::BTreeSet;

use nix::errno::Errno;

use super::directory::{Directory, PRIVATE};
use super::failure::{error_number, failed, is_denied};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;

/// What a directory is that this process may not search.
pub(super) const NOT_SEARCHABLE: &str = "a directory that akv-sync may not enter";

/// Opens directories below `top`. It goes on from the last one, so that paths in order open each directory once.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    top: &'a Directory,
    last: Option<(String, Directory)>,
    /// What hides the directory that was looked at last. Each file of it asks.
    seen: Option<(String, Option<&'static str>)>,
}

impl<'a> Tree<'a> {
    pub(super) const fn new(top: &'a Directory) -> Self {
        Self {
            top,
            last: None,
            seen: None,
        }
    }

    /// Opens a directory, named relative to the top; `""` is the top. `None` when nothing, something else, what may not
    /// be entered or another mount is at any of its elements.
    pub(super) fn open(&mut self, directory: &str) -> Result<Option<&Directory>, VolumeFailure> {
        let reached = self.walk(directory, |parent, name| match parent.open(name) {
            Err(failure) if is_no_way(&failure) => Ok(None),
            opened => opened,
        })?;
        if reached.is_none() {
            return Ok(None);
        }
        if self.seen.as_ref().is_none_or(|(name, _)| name != directory) {
            let hidden = hides(self.top, self.reached(directory))?;
            self.seen = Some((directory.to_owned(), hidden));
        }
        let is_hidden = self.seen.as_ref().is_some_and(|(_, hides)| hides.is_some());
        Ok((!is_hidden).then(|| self.reached(directory)))
    }

    /// The directory that a walk has just ended at.
    fn reached(&self, directory: &str) -> &Directory {
        let last = self.last.as_ref().filter(|_| !directory.is_empty());
        last.map_or(self.top, |(_, last)| last)
    }

    /// What hides a directory that cannot be opened and may be there all the same.
    pub(super) fn hidden(&mut self, directory: &str) -> Result<Option<&'static str>, VolumeFailure> {
        let (top, hidden) = (self.top, Cell::new(None));
        let reached = self.walk(directory, |parent, name| match parent.open(name) {
            Err(failure) if is_denied(&failure) => {
                hidden.set(Some(NOT_SEARCHABLE));
                Ok(None)
            }
            Err(failure) if !is_no_way(&failure) => Err(failure),
            Ok(Some(directory)) => Ok(Some(directory)),
            _ => {
                hidden.set(hides(top, parent)?);
                Ok(None)
            }
        })?;
        reached.map_or(Ok(hidden.get()), |reached| hides(top, reached))
    }

    /// Opens a directory, making what is missing of it closed to everyone else.
    pub(super) fn make(&mut self, directory: &str) -> Result<&Directory, VolumeFailure> {
        let path = self.top.path_of(directory);
        self.walk(directory, |parent, name| match parent.make(name, PRIVATE) {
            Ok(()) => parent.open_made(name).map(Some),
            Err(Errno::EEXIST) => parent.open(name),
            Err(error) => Err(failed("create", parent.path_of(name), error)),
        })?
        .ok_or_else(|| failed("create", path, Errno::ENOENT))
    }

    fn walk(
        &mut self,
        directory: &str,
        step: impl Fn(&Directory, &str) -> Result<Option<Directory>, VolumeFailure>,
    ) -> Result<Option<&Directory>, VolumeFailure> {
        if directory.is_empty() {
            return Ok(Some(self.top));
        }
        let last = self.last.take();
        let (mut reached, mut rest) = match last {
            Some((name, last)) if name == directory => (Some(last), ""),
            Some((name, last)) if is_below(directory, &name) => (Some(last), &directory[name.len() + 1..]),
            _ => (None, directory),
        };
        while !rest.is_empty() {
            let (element, left) = rest.split_once('/').unwrap_or((rest, ""));
            let Some(next) = step(reached.as_ref().unwrap_or(self.top), element)? else {
                return Ok(None);
            };
            (reached, rest) = (Some(next), left);
        }
        self.last = reached.map(|reached| (directory.to_owned(), reached));
        Ok(self.last.as_ref().map(|(_, reached)| reached))
    }
}

/// Splits a path into its directory (`""` for none) and the name of the file.
pub(super) fn split(path: &RelativePath) -> (&str, &str) {
    split_name(path.as_str())
}

/// As [`split`], of a path that is known to be one.
pub(super) fn split_name(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The directories above a path, innermost first, without the top.
pub(super) fn directories_above(path: &RelativePath) -> impl Iterator<Item = &str> {
    above(path.as_str())
}

/// As [`directories_above`], of a path that is known to be one.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.rsplit_once('/')?.0;
        Some(rest)
    })
}

/// All directories of a set of paths, each after the directory that holds it, without the top.
pub(super) fn directories<'p>(paths: impl Iterator<Item = &'p RelativePath>) -> BTreeSet<&'p str> {
    paths.flat_map(directories_above).collect()
}

fn is_below(directory: &str, other: &str) -> bool {
    directory
        .strip_prefix(other)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// What a directory is, in and below which nothing can be done: what was put there before something was mounted over it
/// cannot be reached, and nothing can be renamed from one mount to the other; in a directory that can be listed and not
/// searched, nothing can even be looked at.
///
/// Below a mount there is no way back to the mount above it, and nothing can be opened below a directory that may not be
/// searched; so this need not be asked of each element of a path.
fn hides(top: &Directory, directory: &Directory) -> Result<Option<&'static str>, VolumeFailure> {
    if directory.is_mounted_below(top)? {
        return Ok(Some("a mounted file system"));
    }
    Ok((!directory.may_search()).then_some(NOT_SEARCHABLE))
}

fn is_no_way(failure: &VolumeFailure) -> bool {
    matches!(
        error_number(failure),
        Some(Errno::ENOTDIR | Errno::ELOOP | Errno::EACCES)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        RelativePath::parse(text).expect("valid")
    }

    #[test]
    fn every_directory_follows_the_one_that_holds_it() {
        let paths = [path("a/b/c"), path("a-b/c"), path("d"), path("a/e")];
        let directories: Vec<_> = directories(paths.iter()).into_iter().collect();
        assert_eq!(directories, ["a", "a-b", "a/b"]);
        assert_eq!(split(&paths[0]), ("a/b", "c"));
        assert_eq!(split(&paths[2]), ("", "d"));
    }
}
