//! Everything the listeners share, and the way of a request to the service that answers it.

use std::time::Duration;

use crate::clock::Clock;
use crate::entra::{self, Directory};
use crate::http::{Answer, Call};
use crate::journal::{Journal, Service};
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
}

impl World {
    pub(crate) fn vault(&self, name: &str) -> Option<&Vault> {
        self.vaults
            .iter()
            .find(|vault| vault.name.eq_ignore_ascii_case(name))
    }

    /// Who answers for a host name on a listener; a name of Azure's wins over the listener's own target.
    pub(crate) fn target(&self, host: &str, listener: &Target) -> Target {
        let vault = [".vault.azure.net", ".vault.localhost"]
            .iter()
            .find_map(|suffix| host.strip_suffix(suffix));
        match vault {
            Some(name) => Target::Vault(name.to_owned()),
            None if host.starts_with("login.") => Target::Entra,
            None => listener.clone(),
        }
    }

    /// Answers a request.
    pub(crate) fn answer(&self, target: &Target, call: &Call) -> Answer {
        match target {
            Target::Vault(name) => self.answer_as_vault(name, call),
            Target::Entra => self.answer_as_entra(call),
            Target::ByHost => Answer::text(421, "text/plain", "no service of the fake has this host name"),
        }
    }

    fn answer_as_vault(&self, name: &str, call: &Call) -> Answer {
        let Some(vault) = self.vault(name) else {
            return Answer::text(421, "text/plain", "the fake has no vault of this name");
        };
        let operation = Operation::of(call);
        if call.bearer_token().is_none() {
            self.journal.unauthenticated();
        } else {
            self.journal.counted(operation.kind, operation.object());
        }
        vault::with_usual_headers(vault.answer(&self.directory, &self.clock, &operation, call))
    }

    fn answer_as_entra(&self, call: &Call) -> Answer {
        self.journal.counted(entra::kind(call), None);
        let lifetime = i64::try_from(self.token_lifetime.as_secs()).unwrap_or(i64::MAX / 4);
        entra::answer(&self.directory, &self.clock, lifetime, call)
    }
}

impl Target {
    /// The service that counters and faults know this target as.
    pub(crate) fn service(&self) -> Service {
        match self {
            Self::Entra => Service::Entra,
            Self::Vault(_) | Self::ByHost => Service::Vault,
        }
    }
}
