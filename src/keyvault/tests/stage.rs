//! A vault whose answers are scripted and whose requests are kept, and somebody who signs in.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use time::OffsetDateTime;
use time::macros::datetime;
use url::Url;

pub(super) use super::reply::*;
use crate::domain::desired::VaultSpec;
use crate::domain::failure::Failure;
use crate::domain::fetched::FetchedObject;
use crate::domain::listed::{ListedObject, ListedVersion};
use crate::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultHost, VaultId, VaultName, VersionId, VersionSelector,
};
use crate::keyvault::{KeyVault, Outside, TokenSource};
use crate::ports::{Attempts, Vault as _};
use crate::transport::Wires;

pub(super) const HOST: &str = "contoso-app.vault.azure.net";
pub(super) const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// One request as it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) url: Url,
    pub(super) token: Option<String>,
}

type Script = dyn Fn(&Call) -> azure_core::Result<Reply> + Send + Sync;

/// Answers by a script, after a delay of (paused) time.
pub(super) struct FakeHttp {
    script: Box<Script>,
    delay: Duration,
    calls: Mutex<Vec<Call>>,
}

impl fmt::Debug for FakeHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeHttp").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for FakeHttp {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let token = request.headers().get_optional_str(&AUTHORIZATION);
        let token = token
            .and_then(|header| header.strip_prefix("Bearer "))
            .map(str::to_owned);
        let call = Call {
            url: request.url().clone(),
            token,
        };
        self.calls.lock().expect("calls").push(call.clone());
        tokio::time::sleep(self.delay).await;
        (self.script)(&call).map(Reply::into_response)
    }
}

impl FakeHttp {
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }
}

/// Signs in; a rejected token is replaced by the next one.
#[derive(Debug, Default)]
pub(super) struct FakeTokens {
    state: Mutex<Minted>,
    delay: Duration,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Minted {
    pub(super) current: usize,
    pub(super) rejected: Vec<String>,
    pub(super) prefetched: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) failure: Option<Failure>,
    /// How often there is no token, without a word why.
    lost: usize,
}

/// Hands out what [`FakeTokens`] has.
#[derive(Debug)]
struct FakeCredential(Arc<FakeTokens>);

#[async_trait]
impl TokenCredential for FakeCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        tokio::time::sleep(self.0.delay).await;
        let mut state = self.0.state.lock().expect("tokens");
        state
            .scopes
            .extend(scopes.iter().map(|scope| (*scope).to_owned()));
        if let Some(failure) = &state.failure {
            let error = azure_core::Error::new(azure_core::error::ErrorKind::Credential, failure.clone());
            return Err(error.with_context("no token"));
        }
        if let Some(left) = state.lost.checked_sub(1) {
            state.lost = left;
            return Err(azure_core::error::ErrorKind::Credential.into_error());
        }
        let token = Secret::new(format!("token {}", state.current));
        let expires_on = OffsetDateTime::now_utc() + Duration::from_hours(1);
        Ok(AccessToken { token, expires_on })
    }
}

/// The trait's implementor holds an `Arc` of the state, so that tests can look at it.
#[derive(Debug, Clone)]
struct SharedTokens(Arc<FakeTokens>);

impl TokenSource for SharedTokens {
    fn credential(&self) -> Arc<dyn TokenCredential> {
        Arc::new(FakeCredential(Arc::clone(&self.0)))
    }

    fn reject(&self, token: &str) {
        let mut state = self.0.state.lock().expect("tokens");
        if token == format!("token {}", state.current) {
            state.current += 1;
        }
        state.rejected.push(token.to_owned());
    }

    fn prefetch(&self, scope: &str) {
        self.0
            .state
            .lock()
            .expect("tokens")
            .prefetched
            .push(scope.to_owned());
    }
}

/// A `KeyVault` and everything around it.
pub(super) struct Stage {
    pub(super) vault: Arc<KeyVault>,
    vaults: Vec<VaultId>,
    http: Arc<FakeHttp>,
    tokens: Arc<FakeTokens>,
}

impl Stage {
    /// The usual vault, with a script.
    pub(super) fn new(script: impl Fn(&Call) -> azure_core::Result<Reply> + Send + Sync + 'static) -> Self {
        Self::of(
            &[spec("app", &format!("https://{HOST}/"))],
            Duration::ZERO,
            Duration::ZERO,
            script,
        )
    }

    /// These vaults; each call and each token takes its time.
    pub(super) fn of(
        vaults: &[VaultSpec],
        delay: Duration,
        token_delay: Duration,
        script: impl Fn(&Call) -> azure_core::Result<Reply> + Send + Sync + 'static,
    ) -> Self {
        let http = Arc::new(FakeHttp {
            script: Box::new(script),
            delay,
            calls: Mutex::default(),
        });
        let tokens = Arc::new(FakeTokens {
            delay: token_delay,
            ..FakeTokens::default()
        });
        let outside = outside(&http, Arc::new(SharedTokens(Arc::clone(&tokens))));
        let vault = KeyVault::new(vaults, outside).expect("valid URLs");
        Self {
            vault: Arc::new(vault),
            vaults: vaults.iter().map(VaultSpec::id).collect(),
            http,
            tokens,
        }
    }

