//! What a request was for, as every failure names it.

use std::fmt;

use crate::domain::object::{ObjectId, ObjectKind, Source, VaultId, VersionSelector};

use super::realm::Realm;

/// What is asked of a vault, and which one it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The object or the list.
    pub(super) subject: Subject<'a>,
    /// `HOST` or `HOST:PORT` of the vault.
    pub(super) host: &'a str,
    /// The part of Azure it belongs to.
    pub(super) realm: Realm,
}

/// What a request can be for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// One version of an object.
    Object(&'a Source),
    /// The list of an object's versions.
    Versions(&'a ObjectId),
    /// The list of a vault's secrets.
    Secrets(&'a VaultId),
}

impl<'a> Subject<'a> {
    /// The vault.
    pub(super) fn vault(self) -> &'a VaultId {
        match self {
            Self::Object(source) => &source.object.vault,
            Self::Versions(object) => &object.vault,
            Self::Secrets(vault) => vault,
        }
    }

    /// The sort of object as the manifest has it.
    pub(super) fn kind(self) -> ObjectKind {
        match self {
            Self::Object(source) => source.object.kind,
            Self::Versions(object) => object.kind,
            Self::Secrets(_) => ObjectKind::Secret,
        }
    }
}

impl Target<'_> {
    /// The sort of object that is requested on the wire: a certificate is read through its secret, whose versions
    /// are the certificate's.
    pub(super) fn wire_kind(&self) -> ObjectKind {
        match self.subject.kind() {
            ObjectKind::Secret | ObjectKind::Certificate => ObjectKind::Secret,
            ObjectKind::Key => ObjectKind::Key,
        }
    }

    /// Whether one version for ever was asked for.
    pub(super) fn is_pinned(&self) -> bool {
        matches!(self.subject, Subject::Object(source) if matches!(source.version, VersionSelector::Exact(_)))
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "vault {} ({}), {}",
            self.subject.vault(),
            self.host,
            self.subject
        )
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(Source {
                object,
                version: VersionSelector::Latest,
            }) => write!(f, "{} {}", object.kind, object.name),
            Self::Object(Source {
                object,
                version: VersionSelector::Exact(version),
            }) => write!(f, "{} {} version {version}", object.kind, object.name),
            Self::Versions(object) => write!(f, "versions of {} {}", object.kind, object.name),
            Self::Secrets(_) => f.write_str("list of secrets"),
        }
    }
}
