//! The last gate before the network: no request leaves for a host that the manifest does not name, a vault is asked
//! once for its challenge, and a refused token is given back.
//!
//! The SDK's clients learn a vault's challenge by an unauthenticated call, each client and each concurrent first
//! request for itself. Here the first such call per vault goes out; the others wait for it and are answered from
//! memory, as is every later one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::http::headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode};
use url::Url;

use crate::domain::desired::VaultSpec;
use crate::domain::failure::Reason;

use super::TokenSource;
use super::answer::Answer;
use super::challenge::{self, Challenge};
use super::counted;
use super::error_body::{ErrorBody, quote};
use super::hint;
use super::memory::{ChallengeMemory, RefusedTokens, Shared};
use super::outage::Outage;
use super::realm::Realm;
use super::retry::Again;

/// Decorates the HTTP client of the vaults' SDK clients.
pub(super) struct Guard {
    http: Arc<dyn HttpClient>,
    tokens: Arc<dyn TokenSource>,
    doors: BTreeMap<Address, Door>,
}

/// Scheme, host and port of a vault.
type Address = (String, String, u16);

/// One address that may be called.
#[derive(Debug)]
struct Door {
    host: String,
    scope: &'static str,
    trusted_by_name: bool,
    memory: ChallengeMemory,
    refused: RefusedTokens,
}

impl Guard {
    /// Allows the vaults and nothing else.
    pub(super) fn new(vaults: &[VaultSpec], http: Arc<dyn HttpClient>, tokens: Arc<dyn TokenSource>) -> Self {
        let doors = vaults
            .iter()
            .filter_map(|vault| Some((address(&vault.url)?, Door::of(vault))))
            .collect();
        Self { http, tokens, doors }
    }

    async fn call(&self, request: &Request) -> Result<Answer, Outage> {
        counted::begin();
        let response = self.http.execute_request(request).await;
        Answer::read(response.map_err(|error| Outage::while_calling(&error))?).await
    }

    /// A request without token: the vault's challenge is all it is for.
    async fn ask_for_challenge(&self, door: &Door, request: &Request) -> Result<Answer, Outage> {
        let failures = door.memory.failures.load(Ordering::Acquire);
        let mut lesson = door.memory.lesson.lock().await;
        if let Some(challenge) = &lesson.challenge {
            return Ok(remembered(challenge));
        }
        let waited = door.memory.failures.load(Ordering::Acquire) != failures;
        if let Some(shared) = lesson.shared(waited) {
            return shared.into_result();
        }
        self.tokens.prefetch(door.scope);
        let result = self.call(request).await.and_then(|answer| {
            if answer.status == StatusCode::Unauthorized {
                lesson.challenge = door.learn(&answer.headers)?;
            }
            Ok(answer)
        });
        if let Some(shared) = Shared::of(&result) {
            lesson.failed(shared);
            door.memory.failures.fetch_add(1, Ordering::Release);
        }
        result
    }

    /// A request with a token.
    async fn ask_with_token(&self, door: &Door, request: &Request, token: &str) -> Result<Answer, Outage> {
        let mut answer = self.call(request).await?;
        if answer.status != StatusCode::Unauthorized {
            if answer.status.is_success() {
                door.refused.accepted();
            }
            return Ok(answer);
        }
        if another_token_may_do(&answer) && door.refused.note(token) {
            self.tokens.reject(token);
        }
        let mut lesson = door.memory.lesson.lock().await;
        if let Some(fresh) = door.learn(&answer.headers)? {
            lesson.challenge = Some(fresh);
        }
        if let Some(known) = &lesson.challenge
            && !challenge::can_be_answered(answer.headers.get_optional_str(&WWW_AUTHENTICATE))
        {
            // Without an audience in the header, the client would give up and not ask for the new token.
            answer.headers.insert(WWW_AUTHENTICATE, known.header.clone());
        }
        Ok(answer)
    }
}

#[async_trait]
impl HttpClient for Guard {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let door = address(request.url()).and_then(|address| self.doors.get(&address));
        let Some(door) = door else {
            return Err(foreign(request.url()).into_error());
        };
        let answer = match bearer(request) {
            Some(token) => self.ask_with_token(door, request, token).await,
            None => self.ask_for_challenge(door, request).await,
        };
        answer.map(AsyncRawResponse::from).map_err(Outage::into_error)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("addresses", &self.doors.keys())
            .finish_non_exhaustive()
    }
}

impl Door {
    fn of(vault: &VaultSpec) -> Self {
        let host = vault.url.host_str().unwrap_or_default().to_owned();
        Self {
            scope: Realm::of_host(&host).scope,
            host,
            trusted_by_name: vault.trusted_by_name,
            memory: ChallengeMemory::default(),
            refused: RefusedTokens::default(),
        }
    }

    /// The challenge of a 401, `None` when it has none; an error when it asks for a token that this host must not get.
    fn learn(&self, headers: &Headers) -> Result<Option<Challenge>, Outage> {
        let challenge = headers
            .get_optional_str(&WWW_AUTHENTICATE)
            .and_then(Challenge::parse);
        match challenge {
            Some(challenge) if !self.trusted_by_name && !challenge.suits(&self.host) => {
                let audience = quote(challenge.audience(), 120);
                let seen =
                    format!("the vault asks for a token of {audience}, to which its host does not belong");
                Err(Outage::new(
                    Reason::Unauthorized,
                    seen,
                    hint::CHALLENGE,
                    Again::No,
                ))
            }
            other => Ok(other),
        }
    }
}

impl Shared {
    fn of(result: &Result<Answer, Outage>) -> Option<Self> {
        match result {
            Err(outage) => Some(Self::Outage(outage.clone())),
            Ok(answer) if answer.status == StatusCode::TooManyRequests || answer.status.is_server_error() => {
                Some(Self::Answer(answer.clone()))
            }
            Ok(_) => None,
        }
    }

    fn into_result(self) -> Result<Answer, Outage> {
        match self {
            Self::Outage(outage) => Err(outage),
            Self::Answer(answer) => Ok(answer),
        }
    }
}

fn address(url: &Url) -> Option<Address> {
    Some((
        url.scheme().to_owned(),
        url.host_str()?.to_owned(),
        url.port_or_known_default()?,
    ))
}

fn bearer(request: &Request) -> Option<&str> {
    request
        .headers()
        .get_optional_str(&AUTHORIZATION)?
        .strip_prefix("Bearer ")
}

/// The 401 that the vault gave to an earlier request without token.
fn remembered(challenge: &Challenge) -> Answer {
    let mut headers = Headers::new();
    headers.insert(WWW_AUTHENTICATE, challenge.header.clone());
    Answer {
        status: StatusCode::Unauthorized,
        headers,
        body: Bytes::new(),
    }
}

/// Whether a 401 is about the token itself. A wrong audience or tenant is not: the next token has the same.
fn another_token_may_do(answer: &Answer) -> bool {
    !matches!(
        ErrorBody::parse(&answer.body).akv(),
        Some("AKV10022" | "AKV10032")
    )
}

fn foreign(url: &Url) -> Outage {
    let host = quote(url.host_str().unwrap_or("no host"), 120);
    let seen = format!("nothing was sent to {host}: the manifest names no vault at this address");
    Outage::new(Reason::Malformed, seen, hint::NOT_KEY_VAULT, Again::No)
}
