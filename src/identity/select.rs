//! From the manifest's `identity` and the environment to one credential, or every setting that is missing, at once.
//!
//! What the manifest says wins over a variable. The order of `default` and all variables are in `docs/identity.md`.

use std::path::PathBuf;

use azure_core::credentials::Secret;
use url::Url;

use super::entra_codes::ProofKind;
use super::managed::{self, ManagedIdentity};
use super::settings::{Setting, Settings};
use crate::domain::desired::{IdentityKind, IdentitySpec};
use crate::domain::failure::Failure;
use crate::ports::Environment;

/// The authority of the public cloud.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

/// Who signs in, and with what.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    /// An application or a user-assigned identity proves itself to Entra.
    Application(Application, Proof),
    /// The platform signs in.
    Managed(ManagedIdentity),
    /// A person's own session of Azure CLI or Azure Developer CLI.
    Developer,
}

/// Where an application signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) tenant_id: Setting,
    pub(super) client_id: Setting,
    /// `https://HOST/`.
    pub(super) authority: Setting<Url>,
}

/// What an application proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    /// A token of another issuer, in this file.
    FederatedToken(Setting<PathBuf>),
    /// A client secret from the environment.
    Secret(Secret),
    /// A client secret in this file.
    SecretFile(Setting<PathBuf>),
    /// Certificate and private key, PEM, in this file.
    CertificateFile(Setting<PathBuf>),
}

impl Proof {
    /// The file that holds it.
    pub(super) const fn file(&self) -> Option<&Setting<PathBuf>> {
        match self {
            Self::FederatedToken(file) | Self::SecretFile(file) | Self::CertificateFile(file) => Some(file),
            Self::Secret(_) => None,
        }
    }

    pub(super) const fn kind(&self) -> ProofKind {
        match self {
            Self::FederatedToken(_) => ProofKind::FederatedToken,
            Self::Secret(_) | Self::SecretFile(_) => ProofKind::Secret,
            Self::CertificateFile(_) => ProofKind::Certificate,
        }
    }
}

/// Chooses the credential.
pub(super) fn resolve(
    spec: &IdentitySpec,
    environment: &(impl Environment + ?Sized),
) -> Result<Credential, Failure> {
    let mut settings = Settings::new(environment);
    let credential = match spec.kind {
        IdentityKind::Default => by_environment(spec, &mut settings),
        IdentityKind::WorkloadIdentity => workload_identity(spec, &mut settings),
        IdentityKind::ManagedIdentity => managed(spec, &mut settings, false),
        IdentityKind::ClientSecret => client_secret(spec, &mut settings),
        IdentityKind::ClientCertificate => client_certificate(spec, &mut settings),
        IdentityKind::Developer => Credential::Developer,
    };
    settings.finish(spec.kind, credential)
}

/// The documented order: what was put there on purpose comes before what the platform offers.
fn by_environment<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
) -> Credential {
    let offers = |manifest: &Option<PathBuf>, variables: &[&str]| {
        manifest.is_some() || variables.iter().any(|variable| settings.has(variable))
    };
    if offers(
        &spec.client_secret_file,
        &["AZURE_CLIENT_SECRET", "AZURE_KEYVAULT_CLIENTSECRET"],
    ) {
        return client_secret(spec, settings);
    }
    if offers(&spec.client_certificate_file, &["AZURE_CLIENT_CERTIFICATE_PATH"]) {
        return client_certificate(spec, settings);
    }
    if offers(&spec.token_file, &["AZURE_FEDERATED_TOKEN_FILE"]) {
        return workload_identity(spec, settings);
    }
    half_configured(spec, settings).unwrap_or_else(|| managed(spec, settings, true))
}

/// With tenant and client ID, a proof without a value was meant to be there; without them it is a chart's unused variable.
fn half_configured<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
) -> Option<Credential> {
    let has_client = spec.client_id.is_some() || settings.has("AZURE_CLIENT_ID");
    let has_tenant = spec.tenant_id.is_some() || settings.has("AZURE_TENANT_ID");
    let is_connector = settings.has("AZURE_KEYVAULT_CLIENTID") && settings.has("AZURE_KEYVAULT_TENANTID");
    let is_application = has_client && has_tenant;
    if is_application && settings.blank(&["AZURE_CLIENT_SECRET"]).is_some() {
        Some(client_secret(spec, settings))
    } else if is_connector && settings.blank(&["AZURE_KEYVAULT_CLIENTSECRET"]).is_some() {
        Some(connected_secret(spec, settings))
    } else if is_application && settings.blank(&["AZURE_CLIENT_CERTIFICATE_PATH"]).is_some() {
        Some(client_certificate(spec, settings))
    } else if is_application && settings.blank(&["AZURE_FEDERATED_TOKEN_FILE"]).is_some() {
        Some(workload_identity(spec, settings))
    } else {
        None
    }
}