    /// The parts alone, for a layer under test.
    pub(super) fn parts(
        script: impl Fn(&Call) -> azure_core::Result<Reply> + Send + Sync + 'static,
    ) -> (Arc<FakeHttp>, Outside) {
        let http = Arc::new(FakeHttp {
            script: Box::new(script),
            delay: Duration::ZERO,
            calls: Mutex::default(),
        });
        let outside = outside(&http, Arc::new(SharedTokens(Arc::default())));
        (http, outside)
    }

    /// A vault that asks for a token and then gives these answers, the last of them again and again.
    pub(super) fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
        Self::new(move |call| {
            if call.token.is_none() {
                return Ok(Reply::challenge());
            }
            let mut replies = replies.lock().expect("replies");
            let next = if replies.len() > 1 {
                replies.pop_front()
            } else {
                replies.front().cloned()
            };
            Ok(next.unwrap_or_else(|| Reply::object(call)))
        })
    }

    /// The vault that is on the stage under this name, wherever its host is; else the usual one of the name.
    fn vault_named(&self, name: &VaultName) -> VaultId {
        let mut vaults = self.vaults.iter();
        let staged = vaults.find(|vault| vault.name == *name);
        staged.cloned().unwrap_or_else(|| vault(name.as_str()))
    }

    fn placed(&self, source: &Source) -> Source {
        let mut source = source.clone();
        source.object.vault = self.vault_named(&source.object.vault.name);
        source
    }

    pub(super) async fn fetch(&self, source: &Source) -> Result<FetchedObject, Failure> {
        self.vault.fetch(&self.placed(source), &usual()).await
    }

    /// The list of the object's versions.
    pub(super) async fn versions(&self, source: &Source) -> Result<Vec<ListedVersion>, Failure> {
        self.vault.versions(&self.placed(source).object, &usual()).await
    }

    /// The list of the usual vault's secrets.
    pub(super) async fn secrets(&self) -> Result<Vec<ListedObject>, Failure> {
        let app = VaultName::parse("app").expect("a name");
        self.vault.secrets(&self.vault_named(&app), &usual()).await
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.http.calls()
    }

    /// Numbers of calls without and with a token.
    pub(super) fn counts(&self) -> (usize, usize) {
        let calls = self.calls();
        let without = calls.iter().filter(|call| call.token.is_none()).count();
        (without, calls.len() - without)
    }

    pub(super) fn minted(&self) -> Minted {
        self.tokens.state.lock().expect("tokens").clone()
    }

    pub(super) fn fail_to_sign_in(&self, failure: Failure) {
        self.tokens.state.lock().expect("tokens").failure = Some(failure);
    }

    pub(super) fn lose_tokens(&self, times: usize) {
        self.tokens.state.lock().expect("tokens").lost = times;
    }
}

/// As many repeats as a question usually has.
pub(super) fn usual() -> Attempts {
    Attempts::new(2)
}

/// A vault of the manifest; trusted by name when its host has no known suffix.
pub(super) fn spec(name: &str, url: &str) -> VaultSpec {
    let url = Url::parse(url).expect("a URL");
    let trusted_by_name = !url.host_str().expect("a host").ends_with(".azure.net");
    VaultSpec {
        name: VaultName::parse(name).expect("a name"),
        url,
        trusted_by_name,
    }
}

/// A vault at the host that the tests give to one of this name.
pub(super) fn vault(name: &str) -> VaultId {
    let host = match name {
        "app" => HOST.to_owned(),
        "hsm" => "contoso.managedhsm.azure.net".to_owned(),
        name => format!("{name}.vault.azure.net"),
    };
    VaultId {
        name: VaultName::parse(name).expect("a name"),
        host: VaultHost::parse(&host).expect("a host"),
    }
}

/// The latest version of an object of the usual vault.
pub(super) fn source(kind: ObjectKind, name: &str) -> Source {
    source_at("app", kind, name)
}

pub(super) fn source_at(vault: &str, kind: ObjectKind, name: &str) -> Source {
    Source {
        object: ObjectId {
            vault: self::vault(vault),
            kind,
            name: ObjectName::parse(name).expect("a name"),
        },
        version: VersionSelector::Latest,
    }
}

pub(super) fn secret(name: &str) -> Source {
    source(ObjectKind::Secret, name)
}

pub(super) fn pinned(mut source: Source, version: &str) -> Source {
    source.version = VersionSelector::Exact(VersionId::parse(version).expect("a version"));
    source
}

fn outside(http: &Arc<FakeHttp>, tokens: Arc<dyn TokenSource>) -> Outside {
    Outside {
        http: Arc::clone(http) as Arc<dyn HttpClient>,
        wires: Wires::default(),
        tokens,
        clock: Arc::new(datetime!(2026-11-23 12:00:00 UTC)),
        jitter: Arc::new(0.999),
    }
}
