//! Compares what is wanted with what is published (step 4). Reads nothing and changes nothing.

use std::io;
use std::path::Path;

use super::failure::{failed_with_hint, refused};
use super::observe::Inspection;
use super::recover::Current;
use super::tree;
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Payload, Publication};
use crate::ports::VolumeFailure;

/// How far the published set is from the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// They are the same.
    None,
    /// Bytes, modes and owners are the same; records are not.
    Records,
    /// A new generation is needed.
    Files,
}

/// Compares; the publication is what a new generation would change.
pub(super) fn compare(
    payload: &Payload,
    current: Option<&Current>,
    inspection: &Inspection,
    root: &Path,
) -> Result<(Difference, Publication), VolumeFailure> {
    let state = current.and_then(|current| current.state.as_ref());
    let mut publication = Publication::default();
    let mut records_differ = false;
    for (path, file) in &payload.files {
        let published = inspection.intact.get(path);
        let recorded = state.and_then(|state| Some((state.files.get(path)?, &state.digest_key)));
        let (Some(published), Some((entry, key))) = (published, recorded) else {
            if file.bytes == FileBytes::Keep {
                return Err(not_there(root, path));
            }
            publication.written.push(path.clone());
            continue;
        };
        let bytes_differ = match &file.bytes {
            FileBytes::Write(bytes) => key.digest(bytes.expose()) != entry.digest,
            FileBytes::Keep => false,
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

    let set_differs = !(publication.written.is_empty()
        && publication.adjusted.is_empty()
        && publication.removed.is_empty());
    let generation_differs =
        current.is_some_and(|current| current.state.is_none() || !inspection.top_matches);
    let difference = if set_differs || generation_differs {
        Difference::Files
    } else if records_differ {
        Difference::Records
    } else {
        Difference::None
    };
    Ok((difference, publication))
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
        Err(refused(
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
