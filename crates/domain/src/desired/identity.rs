//! Who signs in.

use std::path::PathBuf;

use url::Url;

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
