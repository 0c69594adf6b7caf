//! An object, and which of its versions the manifest asks for.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::object::{ObjectId, VersionId};

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
