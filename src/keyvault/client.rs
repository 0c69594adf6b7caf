//! The vaults of a manifest: what is asked of them, in which attempts, and what their answers mean.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use azure_core::http::RawResponse;
use azure_core::http::pager::PagerContinuation;

use crate::domain::desired::VaultSpec;
use crate::domain::failure::Failure;
use crate::domain::fetched::FetchedObject;
use crate::domain::listed::{ListedObject, ListedVersion};
use crate::domain::object::{ObjectId, ObjectKind, Source, VaultId};
use crate::domain::protocol::Protocol;
use crate::ports::{Attempts, Vault};

use super::body;
use super::counted;
use super::list::{self, Progress};
use super::outside::Outside;
use super::page;
use super::realm::Service;
use super::refusal;
use super::retry::{self, Refused};
use super::target::{Subject, Target};
use super::vault_clients::{BuildError, RawPage, VaultClients};

/// Reads objects of the vaults that a manifest names.
pub struct KeyVault {
    vaults: BTreeMap<VaultId, Arc<VaultClients>>,
    outside: Outside,
}

impl KeyVault {
    /// Sets up the clients of the vaults. Nothing is sent before the first fetch.
    pub fn new(vaults: &[VaultSpec], outside: Outside) -> Result<Self, BuildError> {
        let none = Self {
            vaults: BTreeMap::new(),
            outside,
        };
        none.with_vaults(vaults)
    }

    /// The same for other vaults. A vault whose URL is here already, under whatever name, keeps its clients: what they
    /// know of its challenge, and with the one HTTP client its connections. No other host than these vaults' is called.
    pub fn with_vaults(&self, vaults: &[VaultSpec]) -> Result<Self, BuildError> {
        let mut made: Vec<_> = self.vaults.values().map(Arc::clone).collect();
        let mut named = BTreeMap::new();
        for vault in vaults {
            let known = made.iter().find(|clients| clients.serve(vault)).map(Arc::clone);
            let clients = match known {
                Some(clients) => clients,
                None => Arc::new(VaultClients::new(vault, &self.outside)?),
            };
            made.push(Arc::clone(&clients));
            named.insert(vault.id(), clients);
        }
        Ok(Self {
            vaults: named,
            outside: self.outside.clone(),
        })
    }

    /// The vault that a request is for, and what its failures say.
    fn target<'a>(&'a self, subject: Subject<'a>) -> Result<(&'a VaultClients, Target<'a>), Failure> {
        let Some(vault) = self.vaults.get(subject.vault()) else {
            return Err(refusal::no_such_vault(subject));
        };
        let target = Target {
            subject,
            host: &vault.host,
            realm: vault.realm,
        };
        if vault.realm.service == Service::ManagedHsm && target.wire_kind() != ObjectKind::Key {
            return Err(refusal::not_in_a_managed_hsm(&target));
        }
        Ok((vault, target))
    }

    /// Makes one request, and makes it again while that can help and is granted.
    async fn with_retries<T, F>(
        &self,
        target: &Target<'_>,
        attempts: &Attempts,
        request: impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Refused>>,
    {
        let mut attempt = 0;
        loop {
            let result = counted::of(attempts, request()).await;
            // Over HTTP/1.1 the connection goes back to the pool in a task of its own. Without a turn for it, the next
            // request, this one's repeat or whatever is asked in its place, would open another one.
            tokio::task::yield_now().await;
            let refused = match result {
                Ok(answer) => return Ok(answer),
                Err(refused) => refused,
            };
            let Some(pause) = retry::pause(&refused, attempt, attempts, self.outside.jitter.as_ref()) else {
                return Err(refused.failure);
            };
            let (of, reason) = (target.subject, refused.failure.reason);
            let wait_milliseconds = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(endpoint = %of.vault(), object = %of, attempt, %reason, wait_milliseconds, "Request is made again");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Makes sense of an error of the SDK's clients.
    fn explain(&self, target: &Target<'_>) -> impl Fn(azure_core::Error) -> Refused {
        let now = self.outside.clock.now();
        move |error| refusal::explain(target, &error, now)
    }

    /// Reads a list to its end; its pages share the repeats. `convert` gets the number of items before the page.
    async fn list<T, F>(
        &self,
        vault: &VaultClients,
        target: &Target<'_>,
        attempts: &Attempts,
        page_at: impl Fn(Option<PagerContinuation>) -> F,
        convert: impl Fn(usize, RawResponse) -> Result<Vec<T>, Refused>,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = azure_core::Result<RawPage>>,
    {
        let mut progress = Progress::new(target, &vault.url);
        let mut all = Vec::new();
        let mut from = None;
        loop {
            let page = self.with_retries(target, attempts, || async {
                let page = page_at(from.clone()).await.map_err(self.explain(target))?;
                let bytes = page.response.body().len();
                let items = convert(all.len(), page.response)?;
                Ok((items, bytes, page.next))
            });
            let (items, bytes, next) = page.await?;
            from = progress.after(items.len(), bytes, next)?;
            all.extend(items);
            if from.is_none() {
                return Ok(all);
            }
        }
    }
}

impl Vault for KeyVault {
    async fn fetch(&self, source: &Source, attempts: &Attempts) -> Result<FetchedObject, Failure> {
        let (vault, target) = self.target(Subject::Object(source))?;
        let get = || async {
            let response = vault.get(source).await.map_err(self.explain(&target))?;
            match target.wire_kind() {
                ObjectKind::Key => body::key(&target, source, response),
                ObjectKind::Secret | ObjectKind::Certificate => body::secret(&target, source, response),
            }
        };
        self.with_retries(&target, attempts, get).await
    }

    async fn versions(&self, object: &ObjectId, attempts: &Attempts) -> Result<Vec<ListedVersion>, Failure> {
        let (vault, target) = self.target(Subject::Versions(object))?;
        let page_at = |from| vault.page_of_versions(object, from);
        let convert = |read, response| match target.wire_kind() {
            ObjectKind::Key => page::versions_of_key(&target, object, read, response),
            ObjectKind::Secret | ObjectKind::Certificate => {
                page::versions_of_secret(&target, object, read, response)
            }
        };
        let versions = self.list(vault, &target, attempts, page_at, convert).await?;
        Ok(list::each_once(versions, |listed| listed.version.clone()))
    }

    async fn secrets(&self, vault: &VaultId, attempts: &Attempts) -> Result<Vec<ListedObject>, Failure> {
        let (vault, target) = self.target(Subject::Secrets(vault))?;
        let page_at = |from| vault.page_of_secrets(from);
        let convert = |read, response| page::secrets(&target, read, response);
        let secrets = self.list(vault, &target, attempts, page_at, convert).await?;
        Ok(list::each_once(secrets, |listed| {
            listed.name.as_str().to_ascii_lowercase()
        }))
    }

    async fn speaks_other_than(&self, vault: &VaultId, known: Option<Protocol>) -> Protocol {
        match self.vaults.get(vault) {
            Some(vault) => self.outside.wires.speaks_other_than(&vault.url, known).await,
            None => std::future::pending().await,
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
