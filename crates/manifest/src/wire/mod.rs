//! The manifest as it is written: one type per mapping, one field per key. Schema and reference page come from here.
//!
//! A doc comment here is the description that users read. Rules that need more than one field are in
//! [`super::resolve`].

mod admin;
mod certificate;
mod hook;
mod key;
mod secret;
mod template;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use self::admin::{Admin, Metrics, PerObject};
pub(super) use self::certificate::{
    CertificateEntry, CertificateFile, CertificatePart, KeyForm, Order, PasswordFrom, StoreFormat,
};
pub(super) use self::hook::{
    Body, DEFAULT_DIRECTORY, DEFAULT_RETRY_INITIAL, DEFAULT_RETRY_MAX, DEFAULT_TIMEOUT, DEFAULT_WITHIN, Exec,
    Exit, Header, Hook, Http, Method, NO_PAUSE, Retry, Signal, Touch, ValueFrom, Verify,
};
pub(super) use self::key::{KeyEntry, KeyFormat};
pub(super) use self::secret::{DEFAULT_SELECT_LIMIT, Encoding, SecretContent, SecretEntry, Select, Version};
pub(super) use self::template::{CombinedFormat, TemplateEntry, TemplateValue};
use super::field::{Optional, Required, Text};
use super::scalar::{
    AbsolutePath, AuthorityUrl, ClientId, DirectoryMode, HostName, Interval, ResourceId, TenantId, VaultUrl,
};
use domain::mode::{FileMode, Principal};
use domain::object::VaultName;

/// Mode of files when the manifest says nothing.
pub(super) const DEFAULT_FILE_MODE: &str = "0440";
/// Mode of directories when the manifest says nothing.
pub(super) const DEFAULT_DIR_MODE: &str = "0750";
/// Time after which an object is asked for again when the manifest says nothing.
pub(super) const DEFAULT_INTERVAL: &str = "5m";

/// Which objects of which vaults are written where, and how often they are fetched again.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("anyOf" = [
    { "required": ["secrets"], "properties": { "secrets": { "minItems": 1 } } },
    { "required": ["certificates"], "properties": { "certificates": { "minItems": 1 } } },
    { "required": ["keys"], "properties": { "keys": { "minItems": 1 } } },
    { "required": ["templates"], "properties": { "templates": { "minItems": 1 } } },
])))]
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
    #[cfg_attr(test, schemars(extend("minItems" = 1)))]
    pub(super) vaults: Optional<Vec<Required<Vault>>>,
    /// Where the files go.
    pub(super) volume: Required<Volume>,
    /// When objects are fetched again.
    #[serde(default)]
    pub(super) refresh: Optional<Refresh>,
    /// Secrets, one file each. At least one secret, certificate, key or template is needed.
    #[serde(default)]
    pub(super) secrets: Optional<Vec<Required<SecretEntry>>>,
    /// Certificates with their chains and private keys.
    #[serde(default)]
    pub(super) certificates: Optional<Vec<Required<CertificateEntry>>>,
    /// Public parts of keys, one file each.
    #[serde(default)]
    pub(super) keys: Optional<Vec<Required<KeyEntry>>>,
    /// Files made of several objects.
    #[serde(default)]
    pub(super) templates: Optional<Vec<Required<TemplateEntry>>>,
    /// What is done after files changed.
    #[serde(default)]
    pub(super) hooks: Optional<Vec<Required<Hook>>>,
    /// Where the running program answers. When absent, nowhere.
    #[serde(default)]
    pub(super) admin: Optional<Admin>,
    /// Prometheus metrics, which are read at `admin.listen` or `admin.socket`.
    #[serde(default)]
    pub(super) metrics: Optional<Metrics>,
}

/// Versions of the format.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(inline))]
pub(super) enum ApiVersion {
    #[serde(rename = "akv-sync/v1")]
    V1,
}

/// Kinds of document.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(inline))]
pub(super) enum Kind {
    SyncManifest,
}

/// Which credential signs in. What is not given comes from the environment.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Identity {
    /// The sort of credential.
    #[serde(default, rename = "type")]
    #[cfg_attr(test, schemars(extend("default" = "default")))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
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
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Volume {
    /// Directory that the files are published in.
    pub(super) path: Required<Text<AbsolutePath>>,
    /// How a set of files is published.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "atomic")))]
    pub(super) layout: Optional<Layout>,
    /// Mode of every file that has no `mode` of its own.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_FILE_MODE)))]
    pub(super) file_mode: Optional<Text<FileMode>>,
    /// Mode of every directory in the volume.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_DIR_MODE)))]
    pub(super) dir_mode: Optional<Text<DirectoryMode>>,
    /// User that owns the files: a number, or a name that resolves. When absent, the user that the process runs as.
    #[serde(default)]
    pub(super) owner: Optional<Text<Principal>>,
    /// Group of the files: a number, or a name that resolves. When absent, what the volume gives to new files.
    #[serde(default)]
    pub(super) group: Optional<Text<Principal>>,
}

/// Layouts of a volume.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(super) enum Layout {
    /// The whole set is swapped in one step, as Kubernetes does for projected volumes.
    Atomic,
    /// Each file is replaced by a rename of its own, for programs that do not follow links.
    Flat,
}

/// When objects are fetched again.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    /// Mean time after which an object whose entry has no `interval` is asked for again, from `10s` to `24h`. Each wait is
    /// evenly spread between half of it and one and a half of it.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = DEFAULT_INTERVAL)))]
    pub(super) interval: Optional<Text<Interval>>,
    /// What start-up waits for.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "fresh")))]
    pub(super) on_start: Optional<OnStart>,
}

/// What start-up waits for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(super) enum OnStart {
    /// Every required object as its vault has it: fetched, or confirmed by an earlier run within one interval.
    Fresh,
    /// Required files that an earlier run left on the volume, of whatever age.
    LastKnownGood,
}
