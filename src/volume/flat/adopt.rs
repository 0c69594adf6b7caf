//! Finds the directories that must have been made for the files, when the records are lost.

use std::collections::BTreeSet;

use nix::unistd::Uid;

use super::onlooker::{Current, Onlooker};
use crate::domain::path::RelativePath;
use crate::ports::VolumeFailure;
use crate::volume::tree::{self, Tree};

impl Onlooker<'_> {
    /// The directories on the way to `paths` that are just as this process makes them, and to which it may not write as
    /// they are. Were they taken for somebody else's, the files in them could never be replaced again; all others can be
    /// used, whosesoever they are.
    pub(super) fn adopted(
        &self,
        paths: &[&RelativePath],
        current: &Current,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let mut adopted = BTreeSet::new();
        if !current.records_lost {
            return Ok(adopted);
        }
        let mut tree = Tree::new(self.root);
        for name in tree::directories(paths.iter().copied()) {
            let Some(directory) = tree.open(name)? else {
                continue;
            };
            let found = directory.stat()?;
            let is_own = found.uid == Uid::effective().as_raw() && self.owner.owns_directory(&found);
            if is_own && !directory.may_change() {
                adopted.extend(RelativePath::parse(name));
            }
        }
        Ok(adopted)
    }
}
