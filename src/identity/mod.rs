//! Signing in to Microsoft Entra: which credential, and a token of it that is always fresh.
//!
//! [`Tokens`] is the whole interface. Below it, one exchange at a time: `select` chooses the credential, `exchange` hands a
//! fresh proof to the SDK's credential, `endpoint` judges the answer before the SDK sees it. No token, assertion or secret
//! is in any error, log or `Debug` output.

mod acquire;
mod certificate_assertion;
mod credential_file;
mod endpoint;
mod endpoint_error;
mod entra_codes;
mod entra_error;
mod exchange;
mod federated_token;
mod lifetime;
mod managed;
mod not_pem;
#[cfg(test)]
mod platform_tests;
mod refusal;
mod scope;
mod select;
mod service_text;
mod settings;
#[cfg(test)]
mod testing;
mod tokens;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use self::acquire::Acquirer;
use self::exchange::{ApplicationExchange, DeveloperExchange, Exchange, ManagedExchange};
use self::select::Credential;
use crate::domain::desired::IdentitySpec;
use crate::domain::failure::{Failure, Reason};
use crate::ports::{Clock, Environment, Jitter};
use crate::transport::{SetupError, Transport};

pub use self::acquire::TokenLimits;
pub use self::refusal::failure_in;
pub use self::scope::Scope;
pub use self::tokens::Tokens;

impl Tokens {
    /// Chooses the credential of `spec` and `environment`. Nothing is sent yet.
    ///
    /// The failure names every setting that is missing or wrong, with [`Reason::IdentityMisconfigured`].
    pub fn new(
        spec: &IdentitySpec,
        environment: &(impl Environment + ?Sized),
        transport: &Transport,
        clock: Arc<dyn Clock>,
        jitter: Arc<dyn Jitter>,
    ) -> Result<Self, Failure> {
        Self::with_limits(
            spec,
            environment,
            transport,
            clock,
            jitter,
            TokenLimits::default(),
        )
    }

    /// As [`Self::new`], with limits of one's own.
    pub fn with_limits(
        spec: &IdentitySpec,
        environment: &(impl Environment + ?Sized),
        transport: &Transport,
        clock: Arc<dyn Clock>,
        jitter: Arc<dyn Jitter>,
        limits: TokenLimits,
    ) -> Result<Self, Failure> {
        let credential = select::resolve(spec, environment)?;
        let identity = credential.describe();
        tracing::debug!(identity, "Chose a credential");
        let exchange = exchange_of(credential, transport, &clock)?;
        Ok(Self::of(Acquirer {
            identity,
            exchange,
            clock,
            jitter,
            limits,
            told_of_a_long_wait: AtomicBool::default(),
        }))
    }
}

fn exchange_of(
    credential: Credential,
    transport: &Transport,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Exchange>, Failure> {
    Ok(match credential {
        Credential::Application(application, proof) => Arc::new(ApplicationExchange {
            application,
            proof,
            began: OnceLock::new(),
            client: Arc::new(transport.vault_client()),
            clock: clock.clone(),
        }),
        Credential::Managed(identity) => {
            let client = transport.identity_endpoint_client();
            Arc::new(ManagedExchange {
                identity,
                client: Arc::new(client.map_err(no_client)?),
                clock: clock.clone(),
                known: Arc::default(),
            })
        }
        Credential::Developer => Arc::new(DeveloperExchange),
    })
}

fn no_client(error: SetupError) -> Failure {
    Failure::new(Reason::IdentityMisconfigured, error.to_string(), error.hint()).caused_by(error)
}
