//! The vaults of a manifest, each with the SDK's clients, and the attempts of one fetch.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use azure_core::http::UserAgentOptions;
use azure_core::http::{ClientOptions, HttpClient, RetryOptions, Transport};
use azure_security_keyvault_keys::models::KeyClientGetKeyOptions;
use azure_security_keyvault_keys::{KeyClient, KeyClientOptions};
use azure_security_keyvault_secrets::models::SecretClientGetSecretOptions;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use tokio::sync::Semaphore;

use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::FetchedObject;
use crate::domain::object::{ObjectKind, Source, VaultName, VersionSelector};
use crate::domain::spec::VaultSpec;
use crate::ports::{Clock, Dice, Vault};

use super::TokenSource;
use super::convert;
use super::guard::Guard;
use super::realm::{Realm, Service};
use super::refusal;
use super::retry::{self, Budget, Refused};
use super::target::Target;

/// What the adapter gets from outside.
#[derive(Clone)]
pub struct Outside {
    /// Sends requests. It has the time limits of a call and does not follow redirects.
    pub http: Arc<dyn HttpClient>,
    /// Signs in.
    pub tokens: Arc<dyn TokenSource>,
    /// Reads a `Retry-After` that is a date.
    pub clock: Arc<dyn Clock>,
    /// Spreads attempts.
    pub dice: Arc<dyn Dice>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}

/// How much is asked of the vaults at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests under way, over all vaults; at least one.
    pub concurrency: usize,
    /// Attempts after the first of one fetch.
    pub retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 32,
            retries: 2,
        }
    }
}

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

/// Reads objects of the vaults that a manifest names.
pub struct KeyVault {
    vaults: BTreeMap<VaultName, VaultClients>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    permits: Semaphore,
    retries: u32,
}

struct VaultClients {
    host: String,
    realm: Realm,
    secrets: SecretClient,
    keys: KeyClient,
    budget: Budget,
}

impl KeyVault {
    /// Sets up the clients of the vaults. Nothing is sent before the first fetch.
    pub fn new(vaults: &[VaultSpec], outside: Outside, limits: Limits) -> Result<Self, BuildError> {
        let Outside {
            http,
            tokens,
            clock,
            dice,
        } = outside;
        let guard = Arc::new(Guard::new(vaults, http, Arc::clone(&tokens)));
        let transport = Transport::new(guard);
        let clients = |vault: &VaultSpec| {
            let clients = VaultClients::new(vault, &transport, tokens.as_ref());
            clients.map(|clients| (vault.name.clone(), clients))
        };
        Ok(Self {
            vaults: vaults.iter().map(clients).collect::<Result<_, _>>()?,
            clock,
            dice,
            permits: Semaphore::new(limits.concurrency.max(1)),
            retries: limits.retries,
        })
    }

    async fn fetch_with_retries(
        &self,
        vault: &VaultClients,
        source: &Source,
    ) -> Result<FetchedObject, Failure> {
        let target = Target {
            source,
            host: &vault.host,
            realm: vault.realm,
        };
        if vault.realm.service == Service::ManagedHsm && target.wire_kind() != ObjectKind::Key {
            return Err(refusal::not_in_a_managed_hsm(&target));
        }
        let mut attempt = 0;
        loop {
            let refused = match self.attempt(vault, &target).await {
                Ok(object) => {
                    vault.budget.refund();
                    return Ok(object);
                }
                Err(refused) => refused,
            };
            let pause = retry::pause(&refused, attempt, self.retries, &vault.budget, self.dice.as_ref());
            let Some(pause) = pause else {
                return Err(refused.failure);
            };
            tracing::debug!(%source, attempt, reason = %refused.failure.reason, ?pause, "Fetch is tried again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, vault: &VaultClients, target: &Target<'_>) -> Result<FetchedObject, Refused> {
        let _permit = self
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let name = target.source.object.name.as_str();
        let version = match &target.source.version {
            VersionSelector::Latest => None,
            VersionSelector::Exact(version) => Some(version.as_str().to_owned()),
        };
        let explain = |error| refusal::explain(target, &error, self.clock.now());
        match target.wire_kind() {
            ObjectKind::Secret | ObjectKind::Certificate => {
                let options = SecretClientGetSecretOptions {
                    secret_version: version,
                    ..Default::default()
                };
                let response = vault
                    .secrets
                    .get_secret(name, Some(options))
                    .await
                    .map_err(explain)?;
                convert::secret(target, response.into())
            }
            ObjectKind::Key => {
                let options = KeyClientGetKeyOptions {
                    key_version: version,
                    ..Default::default()
                };
                let response = vault.keys.get_key(name, Some(options)).await.map_err(explain)?;
                convert::key(target, response.into())
            }
        }
    }
}

impl Vault for KeyVault {
    async fn fetch(&self, source: &Source) -> Result<FetchedObject, Failure> {
        match self.vaults.get(&source.object.vault) {
            Some(vault) => self.fetch_with_retries(vault, source).await,
            None => Err(Failure {
                reason: Reason::BadRequest,
                detail: format!("{source}: there is no vault of this name"),
                hint: "name the vault under `vaults` in the manifest".to_owned(),
                retry_after: None,
            }),
        }
    }
}

impl fmt::Debug for KeyVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyVault")
            .field("vaults", &self.vaults.keys())
            .finish_non_exhaustive()
    }
}

impl VaultClients {
    fn new(vault: &VaultSpec, transport: &Transport, tokens: &dyn TokenSource) -> Result<Self, BuildError> {
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
            host: vault
                .url
                .port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            realm: Realm::of_host(host),
            secrets: SecretClient::new(url, tokens.credential(), Some(secrets)).map_err(failed)?,
            keys: KeyClient::new(url, tokens.credential(), Some(keys)).map_err(failed)?,
            budget: Budget::new(),
        })
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
