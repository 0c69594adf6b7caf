//! One exchange: a proof against a token. Nothing is remembered between two of them, the proof least of all.
//!
//! The SDK's credentials keep tokens of their own, give a revoked one back, and refresh on the path of a read. So each
//! exchange makes a new credential, which costs microseconds, and drops it.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::http::{ClientMethodOptions, ClientOptions, HttpClient, RetryOptions, Transport};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, DeveloperToolsCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions,
};
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

use super::endpoint::{CONNECTION_HINT, Endpoint, Peer};
use super::endpoint_error::unreachable_hint;
use super::entra_error::EntraAttempt;
use super::federated_token::{self, Claims};
use super::managed::ManagedIdentity;
use super::refusal::{Refusal, Retry};
use super::scope::Scope;
use super::select::{Application, Proof};
use super::{certificate_assertion, credential_file};
use crate::domain::hint::Hint;
use crate::ports::Clock;

/// Gets one token. The only thing that [`super::Tokens`] knows of signing in.
#[async_trait]
pub(super) trait Exchange: Send + Sync {
    /// Asks once. May wait for the proof; the caller sets the deadline.
    async fn exchange(&self, scope: Scope) -> Result<AccessToken, Refusal>;

    /// Who is asked, for a failure that nobody else words.
    fn asked(&self) -> Asked;

    /// Where it connects to through the client that vaults share, if it does.
    fn address(&self) -> Option<&Url> {
        None
    }

    /// What an exchange that runs waits for besides an answer, for those who do not wait for its end.
    fn waits_for(&self) -> Option<Refusal> {
        None
    }
}

/// Who is asked for a token, and what to check when no answer comes.
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) hint: Hint,
}

/// An application proves itself at Entra.
pub(super) struct ApplicationExchange {
    pub(super) application: Application,
    pub(super) proof: Proof,
    /// When the first exchange began: an absent token file is waited for from then on.
    pub(super) began: OnceLock<Instant>,
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Exchange for ApplicationExchange {
    async fn exchange(&self, scope: Scope) -> Result<AccessToken, Refusal> {
        match self.attempt(scope).await {
            // The token was replaced between reading and judging it, or nearly so: the file may hold the next one now.
            Err(refusal) if refusal.retry == Retry::FreshAssertion => self.attempt(scope).await,
            outcome => outcome,
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            name: self.application.host().to_owned(),
            hint: CONNECTION_HINT,
        }
    }

    fn address(&self) -> Option<&Url> {
        Some(&self.application.authority.value)
    }

    fn waits_for(&self) -> Option<Refusal> {
        match &self.proof {
            Proof::FederatedToken(path) => federated_token::absence(path),
            _ => None,
        }
    }
}

impl ApplicationExchange {
    async fn attempt(&self, scope: Scope) -> Result<AccessToken, Refusal> {
        let sent = self.sent_proof().await?;
        let claims = match (&sent, &self.proof) {
            (Sent::Assertion(assertion), Proof::FederatedToken(_)) => Claims::of(&assertion.0),
            _ => None,
        };
        let peer = Peer::Entra(Box::new(EntraAttempt {
            application: self.application.clone(),
            proof: self.proof.clone(),
            claims,
        }));
        let no_token = peer.no_token();
        let client_options = self.client_options(peer);
        let credential = self.credential(sent, client_options);
        let credential = credential.map_err(|error| refusal_of(&error, &no_token))?;
        ask(&*credential, scope, &no_token).await
    }

    /// Reads or makes what is sent to Entra this time.
    async fn sent_proof(&self) -> Result<Sent, Refusal> {
        match &self.proof {
            Proof::FederatedToken(path) => {
                let began = *self.began.get_or_init(Instant::now);
                let token = federated_token::read(path, began + federated_token::START_WAIT).await?;
                Ok(Sent::Assertion(Assertion(token)))
            }
            Proof::Secret(secret) => Ok(Sent::Secret(secret.clone())),
            Proof::SecretFile(path) => {
                let text = credential_file::read(path).await;
                let text = text.map_err(|it| it.refusal(SECRET_ABSENT))?;
                Ok(Sent::Secret(Secret::new(text.to_string())))
            }
            Proof::CertificateFile(path) => {
                let pem = credential_file::read_bytes(path).await;
                let pem = pem.map_err(|it| {
                    let is_absent = it.is_absent();
                    it.refusal(if is_absent {
                        CERTIFICATE_ABSENT
                    } else {
                        certificate_assertion::FILE_HINT
                    })
                })?;
                let now = self.clock.now();
                let assertion = certificate_assertion::sign(&pem, path.name, &self.application, now)?;
                Ok(Sent::Assertion(Assertion(assertion)))
            }
        }
    }

