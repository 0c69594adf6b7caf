//! An object that the manifest names, and the files made of it.

use std::num::NonZeroU16;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::certificate::CertificateContent;
use super::key::KeyFormat;
use super::secret::SecretForm;
use super::wanted::Wanted;
use crate::mode::FileMode;
use crate::object::GroupName;
use crate::path::RelativePath;

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
