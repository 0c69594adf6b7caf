//! The set of files that a volume publishes in one step, and what it remembers of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::mode::FileMode;
use super::object::{Source, VersionId};
use super::path::RelativePath;
use super::secret::SecretBytes;
use super::spec::Content;

/// Everything that shall be on the volume after a publish; what is not in it disappears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload {
    /// By path.
    pub files: BTreeMap<RelativePath, PayloadFile>,
}

/// One file of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadFile {
    /// Its bytes.
    pub bytes: FileBytes,
    /// Its mode.
    pub mode: FileMode,
    /// Where the bytes come from; kept in the state file.
    pub record: FileRecord,
}

/// Bytes of a payload file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileBytes {
    /// These.
    Write(SecretBytes),
    /// Those that the volume has at this path now.
    Keep,
}

/// What the state file says of a published file. No value, and nothing from which one could be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    /// What was asked for.
    pub source: Source,
    /// The version that the bytes are of.
    pub version: VersionId,
    /// What was made of it.
    pub content: Content,
    /// When this version was fetched first; whole seconds, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub fetched: OffsetDateTime,
}

/// What a volume has now: files that an earlier publish recorded and that are still as recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// By path. A recorded file that was removed or altered since is absent.
    pub files: BTreeMap<RelativePath, ObservedFile>,
    /// Whether files are published whose records cannot be read any more, so that none of them is in `files`.
    pub records_lost: bool,
}

/// One file on the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedFile {
    /// What was recorded when it was published.
    pub record: FileRecord,
    /// Whether mode is this one.
    pub mode: FileMode,
    /// Whether owner and group are those of the volume's specification.
    pub owner_matches: bool,
}

/// What a publish did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// Paths whose bytes are new or different, in order.
    pub written: Vec<RelativePath>,
    /// Paths whose mode or owner changed while the bytes stayed, in order.
    pub adjusted: Vec<RelativePath>,
    /// Paths that disappeared, in order.
    pub removed: Vec<RelativePath>,
    /// First path elements at which a foreign file or link stands; the files below them are not reachable.
    pub refused: Vec<RefusedName>,
}

/// A name in the volume's root that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedName {
    /// The first path element.
    pub name: String,
    /// What stands there: "a regular file", "a link to elsewhere", "a directory".
    pub found: String,
}
