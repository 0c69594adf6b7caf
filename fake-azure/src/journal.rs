//! What the fake was asked: counters for assertions, and the last requests for a person who reads a failed test.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// The number of requests that [`Calls::log`] remembers.
const LOG_LIMIT: usize = 2_000;

/// Which of the faked services a connection or a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// Key Vault's data plane, every vault.
    Vault,
    /// Microsoft Entra.
    Entra,
    /// The App Service and Container Apps identity endpoint.
    IdentityEndpoint,
    /// The instance metadata service of a virtual machine.
    Imds,
}

/// What a request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Key Vault's operations")]
pub enum CallKind {
    GetSecret,
    SetSecret,
    UpdateSecret,
    DeleteSecret,
    ListSecrets,
    ListSecretVersions,
    GetDeletedSecret,
    RecoverDeletedSecret,
    PurgeDeletedSecret,
    CreateKey,
    RotateKey,
    GetKey,
    ListKeys,
    ListKeyVersions,
    CreateCertificate,
    ImportCertificate,
    GetCertificate,
    GetCertificatePolicy,
    GetCertificateOperation,
    UpdateCertificate,
    ListCertificates,
    ListCertificateVersions,
    /// Entra's token endpoint.
    Token,
    /// Entra's `openid-configuration`.
    Discovery,
    /// A token of the App Service identity endpoint.
    IdentityEndpoint,
    /// A token of the instance metadata service.
    Imds,
    /// A path that no service has.
    Unknown,
}

/// One request, as remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedCall {
    /// The service that answered.
    pub service: Service,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path and the names of the query's parameters; no values, which may be credentials.
    pub path: String,
    /// The status of the answer; `None` while there is none, and when the connection was ended instead.
    pub status: Option<u16>,
}

/// A snapshot of the counters.
///
/// A call to a vault without a token is counted as unauthenticated, and neither by kind nor by object: those hold
/// what a client asked after it had learned to sign in.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    by_kind: BTreeMap<CallKind, u64>,
    by_object: BTreeMap<String, u64>,
    connections: BTreeMap<Service, u64>,
    unauthenticated: u64,
    max_concurrent: usize,
    log: VecDeque<LoggedCall>,
}

impl Calls {
    /// The number of calls of this kind.
    pub fn of(&self, kind: CallKind) -> u64 {
        self.by_kind.get(&kind).copied().unwrap_or(0)
    }

    /// The number of calls that named this secret, key or certificate; case makes no difference.
    pub fn of_object(&self, name: &str) -> u64 {
        self.by_object
            .get(&name.to_ascii_lowercase())
            .copied()
            .unwrap_or(0)
    }

    /// The number of all authenticated calls to vaults, and of all calls to the other services.
    pub fn total(&self) -> u64 {
        self.by_kind.values().sum()
    }

    /// The number of calls to vaults that carried no token.
    pub fn unauthenticated(&self) -> u64 {
        self.unauthenticated
    }

    /// The number of connections that were opened to this service; for TLS, those whose handshake ended well.
    pub fn connections(&self, service: Service) -> u64 {
        self.connections.get(&service).copied().unwrap_or(0)
    }

    /// The highest number of requests that were being answered at one moment.
    pub fn max_concurrent(&self) -> usize {
        self.max_concurrent
    }

    /// The last requests, oldest first.
    pub fn log(&self) -> impl Iterator<Item = &LoggedCall> {
        self.log.iter()
    }
}

/// The counters that grow.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Calls,
    concurrent: usize,
    /// How many entries the log has lost at its front, so that a ticket still finds its entry.
    dropped: u64,
}

impl Journal {
    pub(crate) fn snapshot(&self) -> Calls {
        self.lock().calls.clone()
    }

    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        inner.dropped += inner.calls.log.len() as u64;
        inner.calls = Calls::default();
    }

    pub(crate) fn connected(&self, service: Service) {
        *self.lock().calls.connections.entry(service).or_default() += 1;
    }

    pub(crate) fn unauthenticated(&self) {
        self.lock().calls.unauthenticated += 1;
    }

    pub(crate) fn counted(&self, kind: CallKind, object: Option<&str>) {
        let calls = &mut self.lock().calls;
        *calls.by_kind.entry(kind).or_default() += 1;
        if let Some(name) = object {
            *calls.by_object.entry(name.to_ascii_lowercase()).or_default() += 1;
        }
    }

    /// Notes a request that has arrived. It counts as running until the ticket is dropped.
    pub(crate) fn arrived(&self, call: LoggedCall) -> Ticket<'_> {
        let mut inner = self.lock();
        inner.concurrent += 1;
        inner.calls.max_concurrent = inner.calls.max_concurrent.max(inner.concurrent);
        if inner.calls.log.len() == LOG_LIMIT {
            inner.calls.log.pop_front();
            inner.dropped += 1;
        }
        inner.calls.log.push_back(call);
        let number = inner.dropped + inner.calls.log.len() as u64 - 1;
        Ticket {
            journal: self,
            number,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    journal: &'a Journal,
    number: u64,
}

impl Ticket<'_> {
    /// Notes how the request was answered.
    pub(crate) fn answered(&self, status: u16) {
        let mut inner = self.journal.lock();
        let index = self.number.checked_sub(inner.dropped);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(call) = index.and_then(|index| inner.calls.log.get_mut(index)) {
            call.status = Some(status);
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.journal.lock().concurrent -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(path: &str) -> LoggedCall {
        LoggedCall {
            service: Service::Vault,
            method: "GET".to_owned(),
            path: path.to_owned(),
            status: None,
        }
    }

    #[test]
    fn the_highest_number_of_requests_at_once_is_kept() {
        let journal = Journal::default();
        let first = journal.arrived(call("/a"));
        drop(journal.arrived(call("/b")));
        drop(first);
        drop(journal.arrived(call("/c")));
        assert_eq!(journal.snapshot().max_concurrent(), 2);
    }

    #[test]
    fn a_full_log_forgets_the_oldest_and_still_finds_the_newest() {
        let journal = Journal::default();
        for number in 0..=LOG_LIMIT {
            journal.arrived(call(&number.to_string())).answered(200);
        }
        let calls = journal.snapshot();
        assert_eq!(calls.log().count(), LOG_LIMIT);
        assert_eq!(calls.log().next().map(|call| call.path.as_str()), Some("1"));
        assert!(calls.log().all(|call| call.status == Some(200)));
    }

    #[test]
    fn a_ticket_from_before_a_reset_changes_nothing_after_it() {
        let journal = Journal::default();
        let old = journal.arrived(call("/old"));
        journal.reset();
        let _new = journal.arrived(call("/new"));
        old.answered(200);
        assert!(journal.snapshot().log().all(|call| call.status.is_none()));
    }
}
