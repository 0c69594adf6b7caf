//! The manifest as it is written: one type per mapping, one field per key. Schema and reference page come from here.
//!
//! A doc comment here is the description that users read. Rules that need more than one field are in
//! [`super::resolve`].

use schemars::JsonSchema;
use serde::Deserialize;

use super::field::{Optional, Required, Text};
use super::scalar::{
    AbsolutePath, AuthorityUrl, ClientId, DirectoryMode, HostName, Interval, ResourceId, TenantId, VaultUrl,
};
use crate::domain::mode::{FileMode, Principal};
use crate::domain::object::{ObjectName, VaultName, VersionSelector};
use crate::domain::path::RelativePath;

/// Mode of files when the manifest says nothing.
pub(super) const DEFAULT_FILE_MODE: &str = "0440";
/// Mode of directories when the manifest says nothing.
pub(super) const DEFAULT_DIR_MODE: &str = "0750";
/// Time between passes when the manifest says nothing.
pub(super) const DEFAULT_INTERVAL: &str = "2m";

/// Which objects of which vaults are written where, and how often they are fetched again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    { "required": ["secrets"], "properties": { "secrets": { "minItems": 1 } } },
    { "required": ["certificates"], "properties": { "certificates": { "minItems": 1 } } },
    { "required": ["keys"], "properties": { "keys": { "minItems": 1 } } },
]))]
pub(super) struct Manifest {
    /// Version of the manifest's format.
    #[expect(dead_code, reason = "it is checked by being read; there is one value")]
    pub(super) api_version: Required<ApiVersion>,
    /// Kind of the document.
    #[expect(dead_code, reason = "it is checked by being read; there is one value")]
    pub(super) kind: Required<Kind>,
    /// Who signs in to Microsoft Entra.
    #[serde(default)]
    pub(super) identity: Optional<Identity>,
    /// The vaults that objects are read from. When absent, the one vault is called `default` and its URL is the
    /// value of the environment variable `AZURE_KEYVAULT_RESOURCEENDPOINT`, which Azure's Service Connector sets.
    #[serde(default)]
    #[schemars(extend("minItems" = 1))]
    pub(super) vaults: Optional<Vec<Required<Vault>>>,
    /// Where the files go.
    pub(super) volume: Required<Volume>,
    /// When objects are fetched again.
    #[serde(default)]
    pub(super) refresh: Optional<Refresh>,
    /// Secrets, one file each. At least one secret, certificate or key is needed.
    #[serde(default)]
    pub(super) secrets: Optional<Vec<Required<SecretEntry>>>,
    /// Certificates with their chains and private keys.
    #[serde(default)]
    pub(super) certificates: Optional<Vec<Required<CertificateEntry>>>,
    /// Public parts of keys, one file each.
    #[serde(default)]
    pub(super) keys: Optional<Vec<Required<KeyEntry>>>,
}

/// Versions of the format.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum ApiVersion {
    #[serde(rename = "akv-sync/v1")]
    V1,
}

/// Kinds of document.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum Kind {
    SyncManifest,
}

/// Which credential signs in. What is not given comes from the environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Identity {
    /// The sort of credential.
    #[serde(default, rename = "type")]
    #[schemars(extend("default" = "default"))]
    pub(super) kind: Optional<IdentityType>,
    /// Tenant (directory) ID or one of the tenant's domain names. Not with `managedIdentity`.
    #[serde(default)]
    pub(super) tenant_id: Optional<Text<TenantId>>,
    /// Client (application) ID; with `managedIdentity`, that of a user-assigned identity. Not with `developer`.
    #[serde(default)]
    pub(super) client_id: Optional<Text<ClientId>>,
    /// Object (principal) ID of a user-assigned identity. Only with `managedIdentity`, and instead of `clientId`.
    #[serde(default)]
    pub(super) object_id: Optional<Text<ClientId>>,
    /// Azure resource ID of a user-assigned identity. Only with `managedIdentity`, and instead of `clientId`.
    #[serde(default)]
    pub(super) resource_id: Optional<Text<ResourceId>>,
    /// File with the federated token. Only with `workloadIdentity`.
    #[serde(default)]
    pub(super) token_file: Optional<Text<AbsolutePath>>,
    /// File with the client secret. Only with `clientSecret`.
    #[serde(default)]
    pub(super) client_secret_file: Optional<Text<AbsolutePath>>,
    /// PEM file with the certificate and private key of the application. Only with `clientCertificate`.
    #[serde(default)]
    pub(super) client_certificate_file: Optional<Text<AbsolutePath>>,
    /// Microsoft Entra authority, for example `https://login.microsoftonline.us`. Not with `managedIdentity` or
    /// `developer`.
    #[serde(default)]
    pub(super) authority_host: Optional<Text<AuthorityUrl>>,
}

