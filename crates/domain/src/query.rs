//! What a pass asks of the outside.

use std::fmt;
use std::path::PathBuf;

use super::object::{ObjectId, Source, VaultId};
use super::payload::Input;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// A version of an object.
    Object(Source),
    /// The list of an object's versions.
    Versions(ObjectId),
    /// The list of a vault's secrets.
    Secrets(VaultId),
    /// A password file, absolute path.
    File(PathBuf),
}

impl Query {
    /// The vault that is asked, if one is.
    pub const fn vault(&self) -> Option<&VaultId> {
        match self {
            Self::Object(source) => Some(&source.object.vault),
            Self::Versions(object) => Some(&object.vault),
            Self::Secrets(vault) => Some(vault),
            Self::File(_) => None,
        }
    }

    /// Whether another answer may come when it is asked again.
    pub const fn may_change(&self) -> bool {
        match self {
            Self::Object(source) => source.version.may_change(),
            Self::Versions(_) | Self::Secrets(_) | Self::File(_) => true,
        }
    }

    /// The object that it is about, if it is about one.
    pub const fn object(&self) -> Option<&ObjectId> {
        match self {
            Self::Object(source) => Some(&source.object),
            Self::Versions(object) => Some(object),
            Self::Secrets(_) | Self::File(_) => None,
        }
    }

    /// Whether both are about one object. The key and the secret of a certificate bear its name, and count as it.
    pub fn shares_object(&self, other: &Self) -> bool {
        match (self.object(), other.object()) {
            (Some(one), Some(other)) => one.vault == other.vault && one.name == other.name,
            _ => self == other,
        }
    }
}

impl From<&Input> for Query {
    fn from(input: &Input) -> Self {
        match input {
            Input::Object(source) => Self::Object(source.clone()),
            Input::File(path) => Self::File(path.clone()),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(source) => write!(f, "{source}"),
            Self::Versions(object) => write!(f, "the versions of {object}"),
            Self::Secrets(vault) => write!(f, "the list of secrets of {vault}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(any(test, feature = "testing"))]
pub mod test_queries {
    //! Questions for tests.

    use super::Query;
    use crate::object::{ObjectId, ObjectKind, ObjectName, Source, VersionSelector};

    /// For the current version of a secret of the vault `app`.
    pub fn secret(name: &str) -> Query {
        Query::Object(Source {
            object: ObjectId {
                vault: crate::object::VaultId::named("app"),
                kind: ObjectKind::Secret,
                name: ObjectName::parse(name).expect("valid"),
            },
            version: VersionSelector::Latest,
        })
    }
}
