//! Certificates and the files made of them.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::secret::Version;
use crate::field::{Optional, Required, Text};
use crate::scalar::{AbsolutePath, HistoryCount, Interval};
use domain::desired::Alias;
use domain::mode::FileMode;
use domain::object::{GroupName, ObjectName, VaultName};
use domain::path::RelativePath;

/// One certificate and the files made of it; all come from one version.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("not" = { "required": ["together", "group"] })))]
pub(crate) struct CertificateEntry {
    /// Name of the certificate, or of a plain secret that holds one (PFX or PEM).
    pub(crate) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
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
    /// Mean time after which it is asked for again, and the secrets of `passwordFrom`, from `10s` to `24h`. When absent,
    /// `refresh.interval`. Where several entries need one object, the shortest of theirs counts.
    #[serde(default)]
    pub(crate) interval: Optional<Text<Interval>>,
    /// The files.
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(crate) files: Required<Vec<Required<CertificateFile>>>,
}

/// One file made of a certificate.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("allOf" = [
    { "if": { "required": ["order"] }, "then": { "properties": { "content": { "const": "bundle" } } } },
    { "if": { "required": ["legacy"] }, "then": { "properties": { "content": { "const": "pkcs12" } } } },
    { "if": { "required": ["format"] }, "then": { "properties": { "content": { "const": "truststore" } } } },
    { "if": { "required": ["keyFormat"] }, "then": { "properties": { "content": { "enum": ["privateKey", "bundle"] } } } },
    { "if": { "required": ["alias"] }, "then": { "properties": { "content": { "enum": ["pkcs12", "jks", "truststore"] } } } },
    { "if": { "required": ["passwordFrom"] }, "then": { "properties": { "content": { "enum": ["privateKey", "pkcs12", "jks", "truststore"] } } } },
    { "if": { "required": ["passwordFrom", "keyFormat"] }, "then": { "properties": { "keyFormat": { "const": "pkcs8" } } } },
    { "if": { "required": ["includeRoot"] }, "then": { "properties": { "content": { "enum": ["fullChain", "chain", "bundle", "pkcs12"] } } } },
])))]
pub(crate) struct CertificateFile {
    /// Path of the file in the volume.
    pub(crate) path: Required<Text<RelativePath>>,
    /// Which part of the certificate.
    pub(crate) content: Required<CertificatePart>,
    /// Whether the root is written after the intermediates, if the certificate's value holds it. Only with `fullChain`,
    /// `chain`, `bundle` and `pkcs12`.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = false)))]
    pub(crate) include_root: Optional<bool>,
    /// Which comes first in a bundle. Only with `bundle`, where `keyFirst` is the default.
    #[serde(default)]
    pub(crate) order: Optional<Order>,
    /// Structure of the private key. Only with `privateKey` and `bundle`, where `pkcs8` is the default.
    #[serde(default)]
    pub(crate) key_format: Optional<KeyForm>,
    /// Where the password comes from that protects the file: an encrypted PKCS#8 key, or a key store. Only with
    /// `privateKey`, `pkcs12`, `jks` and `truststore`; without it the key is not encrypted, and a store has the empty
    /// password.
    #[serde(default)]
    pub(crate) password_from: Optional<PasswordFrom>,
    /// Friendly name of the entry in a key store. Only with `pkcs12`, `jks` and `truststore`. When absent, the name of
    /// the certificate.
    #[serde(default)]
    pub(crate) alias: Optional<Text<Alias>>,
    /// Whether the store is written with 3DES and SHA-1, for readers that know nothing newer. Only with `pkcs12`.
    #[serde(default)]
    pub(crate) legacy: Optional<bool>,
    /// Sort of the store. Only with `truststore`, where `pkcs12` is the default.
    #[serde(default)]
    pub(crate) format: Optional<StoreFormat>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(crate) mode: Optional<Text<FileMode>>,
}

/// Parts of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum CertificatePart {
    /// The certificate, then its intermediates, PEM.
    FullChain,
    /// The certificate alone, PEM.
    Leaf,
    /// The intermediates alone, PEM.
    Chain,
    /// The certificate at the top of the chain, PEM: what a client has to trust.
    Ca,
    /// The private key, PEM.
    PrivateKey,
    /// Private key, certificate and intermediates in one PEM file.
    Bundle,
    /// The certificate alone, DER.
    Der,
    /// Private key, certificate and chain as PKCS#12 (PFX).
    Pkcs12,
    /// Private key, certificate and chain as a Java key store.
    Jks,
    /// The certificate at the top of the chain as a trust store for Java.
    Truststore,
    /// Identifier, version, attributes and tags as JSON; never the value.
    Metadata,
}

/// Orders of a bundle.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum Order {
    /// Private key, certificate, intermediates.
    KeyFirst,
    /// Certificate, intermediates, private key.
    KeyLast,
}

/// Structures of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum KeyForm {
    /// `PRIVATE KEY` (RFC 5208), of any algorithm.
    Pkcs8,
    /// `RSA PRIVATE KEY` (RFC 8017); refused for other keys.
    Pkcs1,
    /// `EC PRIVATE KEY` (RFC 5915); refused for other keys.
    Sec1,
}

/// Sorts of a trust store.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum StoreFormat {
    /// PKCS#12, which Java has read since version 8.
    Pkcs12,
    /// Java key store.
    Jks,
}

/// Where a password comes from.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend(
    "oneOf" = [{ "required": ["secret"] }, { "required": ["file"] }],
    "dependentRequired" = { "vault": ["secret"] },
)))]
pub(crate) struct PasswordFrom {
    /// Name of the secret whose value is the password; one line end after the password is not part of it.
    #[serde(default)]
    pub(crate) secret: Optional<Text<ObjectName>>,
    /// Name of the secret's vault, only with `secret`. When absent, the certificate's.
    #[serde(default)]
    pub(crate) vault: Optional<Text<VaultName>>,
    /// File with the password, read once an interval; one line end after the password is not part of it.
    #[serde(default)]
    pub(crate) file: Optional<Text<AbsolutePath>>,
}