fn workload_identity<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
) -> Credential {
    let application = application(
        spec,
        settings,
        &["AZURE_CLIENT_ID", "AZURE_KEYVAULT_CLIENTID"],
        &["AZURE_TENANT_ID"],
    );
    let file = settings.file(
        spec.token_file.as_ref(),
        "identity.tokenFile",
        "AZURE_FEDERATED_TOKEN_FILE",
    );
    Credential::Application(application, Proof::FederatedToken(file))
}

/// Service Connector's three variables belong together: its secret is never paired with another client ID.
fn client_secret<E: Environment + ?Sized>(spec: &IdentitySpec, settings: &mut Settings<'_, E>) -> Credential {
    let connector = spec.client_secret_file.is_none()
        && !settings.has("AZURE_CLIENT_SECRET")
        && settings.has("AZURE_KEYVAULT_CLIENTSECRET");
    if connector {
        return connected_secret(spec, settings);
    }
    let application = application(spec, settings, &["AZURE_CLIENT_ID"], &["AZURE_TENANT_ID"]);
    let proof = match &spec.client_secret_file {
        Some(file) => Proof::SecretFile(Setting::new(file, "identity.clientSecretFile")),
        None => Proof::Secret(settings.secret(&["AZURE_CLIENT_SECRET"])),
    };
    Credential::Application(application, proof)
}

fn connected_secret<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
) -> Credential {
    let application = application(
        spec,
        settings,
        &["AZURE_KEYVAULT_CLIENTID"],
        &["AZURE_KEYVAULT_TENANTID", "AZURE_TENANT_ID"],
    );
    let proof = Proof::Secret(settings.secret(&["AZURE_KEYVAULT_CLIENTSECRET"]));
    Credential::Application(application, proof)
}

fn client_certificate<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
) -> Credential {
    let application = application(spec, settings, &["AZURE_CLIENT_ID"], &["AZURE_TENANT_ID"]);
    let file = settings.file(
        spec.client_certificate_file.as_ref(),
        "identity.clientCertificateFile",
        "AZURE_CLIENT_CERTIFICATE_PATH",
    );
    Credential::Application(application, Proof::CertificateFile(file))
}

fn application<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
    client_variables: &[&'static str],
    tenant_variables: &[&'static str],
) -> Application {
    let client_id = settings.client_id(spec.client_id.as_deref(), client_variables);
    let tenant_id = settings.tenant_id(spec.tenant_id.as_deref(), tenant_variables);
    let authority = settings.authority(spec.authority_host.as_ref(), PUBLIC_AUTHORITY);
    Application {
        tenant_id,
        client_id,
        authority,
    }
}

fn managed<E: Environment + ?Sized>(
    spec: &IdentitySpec,
    settings: &mut Settings<'_, E>,
    by_default: bool,
) -> Credential {
    let id = managed::ManagedId::choose(spec, settings);
    let platform = managed::Platform::of(settings);
    Credential::Managed(ManagedIdentity {
        id,
        platform,
        by_default,
    })
}

impl Credential {
    /// Who signs in, for logs and failures; no secret.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Application(application, proof) => {
                let sort = match proof.kind() {
                    ProofKind::FederatedToken => "workload identity",
                    ProofKind::Secret => "client secret",
                    ProofKind::Certificate => "client certificate",
                };
                format!("{sort} of {}", application.describe())
            }
            Self::Managed(identity) => identity.describe(),
            Self::Developer => "developer credential".to_owned(),
        }
    }
}

impl Application {
    /// Client ID and tenant; the authority too when it is not the public one.
    pub(super) fn describe(&self) -> String {
        let ids = format!(
            "client ID {}, tenant {}",
            self.client_id.value, self.tenant_id.value
        );
        self.with_authority(ids)
    }

    /// The same with the settings that gave the IDs, for those who must correct them.
    pub(super) fn describe_settings(&self) -> String {
        self.with_authority(format!("client ID {}, tenant {}", self.client_id, self.tenant_id))
    }

    pub(super) fn host(&self) -> &str {
        self.authority.value.host_str().unwrap_or_default()
    }

    fn with_authority(&self, ids: String) -> String {
        let host = self.host();
        if PUBLIC_AUTHORITY.ends_with(host) {
            ids
        } else {
            format!("{ids}, authority {host} ({})", self.authority.name)
        }
    }
}

#[cfg(test)]
mod tests;
