//! The HTTP client below the SDK's credentials. It judges each answer itself and turns everything but a token into an error
//! that the SDK passes on untouched.
//!
//! This stands here because the SDK loses status and code of any error body with a JSON escape, repeats requests at IMDS
//! for 72 s whatever the caller says, and takes an unbounded body.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, AsyncResponseBody, HttpClient, Request, StatusCode};
use futures::TryStreamExt;
use time::OffsetDateTime;

use super::endpoint_error;
use super::entra_error::{self, EntraAttempt};
use super::managed::{self, ManagedIdentity};
use super::refusal::Refusal;
use super::service_text::{innermost_cause, one_line};
use crate::domain::hint::Hint;
use crate::ports::Clock;
use crate::transport::{ThroughProxy, WireCause, blocked_by_proxy, chain, retry_after};

/// Token answers are about 2 KiB.
const BODY_LIMIT: usize = 256 * 1024;

/// An HTTP client that gives tokens or refusals.
pub(super) struct Endpoint {
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) peer: Peer,
    pub(super) clock: Arc<dyn Clock>,
}

/// Who answers, and so how an answer is read.
pub(super) enum Peer {
    /// Entra's token endpoint.
    Entra(Box<EntraAttempt>),
    /// IMDS, App Service or Container Apps.
    Managed {
        identity: ManagedIdentity,
        /// Set at the first answer, of whatever kind.
        known: Arc<AtomicBool>,
    },
}

#[async_trait]
impl HttpClient for Endpoint {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.exchange(request).await.map_err(Refusal::into_azure)
    }
}

