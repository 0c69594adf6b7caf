//! The set of files that a volume publishes in one step, and what it remembers of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::attribute_digest::AttributeDigest;
use super::desired::Content;
use super::hook::{Outbox, Telling};
use super::mode::FileMode;
use super::object::{Source, VersionId};
use super::path::RelativePath;
use super::secret::SecretBytes;
pub use super::validity::Validity;

/// Everything that shall be on the volume after a publish; what is not in it disappears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payload {
    /// By path.
    pub files: BTreeMap<RelativePath, PayloadFile>,
    /// The paths that entries have, also those of which there are no bytes now: what was published there and altered
    /// since is not somebody else's.
    pub wanted: BTreeSet<RelativePath>,
    /// What is to be told of this publish, and what is still to be told of earlier ones. It is recorded in the same step as
    /// the files: after a crash, what is published and what is to be told of it agree.
    pub telling: Telling,
}

/// One file of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadFile {
    /// Its bytes.
    pub bytes: FileBytes,
    /// Its mode.
    pub mode: FileMode,
    /// Where the bytes come from; kept in the state file.
    pub record: Arc<FileRecord>,
}

impl PayloadFile {
    /// Takes a path and what the volume has there; gives the file that stays so.
    pub fn unchanged(at: &RelativePath, found: &ObservedFile) -> Self {
        Self {
            bytes: FileBytes::Published(at.clone()),
            mode: found.mode,
            record: Arc::clone(&found.record),
        }
    }
}

/// Bytes of a payload file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileBytes {
    /// These.
    Write(SecretBytes),
    /// Those that the volume has at this path now, which may be another than the file's own.
    Published(RelativePath),
}

/// What the state file says of a published file; all that know of the file share it.
/// No value, and nothing from which one could be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRecord {
    /// What was made.
    pub content: Content,
    /// Of what: the object first, then passwords; for a template all that it names.
    pub inputs: Vec<InputRecord>,
    /// When what it was made of is valid.
    #[serde(default)]
    pub validity: Validity,
    /// When these versions were fetched first; whole seconds, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub fetched: OffsetDateTime,
    /// That a selection picked it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
}

/// That a selection picked the secret of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selected {
    /// The rule that picked it: what an edited rule leaves out goes at once.
    pub rule: String,
    /// Since when its file is held although the vault says that the secret is gone; UTC.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub held_since: Option<OffsetDateTime>,
}

impl FileRecord {
    /// The object that the file was made of, and its version; `None` for a template, which has several.
    pub fn object(&self) -> Option<(&Source, &VersionId)> {
        match (&self.content, self.inputs.first()) {
            (Content::Template(_), _) | (_, None) => None,
            (_, Some(record)) => match &record.input {
                Input::Object(source) => Some((source, &record.version)),
                Input::File(_) => None,
            },
        }
    }
}

/// Something that a file was made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InputRecord {
    /// What it is.
    pub input: Input,
    /// Its version. Of a password file: a keyed digest, in the form of a version.
    pub version: VersionId,
    /// What else of it the file takes; `facts` in a record.
    #[serde(default, rename = "facts", skip_serializing_if = "Option::is_none")]
    pub digest: Option<AttributeDigest>,
    /// When the vault last said that this version is the one asked for; whole seconds, UTC. Older records have none.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub confirmed: Option<OffsetDateTime>,
}

/// Something that a file is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Input {
    /// An object of a vault.
    Object(Source),
    /// A password file, absolute path.
    File(PathBuf),
}

/// What a volume has now: files that an earlier publish recorded and that are still as recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observation {
    /// By path. A recorded file that was removed or altered since is absent.
    pub files: BTreeMap<RelativePath, ObservedFile>,
    /// Whether files are published whose records cannot be read any more, so that none of them is in `files`.
    pub records_lost: bool,
    /// Names at which something foreign stands, so that nobody reaches what is published there: in the layout `atomic`,
    /// whose files are intact behind them. In `flat` it stands in the file's own place, so the file is not in `files`;
    /// this is empty then, and `ports::Volume::refused` tells.
    pub refused: Vec<RefusedName>,
    /// What was still to be told when the files were published.
    pub outbox: Outbox,
    /// Whether nothing was ever published here.
    pub is_new: bool,
}

impl Observation {
    /// Of a volume on which nothing was ever published.
    pub fn nothing() -> Self {
        Self {
            is_new: true,
            ..Self::default()
        }
    }
}

/// One file on the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedFile {
    /// What was recorded when it was published.
    pub record: Arc<FileRecord>,
    /// Whether mode is this one.
    pub mode: FileMode,
    /// Whether owner and group are those of the volume's specification.
    pub owner_matches: bool,
}

/// How long a replaced set is kept for who was reading it, unless the next one needs its room.
pub const REPLACED_SET_KEPT: Duration = Duration::from_secs(10);

/// What a publish did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// Paths whose bytes are new or different, in order.
    pub written: Vec<RelativePath>,
    /// Paths whose mode or owner changed while the bytes stayed, in order.
    pub adjusted: Vec<RelativePath>,
    /// Paths that disappeared, in order.
    pub removed: Vec<RelativePath>,
    /// Names at which something foreign stands. The files there, and those below, are not reachable, or not written.
    pub refused: Vec<RefusedName>,
}

impl Publication {
    /// The paths that hooks may hear of: those with other bytes, and those that disappeared.
    pub fn changed(&self) -> impl Iterator<Item = &RelativePath> {
        self.written.iter().chain(&self.removed)
    }
}

/// A name on the volume that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedName {
    /// Relative to the root. In the layout `atomic` a first path element; in `flat` the path of a file or of a
    /// directory on the way to it.
    pub name: String,
    /// What stands there: "a regular file", "a link to elsewhere", "a directory".
    pub found: String,
}

impl RefusedName {
    /// Whether a file at `path` is refused because of it: it stands at that path, or on the way there.
    pub fn covers(&self, path: &RelativePath) -> bool {
        let rest = path.as_str().strip_prefix(&self.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_name_covers_itself_and_what_is_below_it() {
        let refused = RefusedName {
            name: "tls/web".to_owned(),
            found: "a directory".to_owned(),
        };
        let covers = |path| refused.covers(&RelativePath::parse(path).expect("valid"));
        assert!(covers("tls/web") && covers("tls/web/tls.crt"));
        assert!(!covers("tls") && !covers("tls/web.crt") && !covers("web"));
    }
}