    fn client_options(&self, peer: Peer) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        self.application
            .authority
            .value
            .as_str()
            .clone_into(&mut cloud.authority_host);
        ClientOptions {
            cloud: Some(Arc::new(cloud.into())),
            ..below(&self.client, peer, &self.clock)
        }
    }

    fn credential(
        &self,
        sent: Sent,
        client_options: ClientOptions,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let Application {
            tenant_id, client_id, ..
        } = &self.application;
        Ok(match sent {
            Sent::Assertion(assertion) => ClientAssertionCredential::new(
                tenant_id.value.clone(),
                client_id.value.clone(),
                assertion,
                Some(ClientAssertionCredentialOptions { client_options }),
            )?,
            Sent::Secret(secret) => ClientSecretCredential::new(
                &tenant_id.value,
                client_id.value.clone(),
                secret,
                Some(ClientSecretCredentialOptions { client_options }),
            )?,
        })
    }
}

const SECRET_ABSENT: &str = "mount the file with the client secret, or correct the path";
const CERTIFICATE_ABSENT: &str =
    "mount the file with the client certificate and its private key, or correct the path";

/// What goes to Entra.
enum Sent {
    Assertion(Assertion),
    Secret(Secret),
}

/// An assertion that is ready to be sent, once.
struct Assertion(Zeroizing<String>);

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion")
    }
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.to_string())
    }
}

/// The platform signs in.
pub(super) struct ManagedExchange {
    pub(super) identity: ManagedIdentity,
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether the endpoint has ever answered.
    pub(super) known: Arc<AtomicBool>,
}

#[async_trait]
impl Exchange for ManagedExchange {
    async fn exchange(&self, scope: Scope) -> Result<AccessToken, Refusal> {
        let peer = Peer::Managed {
            identity: self.identity.clone(),
            known: self.known.clone(),
        };
        let no_token = peer.no_token();
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: self.identity.user_assigned_id(),
            client_options: below(&self.client, peer, &self.clock),
        };
        let credential = ManagedIdentityCredential::new(Some(options));
        let credential = credential.map_err(|error| refusal_of(&error, &no_token))?;
        ask(&*credential, scope, &no_token).await
    }

    fn asked(&self) -> Asked {
        let platform = self.identity.platform;
        Asked {
            name: platform.endpoint_name().to_owned(),
            hint: unreachable_hint(platform),
        }
    }
}

/// A person's session of a command-line tool.
pub(super) struct DeveloperExchange;

#[async_trait]
impl Exchange for DeveloperExchange {
    async fn exchange(&self, scope: Scope) -> Result<AccessToken, Refusal> {
        let refusal = Refusal::misconfigured(
            "neither Azure CLI nor Azure Developer CLI gave a token".to_owned(),
            "run `az login` or `azd auth login` as the same user; for anything but development name another identity.type",
        );
        match DeveloperToolsCredential::new(None) {
            Ok(credential) => ask(&*credential, scope, &refusal).await,
            Err(_) => Err(refusal),
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            name: "Azure CLI or Azure Developer CLI".to_owned(),
            hint: Hint::act("run `az account get-access-token` by hand as the same user").or_wait(),
        }
    }
}

/// The SDK's pipeline with our client at its bottom. It sees successes and errors that it does not repeat.
fn below(client: &Arc<dyn HttpClient>, peer: Peer, clock: &Arc<dyn Clock>) -> ClientOptions {
    let endpoint = Endpoint {
        client: Arc::clone(client),
        peer,
        clock: Arc::clone(clock),
    };
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(Transport::new(Arc::new(endpoint))),
        ..ClientOptions::default()
    }
}

async fn ask(
    credential: &dyn TokenCredential,
    scope: Scope,
    no_token: &Refusal,
) -> Result<AccessToken, Refusal> {
    let token = credential.get_token(&[scope.as_str()], None).await;
    let token = token.map_err(|error| refusal_of(&error, no_token))?;
    // The SDK takes an answer without `access_token` for an empty token, and any byte for part of one.
    let text = token.token.secret();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_token.clone());
    }
    Ok(token)
}

/// Our own refusal when there is one. Else `otherwise`: the SDK's text may quote the answer, and so a token.
fn refusal_of(error: &azure_core::Error, otherwise: &Refusal) -> Refusal {
    Refusal::within(error).unwrap_or_else(|| otherwise.clone())
}

#[cfg(test)]
mod tests;