impl Endpoint {
    async fn exchange(&self, request: &Request) -> Result<AsyncRawResponse, Refusal> {
        let mut request = request.clone();
        self.peer.amend(&mut request);
        let response = self.client.execute_request(&request).await;
        let response = response.map_err(|error| self.peer.unreachable(&error))?;
        self.peer.answered();
        let (status, headers, body) = response.deconstruct();
        let body = bounded(body).await.map_err(|error| match error {
            BodyError::TooLong => self.peer.no_token(),
            BodyError::Cut(error) => self.peer.cut(&error),
        })?;
        if !status.is_success() {
            let asked = retry_after(&headers, self.clock.now());
            return Err(self.peer.refused(status, asked, &body));
        }
        let body = self.peer.token_answer(body, self.clock.now());
        let body = body.ok_or_else(|| self.peer.no_token())?;
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

impl Peer {
    fn amend(&self, request: &mut Request) {
        if let Self::Managed { identity, .. } = self {
            identity.amend(request);
        }
    }

    fn answered(&self) {
        if let Self::Managed { known, .. } = self {
            known.store(true, Ordering::Relaxed);
        }
    }

    fn token_answer(&self, body: Vec<u8>, now: OffsetDateTime) -> Option<Vec<u8>> {
        match self {
            Self::Entra(_) => Some(body),
            Self::Managed { .. } => managed::normalized(&body, now),
        }
    }

    fn refused(&self, status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Refusal {
        let status = u16::from(status);
        match self {
            Self::Entra(attempt) => entra_error::classify(status, retry_after, body, attempt),
            Self::Managed { identity, .. } => endpoint_error::classify(status, retry_after, body, identity),
        }
    }

    /// The wording of a success that holds no token. The body is never shown: it may hold half of one.
    pub(super) fn no_token(&self) -> Refusal {
        let who = match self {
            Self::Entra(attempt) => format!("the token endpoint ({})", attempt.application.authority.value),
            Self::Managed { identity, .. } => identity.platform.endpoint_name().to_owned(),
        };
        Refusal::unavailable(
            format!("{who} answered with success and without a usable token"),
            "check that no proxy answers instead of the endpoint",
        )
    }

    fn unreachable(&self, error: &azure_core::Error) -> Refusal {
        let blocked = blocked_by_proxy(error);
        let connection_hint = if blocked.is_some() {
            PROXY_HINT
        } else {
            CONNECTION_HINT
        };
        let cause = WireCause::of(error);
        let innermost = match &cause {
            Some(tls @ WireCause::Tls(_)) => one_line(&tls.to_string()),
            _ => innermost_cause(error),
        };
        let said = blocked.unwrap_or_else(|| match ThroughProxy::of(error) {
            Some(ThroughProxy { proxy, .. }) => format!("{innermost}, through the proxy {proxy}"),
            None => innermost,
        });
        let connected = !matches!(error.kind(), ErrorKind::Connection);
        let is_direct = blocked_by_proxy(error).is_none();
        let refusal = match (self, &cause) {
            (_, Some(cause)) if cause.refuses_the_server() => Refusal::misconfigured(
                format!("the TLS handshake with {} failed: {said}", self.host()),
                cause.certificate_hint().unwrap_or_else(|| self.tls_hint()),
            ),
            (Self::Entra(_), Some(WireCause::Tls(_))) => Refusal::unavailable(
                format!("the TLS handshake with {} failed: {said}", self.host()),
                TLS_HINT,
            ),
            _ if connected && is_direct && has_ended(error) => Refusal::unavailable(
                format!(
                    "the connection to {} ended before its answer: {said}",
                    self.host()
                ),
                CUT_HINT,
            ),
            (Self::Entra(_), _) => Refusal::unavailable(
                format!("{} cannot be reached: {said}", self.host()),
                connection_hint,
            ),
            (Self::Managed { identity, known, .. }, _) => {
                endpoint_error::unreachable(identity, &said, connected, known.load(Ordering::Relaxed))
            }
        };
        match cause {
            Some(cause) => refusal.caused_by(cause),
            None => refusal,
        }
    }

    /// The answer began, so whoever gives it was reached.
    fn cut(&self, error: &azure_core::Error) -> Refusal {
        let said = if is_late(error) {
            "no more of it came within the time limit".to_owned()
        } else {
            innermost_cause(error)
        };
        let detail = format!("the answer of {} broke off: {said}", self.host());
        let refusal = Refusal::unavailable(detail, CUT_HINT);
        match WireCause::of(error) {
            Some(cause) => refusal.caused_by(cause),
            None => refusal,
        }
    }

    /// What to do about a server that shows no certificate, or speaks no TLS that is spoken here.
    const fn tls_hint(&self) -> &'static str {
        match self {
            Self::Entra(_) => TLS_HINT,
            Self::Managed { identity, .. } => endpoint_error::tls_hint(identity.platform),
        }
    }

    fn host(&self) -> &str {
        match self {
            Self::Entra(attempt) => attempt.application.host(),
            Self::Managed { identity, .. } => identity.platform.endpoint_name(),
        }
    }
}

/// When Entra does not answer.
pub(super) const CONNECTION_HINT: Hint = Hint::act("check DNS, egress rules and HTTPS_PROXY").or_wait();

/// When a connection ends within an answer, or before it.
const CUT_HINT: Hint =
    Hint::act("look for a proxy or firewall on the way that limits or inspects answers").or_wait();

/// When a proxy is away, or does not connect to Entra.
const PROXY_HINT: Hint =
    Hint::act("check the proxy and its credentials, or exempt the authority with NO_PROXY").or_wait();

/// When TLS fails with Entra and its certificate is not the cause.
const TLS_HINT: &str = "check that AZURE_AUTHORITY_HOST or identity.authorityHost is one of Entra, and that no proxy or firewall interrupts TLS on the way";

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { client, peer, .. } = self;
        f.debug_struct("Endpoint")
            .field("client", client)
            .field("peer", peer)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entra(attempt) => attempt.fmt(f),
            Self::Managed { identity, .. } => identity.fmt(f),
        }
    }
}

/// Whether a limit of time ended the call.
fn is_late(error: &azure_core::Error) -> bool {
    chain(error).any(|cause| {
        let by_client = cause.downcast_ref().is_some_and(reqwest::Error::is_timeout);
        let io: Option<&io::Error> = cause.downcast_ref();
        by_client || io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
    })
}

/// Whether the other side ended a connection that stood: a stream of HTTP/2, or the whole of it.
fn has_ended(error: &azure_core::Error) -> bool {
    !is_late(error) && chain(error).any(|cause| is_end_by_kind(cause) || is_end_by_words(cause))
}

fn is_end_by_kind(cause: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind as K;
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(
        kind,
        Some(K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::UnexpectedEof)
    )
}

/// The client has no public types for these.
fn is_end_by_words(cause: &(dyn Error + 'static)) -> bool {
    const SAID: [&str; 4] = [
        "stream error received",
        "closed before message completed",
        "go away",
        "connection reset",
    ];
    let text = cause.to_string().to_ascii_lowercase();
    SAID.iter().any(|known| text.contains(known))
}

enum BodyError {
    TooLong,
    Cut(azure_core::Error),
}

async fn bounded(mut body: AsyncResponseBody) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.try_next().await.map_err(BodyError::Cut)? {
        if bytes.len() + chunk.len() > BODY_LIMIT {
            return Err(BodyError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
