//! An object that the manifest names, and the files made of it.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::certificate::CertificateContent;
use super::key::KeyFormat;
use super::secret::SecretForm;
use crate::domain::mode::FileMode;
use crate::domain::object::{GroupName, ObjectId, VersionId};
use crate::domain::path::RelativePath;

/// Most versions of a history.
pub const MAX_HISTORY: u16 = 50;

/// One object and the files made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSpec {
    /// What is fetched.
    pub wanted: Wanted,
    /// How many of the newest enabled versions are written, as `PATH/0` (the newest), `PATH/1` and so on; one version,
    /// at `PATH` itself, when absent.
    pub history: Option<NonZeroU16>,
    /// Whether start-up and `once` wait for it.
    pub required: bool,
    /// The entries that it moves together with.
    pub group: Option<GroupName>,
    /// Mean time after which it is asked for again: the entry's own, or that of `refresh`. Where several entries need one
    /// object, the shortest of theirs counts.
    pub interval: Duration,
    /// The files, at least one.
    pub files: Vec<FileSpec>,
}

/// An object, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// The object.
    pub object: ObjectId,
    /// The version of it.
    pub version: VersionPolicy,
}

/// Which version of an object the manifest asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VersionPolicy {
    /// The current version: the newest, enabled or not.
    #[default]
    Latest,
    /// The newest version that is enabled.
    LatestEnabled,
    /// The newest enabled version that was made before this time.
    CreatedBefore(#[serde(with = "time::serde::rfc3339")] OffsetDateTime),
    /// One version for ever; it is immutable, so it is fetched once.
    Exact(VersionId),
}

impl VersionPolicy {
    /// Whether a version that was made at this time may be taken, as far as its time tells.
    pub fn allows(&self, created: Option<OffsetDateTime>) -> bool {
        match self {
            Self::CreatedBefore(time) => created.is_some_and(|created| created < *time),
            Self::Latest | Self::LatestEnabled | Self::Exact(_) => true,
        }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Where, in the volume.
    pub path: RelativePath,
    /// What of the object.
    pub content: Content,
    /// Its mode: the entry's own, or the volume's `fileMode`.
    pub mode: FileMode,
}

/// What of an object is written, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// The value of a secret.
    Secret(SecretForm),
    /// Parts of a certificate.
    Certificate(CertificateContent),
    /// The public part of a key.
    Key(KeyFormat),
    /// What Key Vault says of a version, as JSON, without its value.
    Metadata,
    /// Several objects, put together by the template with this digest.
    Template(String),
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object)?;
        match &self.version {
            VersionPolicy::Latest => Ok(()),
            VersionPolicy::LatestEnabled => f.write_str("/latestEnabled"),
            VersionPolicy::CreatedBefore(time) => {
                let time = time.format(&Rfc3339).map_err(|_| fmt::Error)?;
                write!(f, "/createdBefore {time}")
            }
            VersionPolicy::Exact(version) => write!(f, "/{version}"),
        }
    }
}
