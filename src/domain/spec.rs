//! The desired state: what a valid manifest means, with every text parsed into its type.
//!
//! A value of these types is valid by construction; `manifest` is the only maker of them outside tests.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::mode::{FileMode, Principal};
use super::object::{Source, VaultName};
use super::path::RelativePath;

/// A whole manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSpec {
    /// Who signs in.
    pub identity: IdentitySpec,
    /// The vaults, each name once.
    pub vaults: Vec<VaultSpec>,
    /// Where the files go.
    pub volume: VolumeSpec,
    /// When they are fetched again.
    pub refresh: RefreshSpec,
    /// What is fetched and written, in manifest order. Every path occurs once and none is a directory of another.
    pub objects: Vec<ObjectSpec>,
}

/// Which credential signs in, and what the manifest says of it. What is `None` comes from the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySpec {
    /// The credential.
    pub kind: IdentityKind,
    /// Tenant (directory) ID.
    pub tenant_id: Option<String>,
    /// Client (application) ID; of a user-assigned managed identity when that is the kind.
    pub client_id: Option<String>,
    /// Object (principal) ID of a user-assigned managed identity.
    pub object_id: Option<String>,
    /// Azure resource ID of a user-assigned managed identity.
    pub resource_id: Option<String>,
    /// File with the federated token (workload identity).
    pub token_file: Option<PathBuf>,
    /// File with the client secret.
    pub client_secret_file: Option<PathBuf>,
    /// PEM file with certificate and private key of the application.
    pub client_certificate_file: Option<PathBuf>,
    /// Entra authority, for example `https://login.microsoftonline.us`.
    pub authority_host: Option<Url>,
}

/// The sorts of credential a manifest may name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdentityKind {
    /// What the environment offers, in the order that `docs/identity.md` gives.
    #[default]
    Default,
    /// A federated token exchanged at Entra.
    WorkloadIdentity,
    /// IMDS, App Service or Container Apps.
    ManagedIdentity,
    /// An application with a secret.
    ClientSecret,
    /// An application with a certificate.
    ClientCertificate,
    /// Azure CLI or Azure Developer CLI.
    Developer,
}

/// One vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultSpec {
    /// The manifest's name for it.
    pub name: VaultName,
    /// `https://HOST[:PORT]/`, no userinfo, path, query or fragment.
    pub url: Url,
    /// Whether `url`'s host was accepted because of `trustedHosts`, not because of a known Key Vault suffix.
    pub trusted_by_name: bool,
}

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Absolute path of the volume's root.
    pub path: PathBuf,
    /// How a set is published.
    pub layout: Layout,
    /// Mode of directories.
    pub dir_mode: FileMode,
    /// Owner of files and directories; `None` is the process's own user.
    pub owner: Option<Principal>,
    /// Group; `None` is what the volume gives (a set-group-ID root hands its group down).
    pub group: Option<Principal>,
}

/// How a set of files is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// One `..data` swap for the whole set, as a Kubernetes projected volume does.
    #[default]
    Atomic,
}

/// When objects are fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshSpec {
    /// Mean time between passes.
    pub interval: Duration,
    /// What start-up waits for.
    pub on_start: OnStart,
}

/// What start-up waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnStart {
    /// A first pass that fetched every required object.
    #[default]
    Fresh,
    /// Required files on the volume, of whatever age; the first pass follows.
    LastKnownGood,
}

/// One object and the files made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSpec {
    /// What is fetched.
    pub source: Source,
    /// Whether start-up and `once` wait for it.
    pub required: bool,
    /// The files, at least one.
    pub files: Vec<FileSpec>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Where, in the volume.
    pub path: RelativePath,
    /// What of the object.
    pub content: Content,
    /// Its mode: the entry's own, or the volume's `fileMode`.
    pub mode: FileMode,
}

/// What of an object is written, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// The value of a secret.
    Secret(SecretEncoding),
    /// Parts of a certificate.
    Certificate(CertificateContent),
    /// The public part of a key.
    Key(KeyFormat),
}

/// How the value of a secret is decoded before it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretEncoding {
    /// As it is.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Standard base64 (RFC 4648, section 4), padded, decoded.
    #[serde(rename = "base64")]
    Base64,
    /// Hexadecimal, either case, decoded.
    #[serde(rename = "hex")]
    Hex,
}

/// Parts of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateContent {
    /// Leaf, then its intermediates, PEM; no root.
    FullChain,
    /// Leaf, PEM.
    Leaf,
    /// Intermediates without the leaf, PEM; no root.
    Chain,
    /// Private key, PKCS#8 PEM.
    PrivateKey,
    /// Private key and full chain in one PEM file.
    Bundle(BundleOrder),
    /// Leaf, DER.
    Der,
}

/// Which comes first in a bundle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BundleOrder {
    /// Private key, leaf, intermediates.
    #[default]
    KeyFirst,
    /// Leaf, intermediates, private key.
    KeyLast,
}

/// Form of a public key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyFormat {
    /// `SubjectPublicKeyInfo` (RFC 5280), PEM.
    #[default]
    Pem,
    /// `SubjectPublicKeyInfo`, DER.
    Der,
    /// JSON Web Key (RFC 7517), public members only.
    Jwk,
}
