//! Files made of several objects.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::Encoding;
use crate::field::{Optional, Required, Text};
use crate::scalar::{AnyText, Interval};
use domain::desired::JsonPointer;
use domain::mode::FileMode;
use domain::object::{GroupName, ObjectName, VaultName};
use domain::path::RelativePath;

/// One file made of several objects: by a template, or as a list of keys and values.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] }, "oneOf" = [{ "required": ["template"] }, { "required": ["format", "values"] }])))]
pub(crate) struct TemplateEntry {
    /// Path of the file in the volume.
    pub(crate) path: Required<Text<RelativePath>>,
    /// The template. It names its objects: `{{ secret("NAME") }}`.
    #[serde(default)]
    pub(crate) template: Optional<Text<AnyText>>,
    /// Instead of `template`: the format in which `values` are written.
    #[serde(default)]
    pub(crate) format: Optional<CombinedFormat>,
    /// Keys and values, in the order of the file. Only with `format`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(crate) values: Optional<Vec<Required<TemplateValue>>>,
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
    /// Mean time after which its objects are asked for again, from `10s` to `24h`. When absent,
    /// `refresh.interval`. Where several entries need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(crate) interval: Optional<Text<Interval>>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(crate) mode: Optional<Text<FileMode>>,
}

/// Formats of keys and values.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum CombinedFormat {
    /// Lines of `KEY=value`, quoted for shells and for `.env` readers.
    Dotenv,
    /// Lines of `key=value` as `java.util.Properties` reads them.
    Properties,
    /// One object.
    Json,
    /// One mapping.
    Yaml,
}

/// One key and its value.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TemplateValue {
    /// The key, as the file has it.
    pub(crate) key: Required<Text<AnyText>>,
    /// Name of the secret.
    pub(crate) secret: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
    /// How the value is decoded first. When absent, the secret's tag `file-encoding` says so.
    #[serde(default)]
    pub(crate) encoding: Optional<Encoding>,
    /// JSON pointer (RFC 6901): the value is JSON, and this part of it is taken.
    #[serde(default)]
    pub(crate) property: Optional<Text<JsonPointer>>,
    /// Whether white space at both ends is removed.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) trim: Optional<bool>,
}
