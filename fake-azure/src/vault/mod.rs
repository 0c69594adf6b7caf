//! The data plane of one vault: who may do what, and the store behind it.

mod access;
mod page;
mod refusal;
mod secrets;
mod shelf;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::entra::Directory;
use crate::http::{Answer, Call};
use crate::ids;
use crate::journal::CallKind;

pub(crate) use access::Operation;
pub use refusal::Denial;
use refusal::Place;
pub(crate) use refusal::Refusal;
use secrets::Secret;
pub(crate) use secrets::{NewSecret, add as add_secret};
use shelf::Shelf;

/// The resource that vaults name in their challenge, and the audience of their tokens.
pub(crate) const AUDIENCE: &str = "https://vault.azure.net";

/// A vault and everything in it.
#[derive(Debug)]
pub(crate) struct Vault {
    pub(crate) name: String,
    /// `https://HOST` or `https://HOST:PORT`, without a slash at the end; ids begin with it.
    pub(crate) url: String,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) secrets: Shelf<Secret>,
    /// What refuses every caller.
    pub(crate) denial: Option<Denial>,
    /// What refuses callers of single objects, by name in lower case.
    pub(crate) object_denials: BTreeMap<String, Denial>,
    /// Serve an empty page before each page of a list.
    pub(crate) empty_pages: bool,
}

impl Vault {
    pub(crate) fn new(name: String, url: String) -> Self {
        Self {
            name,
            url,
            store: Mutex::default(),
        }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request.
    pub(crate) fn answer(
        &self,
        directory: &Directory,
        clock: &Clock,
        operation: &Operation,
        call: &Call,
    ) -> Answer {
        let place = Place {
            vault: &self.name,
            authority: &directory.authority,
            audience: AUDIENCE,
        };
        let answer = self
            .authorise(directory, clock, operation, call)
            .and_then(|()| self.perform(clock, operation, call));
        match answer {
            Ok(answer) => answer,
            Err(refusal) => refusal.answer(place),
        }
    }

    fn authorise(
        &self,
        directory: &Directory,
        clock: &Clock,
        operation: &Operation,
        call: &Call,
    ) -> Result<(), Refusal> {
        let token = call.bearer_token().ok_or(Refusal::NoToken)?;
        let caller = directory
            .tokens
            .recognise(token, AUDIENCE, clock.now())
            .map_err(Refusal::Distrusted)?;
        let store = self.store();
        let of_object = store.object_denials.get(&operation.name.to_ascii_lowercase());
        match store.denial.or(of_object.copied()) {
            Some(denial) => Err(Refusal::Denied(denial, operation.action(), caller)),
            None => Ok(()),
        }
    }

    fn perform(&self, clock: &Clock, operation: &Operation, call: &Call) -> Result<Answer, Refusal> {
        match operation.kind {
            CallKind::GetSecret
            | CallKind::SetSecret
            | CallKind::UpdateSecret
            | CallKind::DeleteSecret
            | CallKind::ListSecrets
            | CallKind::ListSecretVersions
            | CallKind::GetDeletedSecret
            | CallKind::RecoverDeletedSecret
            | CallKind::PurgeDeletedSecret => secrets::perform(self, clock, operation, call),
            _ => Err(Refusal::NoSuchPath),
        }
    }

    /// The identifier of an object: `https://HOST/COLLECTION/NAME`.
    pub(crate) fn id(&self, collection: &str, name: &str) -> String {
        format!("{}/{collection}/{name}", self.url)
    }
}

/// The headers of every answer of a vault. There is no `ETag`, as there is none in Azure.
pub(crate) fn with_usual_headers(answer: Answer) -> Answer {
    let assigned = answer.status < 300;
    let answer = answer
        .with_header("Cache-Control", "no-cache")
        .with_header("Pragma", "no-cache")
        .with_header("Expires", "-1")
        .with_header("Strict-Transport-Security", "max-age=31536000;includeSubDomains")
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header(
            "x-ms-keyvault-network-info",
            "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
        )
        .with_header("x-ms-keyvault-region", "westeurope")
        .with_header("x-ms-keyvault-service-version", "1.9.3019.1")
        .with_header("x-ms-request-id", ids::guid());
    if assigned {
        answer.with_header(
            "x-ms-keyvault-rbac-assignment-id",
            "00000000000000000000000000000001",
        )
    } else {
        answer
    }
}
