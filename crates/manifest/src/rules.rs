//! The rules of single values, for `convert`: it holds to them what it writes, so that no manifest of its is refused
//! for one.

use url::Url;

use super::field::Scalar;
use super::problem::Problem;
use super::scalar::{self, AbsolutePath, AuthorityUrl, ClientId, HostName, ResourceId, TenantId, VaultUrl};
use super::typography;
use domain::mode::{FileMode, Principal};

/// Whether `identity.tenantId` may be this.
pub fn is_tenant_id(text: &str) -> bool {
    TenantId::parse(text).is_ok()
}

/// Whether `identity.clientId` and `identity.objectId` may be this.
pub fn is_client_id(text: &str) -> bool {
    ClientId::parse(text).is_ok()
}

/// Whether `identity.resourceId` may be this.
pub fn is_resource_id(text: &str) -> bool {
    ResourceId::parse(text).is_ok()
}

/// Whether `volume.path` may be this.
pub fn is_absolute_path(text: &str) -> bool {
    AbsolutePath::parse(text).is_ok()
}

/// Whether a vault can be called so.
pub fn is_vault_name(name: &str) -> bool {
    scalar::is_vault_name(name)
}

/// The URL that `identity.authorityHost` takes.
pub fn authority(text: &str) -> Option<Url> {
    AuthorityUrl::parse(text).ok().map(|url| url.0)
}

/// What `volume.owner` and `volume.group` take.
pub fn principal(text: &str) -> Option<Principal> {
    Principal::parse(text).ok()
}

/// What `mode` of a file takes: bits that let its owner read it.
pub fn file_mode(text: &str) -> Option<FileMode> {
    <FileMode as Scalar>::parse(text).ok()
}

/// Whether a URL is that of a managed HSM, which holds keys only.
pub fn is_managed_hsm(url: &Url) -> bool {
    VaultUrl(url.clone()).is_managed_hsm()
}

/// Why a text is no URL of a vault. It holds no part of the text, which may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub struct WrongUrl {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl From<Problem> for WrongUrl {
    fn from(problem: Problem) -> Self {
        Self {
            message: problem.message.into_owned(),
            hint: problem.hint.unwrap_or_default().into_owned(),
        }
    }
}

/// The URL of a vault, and the host that has to be trusted by name because it is not one of Key Vault.
pub fn vault_url(text: &str) -> Result<(Url, Option<String>), WrongUrl> {
    if let Some(problem) = typography::problem(text) {
        return Err(problem.into());
    }
    if is_vault_name(text) {
        return Err(WrongUrl {
            message: "it is the name of a vault, and its URL belongs here".to_owned(),
            hint: "write `https://NAME.vault.azure.net`".to_owned(),
        });
    }
    let url = VaultUrl::parse(text)?;
    let trusted = if url.has_key_vault_suffix() {
        None
    } else {
        let host = url.0.host_str().unwrap_or_default();
        HostName::parse(host)?;
        Some(host.to_owned())
    };
    Ok((url.0, trusted))
}
