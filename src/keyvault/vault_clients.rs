//! The SDK's clients of one vault: one method per request, each of which sends one.

use std::sync::Arc;

use azure_core::http::pager::{Page, PagerContinuation, PagerOptions};
use azure_core::http::{
    ClientOptions, Pager, RawResponse, Response, RetryOptions, Transport, UserAgentOptions,
};
use azure_security_keyvault_keys::models::{
    KeyClientGetKeyOptions, KeyClientListKeyPropertiesVersionsOptions,
};
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions};
use azure_security_keyvault_secrets::models::{
    SecretClientGetSecretOptions, SecretClientListSecretPropertiesOptions,
    SecretClientListSecretPropertiesVersionsOptions,
};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use futures::TryStreamExt as _;
use url::Url;

use crate::domain::desired::VaultSpec;
use crate::domain::object::{ObjectId, ObjectKind, Source, VaultName, VersionSelector};

use super::guard::Guard;
use super::outside::Outside;
use super::realm::Realm;

/// The vaults could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the client of vault {vault} could not be built")]
pub struct BuildError {
    /// Which.
    pub vault: VaultName,
    /// What the SDK said.
    #[source]
    pub source: azure_core::Error,
}

/// A vault, and how to ask it.
pub(super) struct VaultClients {
    /// The vault's URL.
    pub(super) url: Url,
    /// `HOST` or `HOST:PORT`, for failures.
    pub(super) host: String,
    /// The part of Azure it belongs to.
    pub(super) realm: Realm,
    /// What it was made of.
    trusted_by_name: bool,
    secrets: SecretClient,
    keys: KeyClient,
}

/// One page of a list, as it came.
pub(super) struct RawPage {
    /// The whole answer.
    pub(super) response: RawResponse,
    /// Its `nextLink`, absolute; `None` on the last page.
    pub(super) next: Option<PagerContinuation>,
}

impl VaultClients {
    /// Sets the clients up; nothing is sent.
    pub(super) fn new(vault: &VaultSpec, outside: &Outside) -> Result<Self, BuildError> {
        let (guard, tokens) = (Guard::new(vault, outside), &outside.tokens);
        let transport = &Transport::new(Arc::new(guard));
        let failed = |source| BuildError {
            vault: vault.name.clone(),
            source,
        };
        let url = vault.url.as_str();
        let host = vault.url.host_str().unwrap_or_default();
        // A trusted host need not be a child of the audience; there, the credential's list of scopes decides.
        let verify_challenge_resource = Some(!vault.trusted_by_name);
        let secrets = SecretClientOptions {
            client_options: client_options(transport),
            verify_challenge_resource,
            ..SecretClientOptions::default()
        };
        let keys = KeyClientOptions {
            client_options: client_options(transport),
            verify_challenge_resource,
            ..KeyClientOptions::default()
        };
        Ok(Self {
            url: vault.url.clone(),
            host: vault
                .url
                .port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            realm: Realm::of_host(host),
            trusted_by_name: vault.trusted_by_name,
            secrets: SecretClient::new(url, tokens.credential(), Some(secrets)).map_err(failed)?,
            keys: KeyClient::new(url, tokens.credential(), Some(keys)).map_err(failed)?,
        })
    }

    /// Whether these clients are what [`Self::new`] would make of the vault.
    pub(super) fn serve(&self, vault: &VaultSpec) -> bool {
        self.url == vault.url && self.trusted_by_name == vault.trusted_by_name
    }

    /// Reads one version of an object; a certificate is read through its secret.
    pub(super) async fn get(&self, source: &Source) -> azure_core::Result<RawResponse> {
        let name = source.object.name.as_str();
        let version = match &source.version {
            VersionSelector::Latest => None,
            VersionSelector::Exact(version) => Some(version.as_str().to_owned()),
        };
        match source.object.kind {
            ObjectKind::Secret | ObjectKind::Certificate => {
                let options = SecretClientGetSecretOptions {
                    secret_version: version,
                    ..Default::default()
                };
                Ok(self.secrets.get_secret(name, Some(options)).await?.into())
            }
            ObjectKind::Key => {
                let options = KeyClientGetKeyOptions {
                    key_version: version,
                    ..Default::default()
                };
                Ok(self.keys.get_key(name, Some(options)).await?.into())
            }
        }
    }

    /// Reads a page of the vault's secrets: the first one, or the one at the link of the page before it.
    pub(super) async fn page_of_secrets(
        &self,
        from: Option<PagerContinuation>,
    ) -> azure_core::Result<RawPage> {
        let options = SecretClientListSecretPropertiesOptions {
            method_options: at(from),
            ..Default::default()
        };
        one_page(self.secrets.list_secret_properties(Some(options))?).await
    }

    /// Reads a page of an object's versions. A certificate's are those of its secret, which is what is fetched.
    pub(super) async fn page_of_versions(
        &self,
        object: &ObjectId,
        from: Option<PagerContinuation>,
    ) -> azure_core::Result<RawPage> {
        let name = object.name.as_str();
        match object.kind {
            ObjectKind::Secret | ObjectKind::Certificate => {
                let options = SecretClientListSecretPropertiesVersionsOptions {
                    method_options: at(from),
                    ..Default::default()
                };
                one_page(
                    self.secrets
                        .list_secret_properties_versions(name, Some(options))?,
                )
                .await
            }
            ObjectKind::Key => {
                let options = KeyClientListKeyPropertiesVersionsOptions {
                    method_options: at(from),
                    ..Default::default()
                };
                one_page(self.keys.list_key_properties_versions(name, Some(options))?).await
            }
        }
    }
}

/// No retries by the SDK: it waits for any `Retry-After`, however long, and tries bad certificates for a minute.
fn client_options(transport: &Transport) -> ClientOptions {
    let name = concat!("akv-sync-", env!("CARGO_PKG_VERSION"));
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(transport.clone()),
        user_agent: UserAgentOptions {
            application_id: Some(name.chars().take(24).collect()),
        },
        ..ClientOptions::default()
    }
}

fn at(page: Option<PagerContinuation>) -> PagerOptions<'static> {
    PagerOptions {
        continuation: page,
        ..PagerOptions::default()
    }
}

/// Sends the pager's next request and no further one. The SDK's pager ends with an error of any page; one pager per
/// page leaves attempts and the check of links to the caller.
async fn one_page<P: Send>(pager: Pager<P>) -> azure_core::Result<RawPage>
where
    Response<P>: Page,
{
    let mut rest = pager.into_pages();
    let response = rest.try_next().await?.expect("a pager begins with a page");
    Ok(RawPage {
        response: response.into(),
        next: rest.into_continuation(),
    })
}
