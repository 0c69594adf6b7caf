//! Says which published files stay because what replaces them does not come.
//!
//! Invariant: no published file is removed while a file that takes its bytes along, or its place, is refused or lost.
//!
//! Nothing of this is reached by a payload that leaves out what [`crate::ports::Volume::refused`] tells, unless something
//! comes in between; [the module](super) lists the races.

use std::collections::{BTreeMap, BTreeSet};

use super::places::Places;
use super::redo::Redo;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::ports::VolumeFailure;
use crate::volume::inspect::Inspection;
use crate::volume::tree::{self, Tree};

/// What is told of a path that cannot be written because a published file stays.
const KEPT: &str = "a published file whose own new path is refused";

/// Files that leave, and files that come.
#[derive(Debug, Default)]
struct Exchange<'p> {
    /// Published files that are no longer wanted, as published.
    gone: BTreeSet<&'p str>,
    /// New files, each with the published file that its bytes are taken from.
    new: BTreeMap<&'p str, Option<&'p str>>,
    /// Those of the new files that do not come.
    absent: BTreeSet<&'p str>,
}

impl<'p> Exchange<'p> {
    /// The files that have to stay. What cannot come because they stay becomes absent, which may keep others.
    fn held(&mut self) -> BTreeSet<&'p str> {
        loop {
            let sources: BTreeSet<_> = self
                .absent
                .iter()
                .filter_map(|path| *self.new.get(path)?)
                .collect();
            let gone = self.gone.iter().copied();
            let held: BTreeSet<_> = gone
                .filter(|path| sources.contains(path) || meets(path, &self.absent))
                .collect();
            if !self.block(&held) {
                return held;
            }
        }
    }

    /// Makes absent what cannot be where `held` stays; says whether there was any.
    fn block(&mut self, held: &BTreeSet<&'p str>) -> bool {
        let before = self.absent.len();
        let new = self.new.keys().copied();
        self.absent.extend(new.filter(|path| meets(path, held)));
        self.absent.len() > before
    }
}

/// Whether `path` is above or below one of `others`: where one of the two is a file, the other cannot be.
fn meets(path: &str, others: &BTreeSet<&str>) -> bool {
    let below = format!("{path}/");
    let next = others.range(below.as_str()..).next();
    next.is_some_and(|other| other.starts_with(&below))
        || tree::above(path).any(|above| others.contains(above))
}

impl Places {
    /// Keeps the published files whose replacement is refused, and refuses what would need their place: for what appeared
    /// after the question, and before anything is written.
    pub(super) fn hold(&mut self, payload: &Payload, publication: &Publication, inspection: &Inspection) {
        let paths = publication.written.iter();
        let absent: BTreeSet<_> = paths
            .filter(|path| self.refuse(path))
            .map(RelativePath::as_str)
            .collect();
        if absent.is_empty() {
            return;
        }
        let gone = publication.removed.iter();
        let new = publication.written.iter().map(|path| {
            let source = payload.files.get(path).and_then(|file| match &file.bytes {
                FileBytes::Published(at) => Some(at.as_str()),
                FileBytes::Write(_) => None,
            });
            (path.as_str(), source)
        });
        let mut exchange = Exchange {
            gone: gone
                .filter(|path| inspection.intact.contains_key(*path))
                .map(RelativePath::as_str)
                .collect(),
            new: new.collect(),
            absent,
        };
        let held = exchange.held();
        for path in &publication.written {
            if exchange.absent.contains(path.as_str()) && !self.refuse(path) {
                self.close(path.as_str(), KEPT);
            }
        }
        let held = publication
            .removed
            .iter()
            .filter(|path| held.contains(path.as_str()));
        self.held = held.cloned().collect();
    }
}

impl<'a> Redo<'a> {
    /// Finds out which of the files that are gone have to stay, for what appeared after the commit. After damage all of them do, since it cannot be told
    /// what they would have been replaced by; the next publish removes what is not wanted.
    pub(super) fn hold(&mut self, gone: &[&'a RelativePath]) -> Result<(), VolumeFailure> {
        if self.refused.is_empty() && self.lost.is_empty() {
            return Ok(());
        }
        let mut exchange = Exchange::default();
        for (path, staged) in &self.intent.staged {
            let source = staged.copy_of.as_ref().map(RelativePath::as_str);
            exchange.new.insert(path.as_str(), source);
            if self.refuses(path) || self.lost.contains(path) {
                exchange.absent.insert(path.as_str());
            }
        }
        let mut tree = Tree::new(&self.root.dir);
        for path in gone {
            let (above, name) = tree::split(path);
            if let Some(directory) = tree.open(above)?
                && let Some(entry) = self.state.files.get(*path)
                && self
                    .inspector
                    .intact((directory, name), path, entry, &self.state.digest_key)?
                    .is_some()
            {
                exchange.gone.insert(path.as_str());
            }
        }
        if self.lost.is_empty() {
            self.held = exchange.held();
        } else {
            self.held.clone_from(&exchange.gone);
            exchange.block(&self.held);
        }
        for path in self.intent.staged.keys() {
            if exchange.absent.contains(path.as_str()) && !self.refuses(path) && !self.lost.contains(path) {
                self.refuse(path, KEPT);
            }
        }
        Ok(())
    }
}