/// Sorts of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum IdentityType {
    /// What the environment offers: client secret, client certificate, workload identity, managed identity, in
    /// this order.
    Default,
    /// A federated token of a Kubernetes service account, exchanged at Microsoft Entra.
    WorkloadIdentity,
    /// The identity of the machine, App Service or Container App.
    ManagedIdentity,
    /// An application with a client secret.
    ClientSecret,
    /// An application with a certificate.
    ClientCertificate,
    /// Whoever is signed in with the Azure CLI or Azure Developer CLI.
    Developer,
}

/// One vault.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vault {
    /// Name by which objects refer to the vault; not its name in Azure.
    pub(super) name: Required<Text<VaultName>>,
    /// URL of the vault. When absent, the value of the environment variable `AZURE_KEYVAULT_RESOURCEENDPOINT`.
    #[serde(default)]
    pub(super) url: Optional<Text<VaultUrl>>,
    /// Hosts that `url` may name although they do not end in a Key Vault suffix. A token is sent there.
    #[serde(default)]
    pub(super) trusted_hosts: Optional<Vec<Required<Text<HostName>>>>,
}

/// Where files go, and who may read them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Volume {
    /// Directory that the files are published in.
    pub(super) path: Required<Text<AbsolutePath>>,
    /// How a set of files is published.
    #[serde(default)]
    #[schemars(extend("default" = "atomic"))]
    pub(super) layout: Optional<Layout>,
    /// Mode of every file that has no `mode` of its own.
    #[serde(default)]
    #[schemars(extend("default" = DEFAULT_FILE_MODE))]
    pub(super) file_mode: Optional<Text<FileMode>>,
    /// Mode of every directory in the volume.
    #[serde(default)]
    #[schemars(extend("default" = DEFAULT_DIR_MODE))]
    pub(super) dir_mode: Optional<Text<DirectoryMode>>,
    /// User that owns the files: a number, or a name that resolves. When absent, the user that the process runs as.
    #[serde(default)]
    pub(super) owner: Optional<Text<Principal>>,
    /// Group of the files: a number, or a name that resolves. When absent, what the volume gives to new files.
    #[serde(default)]
    pub(super) group: Optional<Text<Principal>>,
}

/// Layouts of a volume.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum Layout {
    /// The whole set is swapped in one step, as Kubernetes does for projected volumes.
    Atomic,
}

/// When objects are fetched again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    /// Mean time between two passes, from `10s` to `24h`.
    #[serde(default)]
    #[schemars(extend("default" = DEFAULT_INTERVAL))]
    pub(super) interval: Optional<Text<Interval>>,
    /// What start-up waits for.
    #[serde(default)]
    #[schemars(extend("default" = "fresh"))]
    pub(super) on_start: Optional<OnStart>,
}

/// What start-up waits for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum OnStart {
    /// A first pass that fetched every required object.
    Fresh,
    /// Required files that an earlier run left on the volume, of whatever age.
    LastKnownGood,
}

