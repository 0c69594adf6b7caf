//! The one HTTP client: whom it trusts, how long it waits, which proxy it takes.
//!
//! Vault clients and Entra share one client, and so one pool: a connection that the token used serves the first object.
//! Managed identity endpoints get a second client that never sees a proxy, because their tokens must not leave the node.
//! What hooks call is near too, and each call gets a client of its own.
//! Every limit is in [`limits`]; nothing that this module hands out can wait for ever.

mod authorities;
mod cause;
pub mod certificate_hint;
mod direct;
pub mod limits;
mod lookup;
mod no_proxy;
mod proxy;
mod retry_after;
mod tls_words;
mod trust;
mod tunnel;
mod wires;

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

pub use self::authorities::{AuthorityOptions, SetupError};
pub use self::cause::{WireCause, chain};
pub use self::direct::direct_client;
use self::lookup::Lookups;
pub use self::proxy::{ProxiedClient, Proxies, ThroughProxy};
pub use self::retry_after::retry_after;
pub use self::trust::Authorities;
use self::trust::Verifier;
pub use self::tunnel::blocked_by_proxy;
pub use self::wires::Wires;

/// The clients, made from one set of certificate authorities. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Transport {
    vault: ProxiedClient,
    identity_endpoint: Arc<OnceLock<reqwest::Client>>,
    tls: ClientConfig,
}

impl Transport {
    /// Builds the client for vaults and Entra. It trusts nobody before the authorities are read, which it does not wait for.
    pub fn new(authorities: &Authorities, proxies: Proxies) -> Result<Self, SetupError> {
        install_crypto_provider();
        let tls = trusting_when_read(authorities);
        let lookups = Arc::new(Lookups::of_the_system());
        let client_of = {
            let (proxies, tls) = (proxies.clone(), tls.clone());
            move |wires: &Wires| {
                limits::vault(reqwest::Client::builder())
                    .no_proxy()
                    .proxy(proxies.for_client())
                    .https_only(true)
                    .dns_resolver(Arc::clone(&lookups))
                    .tls_backend_preconfigured(tls.clone())
                    .connector_layer(wires.clone())
                    .build()
            }
        };
        let wires = Wires::with_opener(client_of.clone());
        let client = client_of(&wires).map_err(SetupError::Client)?;
        Ok(Self {
            vault: ProxiedClient {
                client,
                proxies,
                wires,
            },
            identity_endpoint: Arc::default(),
            tls,
        })
    }

    /// The client for vaults and Entra: https only, through the proxy that was given.
    pub fn vault_client(&self) -> ProxiedClient {
        self.vault.clone()
    }

    /// What is known of that client's connections.
    pub fn wires(&self) -> Wires {
        self.vault.wires.clone()
    }

    /// The client for IMDS and `IDENTITY_ENDPOINT`: plain http allowed, never through a proxy. Built when first asked for.
    pub fn identity_endpoint_client(&self) -> Result<reqwest::Client, SetupError> {
        if let Some(client) = self.identity_endpoint.get() {
            return Ok(client.clone());
        }
        let client = limits::identity_endpoint(reqwest::Client::builder())
            .no_proxy()
            .tls_backend_preconfigured(self.tls.clone())
            .build()
            .map_err(SetupError::Client)?;
        Ok(self.identity_endpoint.get_or_init(|| client).clone())
    }
}

/// How TLS is spoken with whom these authorities vouch for.
fn trusting(roots: RootCertStore) -> ClientConfig {
    let tls = ClientConfig::builder().with_root_certificates(roots);
    offering_both(tls.with_no_client_auth())
}

/// The same of authorities that may still be read.
fn trusting_when_read(authorities: &Authorities) -> ClientConfig {
    let verifier = Arc::new(Verifier::new(authorities.clone()));
    let tls = ClientConfig::builder()
        // The verifier is rustls's own, as soon as there is one, and refuses before that.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    offering_both(tls.with_no_client_auth())
}

fn offering_both(mut tls: ClientConfig) -> ClientConfig {
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls
}

/// Makes ring the process's TLS provider. Without one reqwest panics; a second call changes nothing.
fn install_crypto_provider() {
    // The error means that one is installed already, which is what is wanted.
    let _already_installed = ring::default_provider().install_default();
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests;
