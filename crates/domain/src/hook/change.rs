//! One change, as hooks are told of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::object::{ObjectId, ObjectKind, ObjectName, VaultName, VersionId};
use crate::path::RelativePath;

/// An object of which files changed. No value, and nothing from which one could be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The manifest's name for its vault.
    pub vault: VaultName,
    /// Its collection.
    pub kind: ObjectKind,
    /// Its name.
    pub name: ObjectName,
    /// The version that is served now; none when its files are gone.
    pub version: Option<VersionId>,
    /// The version that the hook was told of last, as far as that is known; none of what is new.
    pub previous: Option<VersionId>,
    /// The files that changed, relative to the volume.
    pub paths: BTreeSet<RelativePath>,
}

impl Change {
    /// Of one file.
    pub fn new(
        object: &ObjectId,
        version: Option<VersionId>,
        previous: Option<VersionId>,
        path: RelativePath,
    ) -> Self {
        Self {
            vault: object.vault.name.clone(),
            kind: object.kind,
            name: object.name.clone(),
            version,
            previous,
            paths: BTreeSet::from([path]),
        }
    }

    /// Whether both are of one object.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.name, self.kind, &self.vault) == (&other.name, other.kind, &other.vault)
    }
}

/// Adds what happened in one publish, where an object may have several files. The first of them, by path, says which
/// versions: of a history that is the newest one.
pub(super) fn gather(changes: &mut Vec<Change>, change: Change) {
    match changes.iter_mut().find(|known| known.is_of(&change)) {
        Some(known) => known.paths.extend(change.paths),
        None => changes.push(change),
    }
}

/// Adds what happened later: the newer version counts, and the oldest that was told.
pub(super) fn follow(changes: &mut Vec<Change>, later: Change) {
    match changes.iter_mut().find(|known| known.is_of(&later)) {
        Some(known) => {
            known.version = later.version;
            known.paths.extend(later.paths);
        }
        None => changes.push(later),
    }
}

/// Takes away what was told; what happened since then stays, and starts from what was told.
pub(super) fn told(changes: &mut Vec<Change>, told: &[Change]) {
    changes.retain_mut(|change| {
        let Some(told) = told.iter().find(|told| told.is_of(change)) else {
            return true;
        };
        let is_newer = change.version != told.version || !change.paths.is_subset(&told.paths);
        change.previous.clone_from(&told.version);
        is_newer
    });
}
