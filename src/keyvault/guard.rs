//! The last gate before the network, one per vault: no request leaves for another host than the manifest's, the vault is
//! asked once for its challenge, and a refused token is given back.
//!
//! The SDK's clients learn a vault's challenge by an unauthenticated call, each client and each concurrent first
//! request for itself. Here the first such call per vault goes out; the others wait for it and are answered from
//! memory, as is every later one.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::http::headers::{AUTHORIZATION, Headers, WWW_AUTHENTICATE};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode};
use futures::future::{Either, select};
use url::Url;

use crate::domain::desired::VaultSpec;
use crate::domain::failure::Reason;
use crate::domain::protocol::Protocol;
use crate::transport::Wires;

use super::TokenSource;
use super::answer::Answer;
use super::challenge::{self, Challenge};
use super::challenge_cache::{ChallengeCache, Shared};
use super::counted;
use super::error_body::{ErrorBody, quote};
use super::hint;
use super::outside::Outside;
use super::realm::Realm;
use super::refused_tokens::RefusedTokens;
use super::retry::Retry;
use super::transport_error::TransportError;

/// Decorates the HTTP client of a vault's SDK clients.
pub(super) struct Guard {
    http: Arc<dyn HttpClient>,
    wires: Wires,
    tokens: Arc<dyn TokenSource>,
    allowed: AllowedHost,
}

/// Scheme, host and port.
type Address = (String, String, u16);

/// The one address that may be called.
#[derive(Debug)]
struct AllowedHost {
    address: Option<Address>,
    host: String,
    scope: &'static str,
    trusted_by_name: bool,
    challenges: ChallengeCache,
    refused: RefusedTokens,
}

impl Guard {
    /// Allows the vault and nothing else.
    pub(super) fn new(vault: &VaultSpec, outside: &Outside) -> Self {
        let allowed = AllowedHost::of(vault);
        Self {
            http: Arc::clone(&outside.http),
            wires: outside.wires.clone(),
            tokens: Arc::clone(&outside.tokens),
            allowed,
        }
    }

    async fn call(&self, request: &Request) -> Result<Answer, TransportError> {
        counted::begin();
        let answer = match self.http.execute_request(request).await {
            Ok(response) => Answer::read(response).await,
            Err(error) => Err(TransportError::while_calling(&error)),
        };
        if answer.as_ref().is_err_and(|error| error.cut_off) {
            counted::cut_off();
        }
        answer
    }

    /// Opens a connection for each request that waits for the challenge, where each needs its own: while the token is
    /// on its way. Returns when that is under way, or never.
    async fn open_for_who_waits(&self, host: &AllowedHost, url: &Url) {
        if self.wires.speaks_other_than(url, None).await == Protocol::Http1 {
            // When that is known beforehand, those who will wait have not come yet.
            tokio::task::yield_now().await;
            let (wires, url) = (self.wires.clone(), url.clone());
            let waiting = host.challenges.waiting.load(Ordering::Acquire);
            tokio::spawn(async move { wires.open_ahead(&url, waiting).await });
        }
    }

    /// A request without token: the vault's challenge is all it is for.
    async fn ask_for_challenge(
        &self,
        host: &AllowedHost,
        request: &Request,
    ) -> Result<Answer, TransportError> {
        let failures = host.challenges.failures.load(Ordering::Acquire);
        let mut learned = host.challenges.lock_in_line().await;
        if let Some(challenge) = &learned.challenge {
            let endpoint = &host.host;
            tracing::debug!(%endpoint, "The next 401 is from memory, for the SDK to add a token; nothing is sent");
            return Ok(remembered(challenge));
        }
        let waited = host.challenges.failures.load(Ordering::Acquire) != failures;
        if let Some(shared) = learned.shared(waited) {
            return shared.into_result();
        }
        self.tokens.prefetch(host.scope);
        let call = pin!(self.call(request));
        let opening = pin!(self.open_for_who_waits(host, request.url()));
        let result = match select(call, opening).await {
            Either::Left((result, _)) => result,
            Either::Right(((), call)) => call.await,
        };
        let result = result.and_then(|answer| {
            if answer.status == StatusCode::Unauthorized {
                learned.challenge = host.learn(&answer.headers)?;
            }
            Ok(answer)
        });
        if let Some(shared) = Shared::of(&result) {
            learned.failed(shared);
            host.challenges.failures.fetch_add(1, Ordering::Release);
        }
        result
    }

    /// A request with a token.
    async fn ask_with_token(
        &self,
        host: &AllowedHost,
        request: &Request,
        token: &str,
    ) -> Result<Answer, TransportError> {
        let mut answer = self.call(request).await?;
        if answer.status != StatusCode::Unauthorized {
            if answer.status.is_success() {
                host.refused.accepted();
            }
            return Ok(answer);
        }
        if another_token_may_do(&answer) && host.refused.note(token) {
            self.tokens.reject(token);
        }
        let mut learned = host.challenges.learned.lock().await;
        if let Some(fresh) = host.learn(&answer.headers)? {
            learned.challenge = Some(fresh);
        }
        if let Some(known) = &learned.challenge
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
        let host = &self.allowed;
        if host.address.is_none() || address(request.url()) != host.address {
            return Err(foreign(request.url()).into_error());
        }
        let answer = match bearer(request) {
            Some(token) => self.ask_with_token(host, request, token).await,
            None => self.ask_for_challenge(host, request).await,
        };
        answer
            .map(AsyncRawResponse::from)
            .map_err(TransportError::into_error)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("host", &self.allowed.host)
            .finish_non_exhaustive()
    }
}

impl AllowedHost {
    fn of(vault: &VaultSpec) -> Self {
        let host = vault.url.host_str().unwrap_or_default().to_owned();
        Self {
            address: address(&vault.url),
            scope: Realm::of_host(&host).scope,
            host,
            trusted_by_name: vault.trusted_by_name,
            challenges: ChallengeCache::default(),
            refused: RefusedTokens::default(),
        }
    }

    /// The challenge of a 401, `None` when it has none; an error when it asks for a token that this host must not get.
    fn learn(&self, headers: &Headers) -> Result<Option<Challenge>, TransportError> {
        let challenge = headers
            .get_optional_str(&WWW_AUTHENTICATE)
            .and_then(Challenge::parse);
        match challenge {
            Some(challenge) if !self.trusted_by_name && !challenge.suits(&self.host) => {
                let audience = quote(challenge.audience(), 120);
                let seen =
                    format!("the vault asks for a token of {audience}, to which its host does not belong");
                Err(TransportError::new(
                    Reason::Unauthorized,
                    seen,
                    hint::CHALLENGE,
                    Retry::No,
                ))
            }
            other => Ok(other),
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

fn foreign(url: &Url) -> TransportError {
    let host = quote(url.host_str().unwrap_or("no host"), 120);
    let seen = format!("nothing was sent to {host}: this is not the address of the vault");
    TransportError::new(Reason::Malformed, seen, hint::NOT_KEY_VAULT, Retry::No)
}
