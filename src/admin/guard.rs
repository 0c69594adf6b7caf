//! Who may ask what.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{StatusCode, Uri};
use subtle::ConstantTimeEq as _;
use tokio::task::spawn_blocking;

use super::answer::{Answer, text, unauthorized};
use super::token::TokenFile;

/// How a request came in. The peer's address says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// Through the socket: who may open it may ask everything.
    Socket,
    /// At an address that only this machine reaches.
    Loopback,
    /// At an address that others reach.
    Network,
}

/// Refuses what a web page could send: a name for this machine that is somebody else's, or another page's origin.
pub(super) fn refuse_foreign(via: Via, uri: &Uri, headers: &HeaderMap) -> Option<Answer> {
    // A request may name a host in its first line too, which counts more.
    let hosts = headers
        .get_all(HOST)
        .iter()
        .map(|host| host.to_str().unwrap_or_default());
    let mut hosts = uri.authority().map(Authority::as_str).into_iter().chain(hosts);
    let first = hosts.next();
    let all_ours = first.into_iter().chain(hosts).all(is_this_machine);
    if via == Via::Loopback && !(first.is_some() && all_ours) {
        return Some(text(
            StatusCode::MISDIRECTED_REQUEST,
            "ask with a loopback address or localhost as host",
        ));
    }
    let origin = headers.get(ORIGIN)?;
    let own = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(_, authority)| Some(authority) == first);
    (!own).then(|| text(StatusCode::FORBIDDEN, "requests of other web pages are refused"))
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Refuses who has not the token, where one is needed.
pub(super) async fn refuse_stranger(
    via: Via,
    headers: &HeaderMap,
    token: Option<&Arc<TokenFile>>,
) -> Option<Answer> {
    if via != Via::Network {
        return None;
    }
    let Some(token) = token.cloned() else {
        return Some(text(
            StatusCode::FORBIDDEN,
            "this is served with a token only: set admin.tokenFile, or ask through admin.socket",
        ));
    };
    // A file system that hangs must not stop the loop.
    let token = spawn_blocking(move || token.read()).await.ok().flatten();
    match token {
        Some(token) if headers.get(AUTHORIZATION).is_some_and(|given| is(given, &token)) => None,
        _ => Some(unauthorized()),
    }
}

/// Compares in a time that does not depend on where they differ.
fn is(given: &HeaderValue, token: &[u8]) -> bool {
    const BEARER: &[u8] = b"bearer ";
    let given = given.as_bytes();
    let (Some(scheme), Some(given)) = (given.get(..BEARER.len()), given.get(BEARER.len()..)) else {
        return false;
    };
    scheme.eq_ignore_ascii_case(BEARER) && bool::from(given.trim_ascii().ct_eq(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn is_foreign(via: Via, uri: &'static str, pairs: &[(&'static str, &'static str)]) -> bool {
        refuse_foreign(via, &Uri::from_static(uri), &headers(pairs)).is_some()
    }

    #[test]
    fn a_listener_on_loopback_answers_to_names_of_this_machine_only() {
        for (host, fits) in [
            ("localhost", true),
            ("LOCALHOST:8181", true),
            ("127.0.0.1:8181", true),
            ("127.8.9.1", true),
            ("[::1]:8181", true),
            ("[::ffff:127.0.0.1]", true),
            ("example.com", false),
            ("localhost.example.com", false),
            ("127.0.0.1.example.com:8181", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(
                is_foreign(Via::Loopback, "/status", &[("host", host)]),
                !fits,
                "{host:?}"
            );
        }
        assert!(is_foreign(Via::Loopback, "/status", &[]));
        assert!(!is_foreign(Via::Network, "/status", &[("host", "10.0.0.1:8181")]));
    }

    #[test]
    fn a_host_counts_wherever_a_request_names_it() {
        let local = ("host", "localhost:8181");
        assert!(is_foreign(Via::Loopback, "http://example.com/status", &[local]));
        assert!(!is_foreign(
            Via::Loopback,
            "http://localhost:8181/status",
            &[local]
        ));
        assert!(is_foreign(
            Via::Loopback,
            "/status",
            &[local, ("host", "example.com")]
        ));
    }

    #[test]
    fn another_page_is_refused_through_every_listener() {
        let host = ("host", "localhost:8181");
        for via in [Via::Socket, Via::Loopback, Via::Network] {
            for (origin, foreign) in [
                ("https://example.com", true),
                ("null", true),
                ("http://localhost:8181", false),
            ] {
                let found = is_foreign(via, "/status", &[host, ("origin", origin)]);
                assert_eq!(found, foreign, "{via:?} {origin}");
            }
        }
    }

    #[tokio::test]
    async fn what_others_reach_asks_for_the_token_that_is_in_the_file_now() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let token = Arc::new(TokenFile::new(file.path().to_owned()));
        let ask = async |value: &'static str| {
            let given = headers(&[("authorization", value)]);
            let refused = refuse_stranger(Via::Network, &given, Some(&token)).await;
            refused.map(|answer| answer.status().as_u16())
        };
        assert_eq!(ask("Bearer ").await, Some(401), "an empty file is no token");
        std::fs::write(file.path(), "first\n").expect("writable");
        assert_eq!(ask("Bearer first").await, None);
        assert_eq!(ask("bearer first").await, None);
        assert_eq!(ask("Bearer firs").await, Some(401));
        assert_eq!(ask("Basic first").await, Some(401));
        assert_eq!(ask("first").await, Some(401));
        std::fs::write(file.path(), "second").expect("writable");
        assert_eq!(ask("Bearer first").await, Some(401));
        assert_eq!(ask("Bearer second").await, None);
    }

    #[tokio::test]
    async fn without_a_token_file_others_are_refused_and_this_machine_is_not() {
        for (via, code) in [
            (Via::Network, Some(403)),
            (Via::Loopback, None),
            (Via::Socket, None),
        ] {
            let refused = refuse_stranger(via, &HeaderMap::new(), None).await;
            assert_eq!(refused.map(|answer| answer.status().as_u16()), code, "{via:?}");
        }
    }
}
