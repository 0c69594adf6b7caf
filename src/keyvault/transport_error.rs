//! Why there is no answer: DNS, TCP, TLS, a proxy, a deadline, a connection that ended.
//!
//! The causes are found in the chain of an error's sources, by type where the crates have public types for them and
//! by the text of `hyper-util` and `reqwest` where they do not.

use std::error::Error as StdError;
use std::io;

use crate::domain::failure::Reason;
use crate::domain::hint::Hint;
use crate::transport::{ThroughProxy, WireCause, blocked_by_proxy, chain};

use super::error_body::quote;
use super::hint;
use super::retry::Retry;

/// A call without an answer. It can be shared by the requests that waited for the same call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{seen}")]
pub(super) struct TransportError {
    /// The reason of the failure that comes of it.
    pub(super) reason: Reason,
    /// What was seen.
    pub(super) seen: Box<str>,
    /// What to do.
    pub(super) hint: Hint,
    /// Whether to try again.
    pub(super) retry: Retry,
    /// Whether the host closed the connection, or refused the stream, under a request.
    pub(super) cut_off: bool,
    /// What TLS or the system said.
    #[source]
    cause: Option<WireCause>,
}

impl TransportError {
    /// Of an error of the HTTP client, before there was a status.
    pub(super) fn while_calling(error: &azure_core::Error) -> Self {
        let causes: Vec<_> = chain(error).collect();
        let cause = WireCause::of(error);
        let tls = cause.as_ref().and_then(tls);
        let proxy = ThroughProxy::of(error).map(|it| it.proxy.as_str());
        let known = tls.or_else(|| tunnel(error)).or_else(|| Self::known(&causes));
        let mut found = known.unwrap_or_else(|| {
            let last = causes.last().map(|cause| quote(&cause.to_string(), 200));
            let seen = format!("the call failed: {}", last.unwrap_or_default());
            Self::new(Reason::Unreachable, seen, hint::NO_CONNECTION, Retry::Soon)
        });
        found.cause = cause;
        if let Some(proxy) = proxy.filter(|proxy| !found.seen.contains(*proxy)) {
            found.seen = format!("{}, through the proxy {proxy}", found.seen).into();
        }
        found
    }

    /// Of an error of the HTTP client, after the status.
    pub(super) fn while_reading(error: &azure_core::Error) -> Self {
        match Self::while_calling(error) {
            late if late.reason == Reason::TimedOut => late,
            _ => Self::cut_short(),
        }
    }

    /// The connection ended within the answer.
    pub(super) fn cut_short() -> Self {
        let (seen, hint) = ("the answer was cut short", hint::CUT_SHORT);
        Self {
            cut_off: true,
            ..Self::new(Reason::Unavailable, seen, hint, Retry::Soon)
        }
    }

    /// The connection ended before the answer.
    fn closed() -> Self {
        let (seen, hint) = ("the connection was closed before an answer", hint::NO_CONNECTION);
        Self {
            cut_off: true,
            ..Self::new(Reason::Unreachable, seen, hint, Retry::Soon)
        }
    }

    /// The answer has more than `limit` bytes.
    pub(super) fn too_large(limit: usize) -> Self {
        let seen = format!("the answer has more than {limit} bytes");
        Self::new(Reason::Malformed, seen, hint::NOT_KEY_VAULT, Retry::No)
    }

    /// Of its parts.
    pub(super) fn new(reason: Reason, seen: impl Into<String>, hint: impl Into<Hint>, retry: Retry) -> Self {
        Self {
            reason,
            seen: seen.into().into_boxed_str(),
            hint: hint.into(),
            retry,
            cut_off: false,
            cause: None,
        }
    }

    /// As the SDK's clients pass it on.
    pub(super) fn into_error(self) -> azure_core::Error {
        azure_core::Error::new(azure_core::error::ErrorKind::Io, self)
    }

    fn known(causes: &[&Cause]) -> Option<Self> {
        named_in_text(causes)
            .or_else(|| silent(causes))
            .or_else(|| timed_out(causes))
            .or_else(|| {
                causes
                    .iter()
                    .rev()
                    .find_map(|cause| socket(cause.downcast_ref()?))
            })
            .or_else(|| ended(causes))
    }
}

