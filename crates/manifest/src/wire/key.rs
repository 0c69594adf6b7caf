//! Public parts of keys.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::Version;
use crate::field::{Optional, Required, Text};
use crate::scalar::{HistoryCount, Interval};
use domain::mode::FileMode;
use domain::object::{GroupName, ObjectName, VaultName};
use domain::path::RelativePath;

/// The public part of one key, written to one file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] })))]
pub(crate) struct KeyEntry {
    /// Name of the key.
    pub(crate) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
    /// Path of the file in the volume. When absent, the name of the key.
    #[serde(default)]
    pub(crate) path: Optional<Text<RelativePath>>,
    /// Form of the file.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "pem")))]
    pub(crate) format: Optional<KeyFormat>,
    /// Which version: `latest`, `latestEnabled` (an older one while the current one is disabled), the identifier of one
    /// version, which is then fetched once, or a mapping.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "latest")))]
    pub(crate) version: Optional<Version>,
    /// How many of the newest enabled versions are written, from 1 to 50: the newest to `PATH/0`, the one before it to
    /// `PATH/1`, and so on. Not with one version.
    #[serde(default)]
    pub(crate) history: Optional<Text<HistoryCount>>,
    /// Whether start-up waits for it.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = true)))]
    pub(crate) required: Optional<bool>,
    /// Name that entries share which move together or not at all.
    #[serde(default)]
    pub(crate) together: Optional<Text<GroupName>>,
    /// The old name of `together`; `check` warns of it. The group that files belong to is `volume.group`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("deprecated" = true)))]
    pub(crate) group: Optional<Text<GroupName>>,
    /// Mean time after which it is asked for again, from `10s` to `24h`. When absent, `refresh.interval`. Where several entries
    /// need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(crate) interval: Optional<Text<Interval>>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(crate) mode: Optional<Text<FileMode>>,
}

/// Forms of a public key.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum KeyFormat {
    /// `SubjectPublicKeyInfo` (RFC 5280), PEM.
    Pem,
    /// `SubjectPublicKeyInfo`, DER.
    Der,
    /// JSON Web Key (RFC 7517).
    Jwk,
    /// One line for OpenSSH: `authorized_keys`, `allowed_signers`, a `.pub` file.
    Ssh,
    /// Identifier, version, attributes and tags as JSON.
    Metadata,
}
