//! Files made of several objects.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::Encoding;
use crate::domain::desired::JsonPointer;
use crate::domain::mode::FileMode;
use crate::domain::object::{GroupName, ObjectName, VaultName};
use crate::domain::path::RelativePath;
use crate::manifest::field::{Optional, Required, Text};
use crate::manifest::scalar::{AnyText, Interval};

/// One file made of several objects: by a template, or as a list of keys and values.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] }, "oneOf" = [{ "required": ["template"] }, { "required": ["format", "values"] }])))]
pub(in crate::manifest) struct TemplateEntry {
    /// Path of the file in the volume.
    pub(in crate::manifest) path: Required<Text<RelativePath>>,
    /// The template. It names its objects: `{{ secret("NAME") }}`.
    #[serde(default)]
    pub(in crate::manifest) template: Optional<Text<AnyText>>,
    /// Instead of `template`: the format in which `values` are written.
    #[serde(default)]
    pub(in crate::manifest) format: Optional<CombinedFormat>,
    /// Keys and values, in the order of the file. Only with `format`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(in crate::manifest) values: Optional<Vec<Required<TemplateValue>>>,
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
    /// Mean time after which its objects are asked for again, from `10s` to `24h`. When absent,
    /// `refresh.interval`. Where several entries need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(in crate::manifest) interval: Optional<Text<Interval>>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(in crate::manifest) mode: Optional<Text<FileMode>>,
}

/// Formats of keys and values.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(in crate::manifest) enum CombinedFormat {
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
pub(in crate::manifest) struct TemplateValue {
    /// The key, as the file has it.
    pub(in crate::manifest) key: Required<Text<AnyText>>,
    /// Name of the secret.
    pub(in crate::manifest) secret: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(in crate::manifest) vault: Optional<Text<VaultName>>,
    /// How the value is decoded first. When absent, the secret's tag `file-encoding` says so.
    #[serde(default)]
    pub(in crate::manifest) encoding: Optional<Encoding>,
    /// JSON pointer (RFC 6901): the value is JSON, and this part of it is taken.
    #[serde(default)]
    pub(in crate::manifest) property: Optional<Text<JsonPointer>>,
    /// Whether white space at both ends is removed.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(in crate::manifest) trim: Optional<bool>,
}
