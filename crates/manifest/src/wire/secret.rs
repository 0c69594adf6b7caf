//! Secrets, one by name or many by rule.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::field::{Choice, Optional, Required, Text};
use crate::scalar::{
    HistoryCount, Interval, NameGlob, NamePrefix, SelectLimit, TagRule, Timestamp, VersionWord,
};
use domain::desired::{JsonPointer, PathTemplate};
use domain::mode::FileMode;
use domain::object::{GroupName, ObjectName, VaultName};
use domain::path::RelativePath;

/// Most secrets of a selection when the manifest says nothing.
pub(crate) const DEFAULT_SELECT_LIMIT: &str = "100";

/// One secret, written to one file, or many secrets by one rule, written to one file each.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] }, "oneOf" = [{ "required": ["name"] }, { "required": ["select", "pathTemplate"] }], "allOf" = [
    {
        "if": { "required": ["content"], "properties": { "content": { "const": "metadata" } } },
        "then": { "not": { "anyOf": [
            { "required": ["encoding"] }, { "required": ["property"] }, { "required": ["trim"] }, { "required": ["newline"] },
        ] } },
    },
    {
        "if": { "required": ["select"] },
        "then": { "not": { "anyOf": [
            { "required": ["path"] }, { "required": ["version"] }, { "required": ["history"] }, { "required": ["content"] },
        ] } },
        "else": { "not": { "required": ["pathTemplate"] } },
    },
])))]
pub(crate) struct SecretEntry {
    /// Name of the secret.
    #[serde(default)]
    pub(crate) name: Optional<Text<ObjectName>>,
    /// Instead of `name`: the rule by which secrets are picked.
    #[serde(default)]
    pub(crate) select: Optional<Select>,
    /// Path of each file, with `{name}` or `{suffix}` (the name after `prefix`) in it. Only with `select`.
    #[serde(default)]
    pub(crate) path_template: Optional<Text<PathTemplate>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
    /// Path of the file in the volume. When absent, the name of the secret. Not with `select`.
    #[serde(default)]
    pub(crate) path: Optional<Text<RelativePath>>,
    /// What of the secret is written.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "value")))]
    pub(crate) content: Optional<SecretContent>,
    /// How the value is decoded before it is written. When absent, the secret's tag `file-encoding` says so, and
    /// without it the value is written as it is.
    #[serde(default)]
    pub(crate) encoding: Optional<Encoding>,
    /// JSON pointer (RFC 6901): the value is JSON, and this part of it is written; texts without quotes.
    #[serde(default)]
    pub(crate) property: Optional<Text<JsonPointer>>,
    /// Whether white space at both ends is removed.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) trim: Optional<bool>,
    /// Whether the file ends with a line feed, which is added where there is none.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) newline: Optional<bool>,
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
    /// Mean time after which it is asked for again, from `10s` to `24h`; with `select`, the list and each secret of it.
    /// When absent, `refresh.interval`. Where several entries need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(crate) interval: Optional<Text<Interval>>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(crate) mode: Optional<Text<FileMode>>,
}

/// Which secrets are picked. Every condition that is given must hold. Secrets behind certificates are left out.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("anyOf" = [{ "required": ["prefix"] }, { "required": ["glob"] }, { "required": ["tag"] }])))]
pub(crate) struct Select {
    /// What the name begins with; its case does not matter.
    #[serde(default)]
    pub(crate) prefix: Optional<Text<NamePrefix>>,
    /// What the whole name looks like: `*` stands for any number of characters, `?` for one.
    #[serde(default)]
    pub(crate) glob: Optional<Text<NameGlob>>,
    /// A tag that the current version has: `KEY=VALUE`, or `KEY` for any value.
    #[serde(default)]
    pub(crate) tag: Optional<Text<TagRule>>,
    /// Most secrets that may be picked, from 1 to 1000. When there are more, none is added.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = 100)))]
    pub(crate) limit: Optional<Text<SelectLimit>>,
    /// Whether the selection may lose all of its files when the vault says twice that all of its secrets are gone.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) may_be_empty: Optional<bool>,
}

/// A version by its name, or by a rule.
pub(crate) type Version = Choice<VersionWord, VersionByTime>;

/// The newest enabled version that was made before some time.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VersionByTime {
    /// The time (RFC 3339), such as `2026-01-31T12:00:00Z`.
    pub(crate) created_before: Required<Text<Timestamp>>,
}

/// What of a secret is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum SecretContent {
    /// The value.
    Value,
    /// Identifier, version, attributes and tags as JSON; never the value.
    Metadata,
}

/// Encodings of secrets.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum Encoding {
    /// The value as it is.
    #[serde(rename = "utf-8")]
    Utf8,
    /// The value is base64 (RFC 4648, section 4, padded; line ends and blanks are passed over); the decoded bytes are written.
    #[serde(rename = "base64")]
    Base64,
    /// The value is hexadecimal; the decoded bytes are written.
    #[serde(rename = "hex")]
    Hex,
}
