//! The published set as a source of bytes.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use super::compare::not_there;
use super::digest::Digest;
use super::directory::Directory;
use super::state::State;
use super::tree::{self, Tree};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;

/// Reads published files, and gives only bytes that still are those that were published.
#[derive(Debug)]
pub(super) struct PublishedSet<'a> {
    tree: Tree<'a>,
    state: Option<&'a State>,
    /// For messages.
    root: &'a Path,
}

impl<'a> PublishedSet<'a> {
    /// The files that `state` records, below `top`.
    pub(super) const fn new(top: &'a Directory, state: Option<&'a State>, root: &'a Path) -> Self {
        Self {
            tree: Tree::new(top),
            state,
            root,
        }
    }

    /// Copies the file at `at` with `write`, which makes a file and lets the given function fill it. Gives digest and
    /// length; fails when the bytes are others than those recorded, and what `write` made is then worth nothing.
    pub(super) fn copy(
        &mut self,
        at: &RelativePath,
        write: impl FnOnce(
            &mut dyn FnMut(&mut File) -> io::Result<(Digest, u64)>,
        ) -> Result<(Digest, u64), VolumeFailure>,
    ) -> Result<(Digest, u64), VolumeFailure> {
        let altered = || not_there(self.root, at);
        let state = self.state.ok_or_else(altered)?;
        let entry = state.files.get(at).ok_or_else(altered)?;
        let (directory, name) = tree::split(at);
        let directory = self.tree.open(directory)?.ok_or_else(altered)?;
        let mut source = directory.open_file(name)?.ok_or_else(altered)?;
        let copied = write(&mut |sink: &mut File| {
            source.rewind()?;
            state
                .digest_key
                .digest_stream(entry.length, &mut source, |chunk| sink.write_all(chunk))
        })?;
        if copied.0 == entry.digest {
            Ok(copied)
        } else {
            Err(altered())
        }
    }
}