/// One secret, written to one file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SecretEntry {
    /// Name of the secret.
    pub(super) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(super) vault: Optional<Text<VaultName>>,
    /// Path of the file in the volume. When absent, the name of the secret.
    #[serde(default)]
    pub(super) path: Optional<Text<RelativePath>>,
    /// How the value is decoded before it is written.
    #[serde(default)]
    #[schemars(extend("default" = "utf-8"))]
    pub(super) encoding: Optional<Encoding>,
    /// Which version: `latest`, or the identifier of one version, which is then fetched once.
    #[serde(default)]
    #[schemars(extend("default" = "latest"))]
    pub(super) version: Optional<Text<VersionSelector>>,
    /// Whether start-up waits for it.
    #[serde(default)]
    #[schemars(extend("default" = true))]
    pub(super) required: Optional<bool>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(super) mode: Optional<Text<FileMode>>,
}

/// Encodings of secrets.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum Encoding {
    /// The value as it is.
    #[serde(rename = "utf-8")]
    Utf8,
    /// The value is base64 (RFC 4648, section 4, padded); the decoded bytes are written.
    #[serde(rename = "base64")]
    Base64,
    /// The value is hexadecimal; the decoded bytes are written.
    #[serde(rename = "hex")]
    Hex,
}

/// One certificate and the files made of it; all come from one version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CertificateEntry {
    /// Name of the certificate.
    pub(super) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(super) vault: Optional<Text<VaultName>>,
    /// Which version: `latest`, or the identifier of one version, which is then fetched once.
    #[serde(default)]
    #[schemars(extend("default" = "latest"))]
    pub(super) version: Optional<Text<VersionSelector>>,
    /// Whether start-up waits for it.
    #[serde(default)]
    #[schemars(extend("default" = true))]
    pub(super) required: Optional<bool>,
    /// The files.
    #[schemars(extend("minItems" = 1))]
    pub(super) files: Required<Vec<Required<CertificateFile>>>,
}

/// One file made of a certificate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("if" = { "required": ["order"] }, "then" = { "properties": { "content": { "const": "bundle" } } }))]
pub(super) struct CertificateFile {
    /// Path of the file in the volume.
    pub(super) path: Required<Text<RelativePath>>,
    /// Which part of the certificate.
    pub(super) content: Required<CertificatePart>,
    /// Which comes first in a bundle. Only with `content: bundle`, where `keyFirst` is the default.
    #[serde(default)]
    pub(super) order: Optional<Order>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(super) mode: Optional<Text<FileMode>>,
}

/// Parts of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum CertificatePart {
    /// The certificate, then its intermediates, PEM.
    FullChain,
    /// The certificate alone, PEM.
    Leaf,
    /// The intermediates alone, PEM.
    Chain,
    /// The private key, PKCS#8 PEM.
    PrivateKey,
    /// Private key, certificate and intermediates in one PEM file.
    Bundle,
    /// The certificate alone, DER.
    Der,
}

/// Orders of a bundle.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum Order {
    /// Private key, certificate, intermediates.
    KeyFirst,
    /// Certificate, intermediates, private key.
    KeyLast,
}

/// The public part of one key, written to one file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyEntry {
    /// Name of the key.
    pub(super) name: Required<Text<ObjectName>>,
    /// Name of its vault. May be left out when there is one vault.
    #[serde(default)]
    pub(super) vault: Optional<Text<VaultName>>,
    /// Path of the file in the volume. When absent, the name of the key.
    #[serde(default)]
    pub(super) path: Optional<Text<RelativePath>>,
    /// Form of the file.
    #[serde(default)]
    #[schemars(extend("default" = "pem"))]
    pub(super) format: Optional<KeyFormat>,
    /// Which version: `latest`, or the identifier of one version, which is then fetched once.
    #[serde(default)]
    #[schemars(extend("default" = "latest"))]
    pub(super) version: Optional<Text<VersionSelector>>,
    /// Whether start-up waits for it.
    #[serde(default)]
    #[schemars(extend("default" = true))]
    pub(super) required: Optional<bool>,
    /// Mode of the file. When absent, `volume.fileMode`.
    #[serde(default)]
    pub(super) mode: Optional<Text<FileMode>>,
}

/// Forms of a public key.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum KeyFormat {
    /// `SubjectPublicKeyInfo` (RFC 5280), PEM.
    Pem,
    /// `SubjectPublicKeyInfo`, DER.
    Der,
    /// JSON Web Key (RFC 7517).
    Jwk,
}
