//! What a request was for, as every failure names it.

use std::fmt;

use crate::domain::object::{ObjectKind, Source, VersionSelector};

use super::realm::Realm;

/// An object at a vault.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// What the manifest asked for.
    pub(super) source: &'a Source,
    /// `HOST` or `HOST:PORT` of the vault.
    pub(super) host: &'a str,
    /// The part of Azure it belongs to.
    pub(super) realm: Realm,
}

impl Target<'_> {
    /// The sort of object that is requested on the wire: a certificate is read through its secret.
    pub(super) fn wire_kind(&self) -> ObjectKind {
        match self.source.object.kind {
            ObjectKind::Secret | ObjectKind::Certificate => ObjectKind::Secret,
            ObjectKind::Key => ObjectKind::Key,
        }
    }

    /// Whether one version for ever was asked for.
    pub(super) fn is_pinned(&self) -> bool {
        matches!(self.source.version, VersionSelector::Exact(_))
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.source.object;
        write!(
            f,
            "vault {} ({}), {} {}",
            object.vault, self.host, object.kind, object.name
        )?;
        match &self.source.version {
            VersionSelector::Latest => Ok(()),
            VersionSelector::Exact(version) => write!(f, " version {version}"),
        }
    }
}
