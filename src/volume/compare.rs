//! Compares what is wanted with what is published. Reads nothing and changes nothing.

use std::io;
use std::path::Path;

use super::failure::{failed_with_hint, unusable};
use super::inspect::Inspection;
use super::state::State;
use super::tree;
use crate::domain::hook::Outbox;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::ports::VolumeFailure;

/// How far the published set is from the wanted one.
#[derive(Debug)]
pub(super) struct Difference {
    /// What has to change. Nothing is known yet of names that are refused.
    pub(super) publication: Publication,
    /// Whether a record differs of a file whose bytes are there.
    pub(super) records_differ: bool,
}

/// What is still to be told once `publication` has happened, and whether that differs from what is recorded.
pub(super) fn outbox(payload: &Payload, publication: &Publication, state: Option<&State>) -> (Outbox, bool) {
    let outbox = payload.telling.outbox(publication.changed());
    let differs = match state {
        Some(state) => state.outbox != outbox,
        None => !outbox.is_empty(),
    };
    (outbox, differs)
}

/// Compares a payload with what was recorded and what of it is intact.
pub(super) fn compare(
    payload: &Payload,
    state: Option<&State>,
    inspection: &Inspection,
    root: &Path,
) -> Result<Difference, VolumeFailure> {
    let mut publication = Publication::default();
    let mut records_differ = false;
    for (path, file) in &payload.files {
        let published = inspection.intact.get(path);
        let recorded = state.and_then(|state| Some((state.files.get(path)?, &state.digest_key)));
        let (Some(published), Some((entry, key))) = (published, recorded) else {
            if let FileBytes::Published(at) = &file.bytes
                && !inspection.intact.contains_key(at)
            {
                return Err(not_there(root, at));
            }
            publication.written.push(path.clone());
            continue;
        };
        let bytes_differ = match &file.bytes {
            FileBytes::Write(bytes) => key.digest(bytes.expose()) != entry.digest,
            FileBytes::Published(at) if at == path => false,
            FileBytes::Published(at) => {
                let found = state.and_then(|state| state.files.get(at));
                let found = found.filter(|_| inspection.intact.contains_key(at));
                found.ok_or_else(|| not_there(root, at))?.digest != entry.digest
            }
        };
        if bytes_differ {
            publication.written.push(path.clone());
        } else if published.mode != file.mode || !published.owner_matches {
            publication.adjusted.push(path.clone());
        }
        records_differ |= entry.record != file.record;
    }
    let recorded = state.into_iter().flat_map(|state| state.files.keys());
    publication.removed = recorded
        .filter(|path| !payload.files.contains_key(path))
        .cloned()
        .collect();
    Ok(Difference {
        publication,
        records_differ,
    })
}

/// Refuses a payload in which one file would have to be a directory of another. The manifest has been checked for
/// that; a volume must not depend on it.
pub(super) fn check_paths(payload: &Payload, root: &Path) -> Result<(), VolumeFailure> {
    let directories = tree::directories(payload.files.keys());
    let conflict = payload
        .files
        .keys()
        .find(|path| directories.contains(path.as_str()));
    conflict.map_or(Ok(()), |path| {
        Err(unusable(
            "create",
            root.join(path.as_path()),
            "it is wanted as a file and as a directory",
            "give one of the two another path",
        ))
    })
}

/// A file that shall stay as it is was removed or altered since it was observed.
pub(super) fn not_there(root: &Path, path: &RelativePath) -> VolumeFailure {
    failed_with_hint(
        "keep",
        root.join(path.as_path()),
        io::Error::from(io::ErrorKind::NotFound),
        "the published file was removed or altered by another process; the next pass fetches it again",
    )
}
