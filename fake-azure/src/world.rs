//! Everything the listeners share, and the way of a request to the service that answers it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::entra::{self, Directory};
use crate::faults::{Effect, Faults, Matchable};
use crate::http::{Answer, Call};
use crate::journal::{CallKind, Journal, Service};
use crate::managed_identity::{self, Issue};
use crate::round_trip::Distance;
use crate::tls::Authority;
use crate::vault::{self, Operation, Vault};

/// The state of the fake.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) journal: Journal,
    pub(crate) directory: Directory,
    pub(crate) vaults: Vec<Vault>,
    pub(crate) authority: Authority,
    pub(crate) token_lifetime: Duration,
    /// `None` when clients are here.
    pub(crate) distance: Option<Distance>,
    pub(crate) faults: Faults,
    /// What clients of the App Service endpoint have to send.
    pub(crate) identity_header: String,
    /// Whether a managed identity is assigned.
    pub(crate) identity_assigned: AtomicBool,
}

/// Who answers the requests of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The vault of this name.
    Vault(String),
    /// The token endpoint.
    Entra,
    /// Whoever the host name of the request means.
    ByHost,
    /// The App Service identity endpoint.
    IdentityEndpoint,
    /// The instance metadata service.
    Imds,
}

impl World {
    pub(crate) fn vault(&self, name: &str) -> Option<&Vault> {
        self.vaults
            .iter()
            .find(|vault| vault.name.eq_ignore_ascii_case(name))
    }

    /// What goes wrong with a request.
    pub(crate) fn effects(&self, target: &Target, call: &Call) -> Vec<Effect> {
        let service = target.service();
        let operation = (service == Service::Vault).then(|| Operation::of(call));
        self.faults.on(&Matchable {
            service,
            method: call.method.as_str(),
            path: &call.path,
            object: operation.as_ref().and_then(Operation::object),
            call: operation.as_ref().map(|operation| operation.kind),
            authenticated: service != Service::Vault || call.bearer_token().is_some(),
        })
    }

    /// Counts a request, before anything can go wrong with it.
    pub(crate) fn count(&self, target: &Target, call: &Call) {
        match target {
            Target::Vault(_) | Target::ByHost if call.bearer_token().is_none() => {
                self.journal.unauthenticated();
            }
            Target::Vault(_) | Target::ByHost => {
                let operation = Operation::of(call);
                self.journal.counted(operation.kind, operation.object());
            }
            Target::Entra => self.journal.counted(entra::kind(call), None),
            Target::IdentityEndpoint => self.journal.counted(CallKind::IdentityEndpoint, None),
            Target::Imds if managed_identity::is_imds_token(call) => {
                self.journal.counted(CallKind::Imds, None);
            }
            Target::Imds => self.journal.counted(CallKind::Unknown, None),
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, target: &Target, call: &Call) -> Answer {
        match target {
            Target::Vault(name) => self.answer_as_vault(name, call),
            Target::Entra => entra::answer(&self.directory, &self.clock, self.lifetime(), call),
            Target::IdentityEndpoint => {
                managed_identity::answer_as_app_service(self.issue(), &self.identity_header, call)
            }
            Target::Imds => managed_identity::answer_as_imds(self.issue(), call),
            Target::ByHost => Answer::text(421, "text/plain", "no service of the fake has this host name"),
        }
    }

    fn answer_as_vault(&self, name: &str, call: &Call) -> Answer {
        let Some(vault) = self.vault(name) else {
            return Answer::text(421, "text/plain", "the fake has no vault of this name");
        };
        let operation = Operation::of(call);
        vault::with_usual_headers(vault.answer(&self.directory, &self.clock, &operation, call))
    }

    fn issue(&self) -> Issue<'_> {
        Issue {
            directory: &self.directory,
            clock: &self.clock,
            lifetime: self.lifetime(),
            assigned: self.identity_assigned.load(Ordering::Relaxed),
        }
    }

    fn lifetime(&self) -> i64 {
        i64::try_from(self.token_lifetime.as_secs()).unwrap_or(i64::MAX / 4)
    }
}

impl Target {
    /// Who answers for a host name on a listener of this target; a name of Azure's wins over the listener's own.
    pub(crate) fn of_host(&self, host: &str) -> Self {
        if !self.speaks_tls() {
            return self.clone();
        }
        let vault = [".vault.azure.net", ".vault.localhost"]
            .iter()
            .find_map(|suffix| host.strip_suffix(suffix));
        match vault {
            Some(name) => Self::Vault(name.to_owned()),
            None if host.starts_with("login.") => Self::Entra,
            None => self.clone(),
        }
    }

    /// The service that counters and faults know this target as.
    pub(crate) fn service(&self) -> Service {
        match self {
            Self::Entra => Service::Entra,
            Self::Vault(_) | Self::ByHost => Service::Vault,
            Self::IdentityEndpoint => Service::IdentityEndpoint,
            Self::Imds => Service::Imds,
        }
    }

    /// The answer of a throttled service.
    pub(crate) fn throttled(&self, retry_after: Option<u64>) -> Answer {
        match self.service() {
            Service::Vault => vault::with_usual_headers(vault::throttled(retry_after)),
            Service::Entra => entra::throttled(retry_after),
            Service::IdentityEndpoint | Service::Imds => managed_identity::throttled(retry_after),
        }
    }

    /// Whether a listener of this target expects TLS.
    pub(crate) fn speaks_tls(&self) -> bool {
        !matches!(self, Self::IdentityEndpoint | Self::Imds)
    }
}
