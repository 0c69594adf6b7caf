//! What a vault's lists say of objects and versions. No list holds a value.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::object::{ObjectName, VersionId};

/// One object of a vault's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its name, in the case of the list.
    pub name: ObjectName,
    /// Whether its current version is enabled.
    pub enabled: bool,
    /// Whether Key Vault made it: the secret and the key behind a certificate.
    pub managed: bool,
    /// Tags of the current version.
    pub tags: BTreeMap<String, String>,
}

/// One version of an object's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVersion {
    /// Its identifier: the only thing that tells two versions of one second apart.
    pub version: VersionId,
    /// Whether it may be read.
    pub enabled: bool,
    /// When it was made, in whole seconds, UTC.
    pub created: Option<OffsetDateTime>,
}
