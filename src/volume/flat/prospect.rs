//! Says what a publish would come to (step 4).

use std::collections::BTreeSet;

use super::onlooker::{Current, Onlooker};
use super::places::Places;
use super::staging;
use crate::domain::hook::Outbox;
use crate::domain::path::RelativePath;
use crate::domain::payload::{Observation, Payload, Publication, RefusedName};
use crate::ports::VolumeFailure;
use crate::volume::compare::{self, check_paths, compare};
use crate::volume::inspect::Inspection;
use crate::volume::stat::Kind;
use crate::volume::tree::{self, Tree};

/// What a publish comes to, unless something comes in between.
#[derive(Debug)]
pub(super) struct Prospect {
    /// What has to change. Files that are to be removed may be gone already; nothing is said of refused names.
    pub(super) publication: Publication,
    /// The paths that get a new file: of those with new bytes, and of those with another mode or owner.
    pub(super) coming: BTreeSet<RelativePath>,
    pub(super) places: Places,
    /// What is still to be told then.
    pub(super) outbox: Outbox,
    /// Whether anything has to be written, be it only to the state file.
    pub(super) differs: bool,
    inspection: Inspection,
}

impl Onlooker<'_> {
    /// Compares `payload` with what is published, and with what stands in the way.
    pub(super) fn prospect(
        &mut self,
        payload: &Payload,
        current: &Current,
    ) -> Result<Prospect, VolumeFailure> {
        let inspection = self.inspect(current.state.as_ref())?;
        let difference = compare(payload, current.state.as_ref(), &inspection, self.root.path())?;
        let mut publication = difference.publication;
        let mut coming = coming(payload, &publication, &inspection);
        let mut places = self.places(&coming, current, &inspection)?;
        places.hold(payload, &publication, &inspection);
        coming.retain(|path| !places.refuse(path));
        publication.written.retain(|path| !places.refuse(path));
        publication.adjusted.retain(|path| !places.refuse(path));
        places.altered = self.altered(payload, &publication.removed, &inspection)?;
        publication
            .removed
            .retain(|path| !places.held.contains(path) && !places.altered.contains(path));
        // Recorded, and now somebody else's: it must not be taken for ours when a file stands there again.
        let mut recorded = current.state.iter().flat_map(|state| state.files.keys());
        let shrinks = recorded.any(|path| places.forget(path));
        let (outbox, outbox_differs) = compare::outbox(payload, &publication, current.state.as_ref());
        Ok(Prospect {
            differs: publication != Publication::default()
                || difference.records_differ
                || outbox_differs
                || shrinks,
            outbox,
            publication,
            coming,
            places,
            inspection,
        })
    }

    /// Recorded files that were altered since, at paths that an entry still has although it brings no bytes now. They
    /// stay recorded: when the entry brings bytes again, they are replaced, and not taken for somebody else's.
    fn altered(
        &self,
        payload: &Payload,
        removed: &[RelativePath],
        inspection: &Inspection,
    ) -> Result<BTreeSet<RelativePath>, VolumeFailure> {
        let mut altered = BTreeSet::new();
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
                altered.insert(path.clone());
            }
        }
        Ok(altered)
    }

    /// Says what stands in the way at `paths`.
    pub(in crate::volume) fn refused(
        &mut self,
        paths: &BTreeSet<RelativePath>,
    ) -> Result<Vec<RefusedName>, VolumeFailure> {
        let mut current = self.current()?;
        let intent = current.state.as_mut().and_then(|state| state.intent.take());
        let inspection = match (&mut current.state, intent) {
            (Some(state), Some(intent)) => {
                let staging = self.root.open(staging::NAME)?;
                let inspection;
                (*state, inspection) = self.under_way(state, &intent, staging.as_ref())?;
                inspection
            }
            (state, _) => self.inspect(state.as_ref())?,
        };
        let places = self.places(paths, &current, &inspection)?;
        Ok(places.refused().cloned().collect())
    }

    /// Says what is there: after a crash in the middle of a publish, also its new files where they are in place.
    pub(in crate::volume) fn observe(&mut self) -> Result<Observation, VolumeFailure> {
        self.as_it_is(|this, current| {
            if current.state.is_none() && !current.records_lost {
                return Ok(Observation::nothing());
            }
            let inspection = this.inspect(current.state.as_ref())?;
            Ok(inspection.observed(current.state.clone()))
        })
    }

    /// Says what a publish of `payload` would do to what is there.
    pub(in crate::volume) fn foretell(&mut self, payload: &Payload) -> Result<Publication, VolumeFailure> {
        check_paths(payload, self.root.path())?;
        self.as_it_is(|this, current| {
            let prospect = this.prospect(payload, current)?;
            let mut publication = prospect.publication;
            let intact = &prospect.inspection.intact;
            publication.removed.retain(|path| intact.contains_key(path));
            publication.refused.extend(prospect.places.refused().cloned());
            Ok(publication)
        })
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
