//! The data plane of one vault: who may do what, and the store behind it.

mod access;
mod certificates;
mod issue;
mod keys;
mod page;
mod policy;
mod refusal;
mod secrets;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::crypto::x509::Hierarchy;
use crate::entra::Directory;
use crate::http::{Answer, Call};
use crate::ids;
use crate::journal::CallKind;

pub(crate) use access::Operation;
pub(crate) use certificates::switch as switch_certificate;
use issue::Certificate;
pub use issue::{CertificateFormat, CertificateIssuer, CertificateOptions, ChainOrder};
pub(crate) use issue::{
    create as create_certificate, create_as_secret, import as import_certificate, renew as renew_certificate,
};
use keys::Key;
pub use keys::KeyOptions;
pub(crate) use keys::{add as add_key, rotated as rotate_key};
pub use refusal::Denial;
use refusal::Place;
pub(crate) use refusal::{Refusal, throttled};
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
    /// Signs the certificates that are not self-signed.
    pub(crate) hierarchy: Arc<Hierarchy>,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) secrets: Shelf<Secret>,
    pub(crate) keys: Shelf<Key>,
    pub(crate) certificates: Shelf<Certificate>,
    /// What refuses every caller.
    pub(crate) denial: Option<Denial>,
    /// What refuses callers of single objects, by name in lower case.
    pub(crate) object_denials: BTreeMap<String, Denial>,
    /// Whether lists of secrets and of their versions are refused, as to an identity that may only read values.
    pub(crate) lists_denied: bool,
    /// Names that lists of a whole vault leave out although the objects exist, in lower case.
    pub(crate) hidden: BTreeSet<String>,
    /// Serve an empty page before each page of a list.
    pub(crate) empty_pages: bool,
}

impl Store {
    /// Whether a list of the whole vault shows an object.
    pub(crate) fn lists(&self, name: &str) -> bool {
        !self.hidden.contains(&name.to_ascii_lowercase())
    }
}

impl Vault {
    pub(crate) fn new(name: String, url: String, hierarchy: Arc<Hierarchy>) -> Self {
        Self {
            name,
            url,
            hierarchy,
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
        let of_list = (store.lists_denied && operation.reads_metadata()).then_some(Denial::Rbac);
        match store.denial.or(of_object.copied()).or(of_list) {
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
            CallKind::CreateKey
            | CallKind::RotateKey
            | CallKind::GetKey
            | CallKind::ListKeys
            | CallKind::ListKeyVersions => keys::perform(self, clock, operation, call),
            CallKind::CreateCertificate
            | CallKind::ImportCertificate
            | CallKind::GetCertificate
            | CallKind::GetCertificatePolicy
            | CallKind::GetCertificateOperation
            | CallKind::UpdateCertificate
            | CallKind::ListCertificates
            | CallKind::ListCertificateVersions => certificates::perform(self, clock, operation, call),
            CallKind::Token
            | CallKind::Discovery
            | CallKind::IdentityEndpoint
            | CallKind::Imds
            | CallKind::Unknown => Err(Refusal::NoSuchPath),
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