type Cause = dyn StdError + 'static;

/// What the causes say. `reqwest` names the URL, in which any word may occur, and an SDK error repeats its source:
/// both are left out.
fn texts(causes: &[&Cause]) -> impl Iterator<Item = String> {
    let own_words = |cause: &&&Cause| {
        let repeats = cause.is::<azure_core::Error>() && cause.source().is_some();
        !repeats && !cause.is::<reqwest::Error>() && !cause.is::<ThroughProxy>()
    };
    causes.iter().filter(own_words).map(ToString::to_string)
}

fn tls(cause: &WireCause) -> Option<TransportError> {
    if !matches!(cause, WireCause::Tls(_)) {
        return None;
    }
    let seen = format!("the TLS handshake failed: {}", quote(&cause.to_string(), 300));
    let hint = cause.certificate_hint().unwrap_or(hint::TLS);
    let reason = if cause.refuses_the_server() {
        Reason::TlsRefused
    } else {
        Reason::Unreachable
    };
    Some(TransportError::new(reason, seen, hint, Retry::No))
}

/// The proxy is away, or does not let the call through; the vault has no part in it.
fn tunnel(error: &Cause) -> Option<TransportError> {
    let seen = blocked_by_proxy(error)?;
    Some(TransportError::new(
        Reason::Unreachable,
        seen,
        hint::PROXY,
        Retry::No,
    ))
}

fn named_in_text(causes: &[&Cause]) -> Option<TransportError> {
    texts(causes).find_map(|text| {
        let says = |word| text.contains(word);
        if says("dns error") || says("failed to lookup address") {
            let seen = "the host name does not resolve";
            Some(TransportError::new(
                Reason::Unreachable,
                seen,
                hint::DNS,
                Retry::No,
            ))
        } else {
            None
        }
    })
}

/// An unanswered HTTP/2 ping: the connection was dropped on the way, and a new one may well work. The client counts it
/// among the time-outs, which are not tried again.
fn silent(causes: &[&Cause]) -> Option<TransportError> {
    let silent = texts(causes).any(|text| text.contains("keep-alive timed out"));
    let seen = "the connection went silent";
    silent.then(|| TransportError::new(Reason::Unreachable, seen, hint::NO_CONNECTION, Retry::Soon))
}

fn timed_out(causes: &[&Cause]) -> Option<TransportError> {
    let by_client = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<reqwest::Error>());
    let by_client = by_client.filter(|error| error.is_timeout());
    let by_system = causes.iter().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
    });
    if by_client.is_none() && !by_system {
        return None;
    }
    let connecting = by_client.is_some_and(reqwest::Error::is_connect);
    let seen = if connecting {
        "no connection within the time limit"
    } else {
        "no answer within the time limit"
    };
    // The limit of one call has cost seconds already; another such wait is the loop's to decide.
    Some(TransportError::new(
        Reason::TimedOut,
        seen,
        hint::TIMED_OUT,
        Retry::No,
    ))
}

fn socket(error: &io::Error) -> Option<TransportError> {
    use io::ErrorKind as K;
    let (seen, retry) = match error.kind() {
        K::ConnectionRefused => ("the connection was refused", Retry::Soon),
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::NotConnected | K::UnexpectedEof => {
            return Some(TransportError::closed());
        }
        K::NetworkUnreachable | K::HostUnreachable | K::AddrNotAvailable | K::NetworkDown => {
            ("there is no route to the host", Retry::Soon)
        }
        _ => return None,
    };
    Some(TransportError::new(
        Reason::Unreachable,
        seen,
        hint::NO_CONNECTION,
        retry,
    ))
}

fn ended(causes: &[&Cause]) -> Option<TransportError> {
    let ended = texts(causes).any(|text| {
        [
            "closed before message completed",
            "connection closed",
            "http2 error",
        ]
        .iter()
        .any(|end| text.contains(end))
    });
    ended.then(TransportError::closed)
}
