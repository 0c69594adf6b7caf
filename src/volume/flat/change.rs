//! Says what a publish comes to (step 4): what differs, what stands in the way, and what stays for that.

use std::collections::BTreeSet;

use super::look::{Current, Onlooker};
use super::places::Places;
use crate::domain::hook::Outbox;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::domain::plan::{Exchange, STAYS};
use crate::ports::VolumeFailure;
use crate::volume::compare::{self, check_paths, compare};
use crate::volume::inspect::Inspection;
use crate::volume::stat::Kind;
use crate::volume::tree::{self, Tree};

/// What a publish comes to, unless something comes in between.
#[derive(Debug)]
pub(super) struct Change {
    /// What has to change. Files that are to be removed may be gone already; nothing is said of refused names.
    pub(super) publication: Publication,
    /// The paths that get a new file: of those with new bytes, and of those with another mode or owner.
    pub(super) coming: BTreeSet<RelativePath>,
    pub(super) places: Places,
    /// Files that the payload does not have, and that stay recorded all the same.
    pub(super) stay: BTreeSet<RelativePath>,
    /// What is still to be told then.
    pub(super) outbox: Outbox,
    /// Whether anything has to be written, be it only to the state file.
    pub(super) differs: bool,
}

impl Onlooker<'_> {
    /// Says what a publish of `payload` would do to what is there.
    pub(in crate::volume) fn foretell(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.path())?;
        self.as_it_is(|this, current| {
            let (change, inspection) = this.change(payload, current)?;
            let mut publication = change.publication;
            publication
                .removed
                .retain(|path| inspection.intact.contains_key(path));
            publication.refused.extend(change.places.refused().cloned());
            Ok(publication)
        })
    }

    /// Compares `payload` with what is published, and with what stands in the way.
    pub(super) fn change(
        &mut self,
        payload: &Payload,
        current: &Current,
    ) -> Result<(Change, Inspection), VolumeFailure> {
        let inspection = self.inspect(current.state.as_ref())?;
        let difference = compare(payload, current.state.as_ref(), &inspection, self.root.path())?;
        let mut publication = difference.publication;
        let mut coming = coming(payload, &publication, &inspection);
        let mut places = Places::at(self, &coming, current, &inspection)?;
        let mut stay = not_replaced(&mut places, payload, &publication, &inspection);
        coming.retain(|path| !places.refuses(path));
        publication.written.retain(|path| !places.refuses(path));
        publication.adjusted.retain(|path| !places.refuses(path));
        stay.append(&mut self.edited(payload, &publication.removed, &inspection)?);
        publication.removed.retain(|path| !stay.contains(path));
        // Recorded, and now somebody else's: it must not count as ours when a file stands there again.
        let mut recorded = current.state.iter().flat_map(|state| state.files.keys());
        let shrinks = recorded.any(|path| places.is_foreign(path));
        let (outbox, outbox_differs) = compare::outbox(payload, &publication, current.state.as_ref());
        let change = Change {
            differs: publication != Publication::default()
                || difference.records_differ
                || outbox_differs
                || shrinks,
            outbox,
            publication,
            coming,
            places,
            stay,
        };
        Ok((change, inspection))
    }

    /// Recorded files that were edited since, at paths that an entry still has although it brings no bytes now. They
    /// stay recorded: when the entry brings bytes again, they are replaced, and do not count as somebody else's.
    fn edited(
        &self,
        payload: &Payload,
        removed: &[RelativePath],
        inspection: &Inspection,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let mut edited = BTreeSet::new();
        let mut tree = Tree::new(self.root);
        for path in removed {
            if !payload.wanted.contains(path) || inspection.intact.contains_key(path) {
                continue;
            }
            let (above, name) = tree::split(path);
            let is_hidden = tree.hidden(above)?.is_some();
            let found = match tree.open(above)? {
                Some(directory) => directory.stat_of(name)?,
                None => None,
            };
            if is_hidden || found.is_some_and(|found| found.kind == Kind::File) {
                edited.insert(path.clone());
            }
        }
        Ok(edited)
    }
}

/// The paths that need a new file. Where only a directory is not as declared, the files in it stay.
fn coming(payload: &Payload, publication: &Publication, inspection: &Inspection) -> BTreeSet<RelativePath> {
    let differs = |path: &&RelativePath| match (inspection.intact.get(*path), payload.files.get(*path)) {
        (Some(found), Some(wanted)) => !found.file_matches || found.mode != wanted.mode,
        _ => true,
    };
    let adjusted = publication.adjusted.iter().filter(differs);
    publication.written.iter().chain(adjusted).cloned().collect()
}

/// The first race of [the module's list](super): the published files that stay since what replaces them is refused. What would
/// need their place is refused as well.
fn not_replaced(
    places: &mut Places,
    payload: &Payload,
    publication: &Publication,
    inspection: &Inspection,
) -> BTreeSet<RelativePath> {
    let absent: BTreeSet<_> = publication
        .written
        .iter()
        .filter(|path| places.refuses(path))
        .collect();
    if absent.is_empty() {
        return BTreeSet::new();
    }
    let leaving = publication.removed.iter();
    let exchange = Exchange {
        leaving: leaving
            .filter(|path| inspection.intact.contains_key(*path))
            .collect(),
        coming: publication
            .written
            .iter()
            .map(|path| (path, source(payload, path)))
            .collect(),
    };
    let standstill = exchange.without(absent);
    for path in standstill.absent {
        if !places.refuses(path) {
            places.refuse(path, STAYS);
        }
    }
    standstill.stays.into_iter().cloned().collect()
}

/// The published file from which the bytes of a new one come.
fn source<'p>(payload: &'p Payload, path: &RelativePath) -> Option<&'p RelativePath> {
    match &payload.files.get(path)?.bytes {
        FileBytes::Published(at) => Some(at),
        FileBytes::Write(_) => None,
    }
}

impl Change {
    /// Whether a file is written or removed, and not only a record or a directory differs.
    pub(super) fn writes_files(&self) -> bool {
        !(self.coming.is_empty() && self.publication.removed.is_empty())
    }
}
