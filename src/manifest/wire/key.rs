//! Public parts of keys.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::Version;
use crate::domain::mode::FileMode;
use crate::domain::object::{GroupName, ObjectName, VaultName};
use crate::domain::path::RelativePath;
use crate::manifest::field::{Optional, Required, Text};
use crate::manifest::scalar::{HistoryCount, Interval};

/// The public part of one key, written to one file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] })))]
pub(in crate::manifest) struct KeyEntry {
    /// Name of the key.
    pub(in crate::manifest) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(in crate::manifest) vault: Optional<Text<VaultName>>,
    /// Path of the file in the volume. When absent, the name of the key.
    #[serde(default)]
    pub(in crate::manifest) path: Optional<Text<RelativePath>>,
    /// Form of the file.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "pem")))]
    pub(in crate::manifest) format: Optional<KeyFormat>,
    /// Which version: `latest`, `latestEnabled` (an older one while the current one is disabled), the identifier of one
    /// version, which is then fetched once, or a mapping.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "latest")))]
    pub(in crate::manifest) version: Optional<Version>,
    /// How many of the newest enabled versions are written, from 1 to 50: the newest to `PATH/0`, the one before it to
    /// `PATH/1`, and so on. Not with one version.
    #[serde(default)]
    pub(in crate::manifest) history: Optional<Text<HistoryCount>>,
    /// Whether start-up waits for it.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = true)))]
    pub(in crate::manifest) required: Optional<bool>,
    /// Name that entries share which move together or not at all.
    #[serde(default)]
    pub(in crate::manifest) together: Optional<Text<GroupName>>,
    /// The old name of `together`; `check` warns of it. The group that files belong to is `volume.group`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("deprecated" = true)))]
    pub(in crate::manifest) group: Optional<Text<GroupName>>,
    /// Mean time after which it is asked for again, from `10s` to `24h`. When absent, `refresh.interval`. Where several entries
    /// need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(in crate::manifest) interval: Optional<Text<Interval>>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(in crate::manifest) mode: Optional<Text<FileMode>>,
}

/// Forms of a public key.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(in crate::manifest) enum KeyFormat {
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
