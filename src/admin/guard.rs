//! Who may ask what.

use std::net::IpAddr;
use std::path::Path;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN};
use subtle::ConstantTimeEq as _;

use super::answer::{Answer, text, unauthorized};
use crate::named_file;

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

/// A token longer than this is none.
const LONGEST_TOKEN: usize = 4096;

/// Refuses what a web page could send: a name for this machine that is somebody else's, or another page's origin.
pub(super) fn refuse_foreign(via: Via, headers: &HeaderMap) -> Option<Answer> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if via == Via::Loopback && !host.is_some_and(is_this_machine) {
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
        .is_some_and(|(_, authority)| Some(authority) == host);
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
pub(super) fn refuse_stranger(via: Via, headers: &HeaderMap, token_file: Option<&Path>) -> Option<Answer> {
    if via != Via::Network {
        return None;
    }
    let Some(file) = token_file else {
        return Some(text(
            StatusCode::FORBIDDEN,
            "this is served with a token only: set admin.tokenFile, or ask through admin.socket",
        ));
    };
    match token(file) {
        Some(token) if headers.get(AUTHORIZATION).is_some_and(|given| is(given, &token)) => None,
        _ => Some(unauthorized()),
    }
}

/// The token; `None`, and a warning, when there is none to be read.
fn token(file: &Path) -> Option<Vec<u8>> {
    let bytes = match named_file::bytes(file, LONGEST_TOKEN) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(path = %file.display(), %error, "Admin token not read");
            return None;
        }
    };
    let token = bytes.trim_ascii();
    if token.is_empty() || bytes.len() > LONGEST_TOKEN {
        tracing::warn!(path = %file.display(), error = "it is empty, or longer than any token", "Admin token not read");
        return None;
    }
    Some(token.to_vec())
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
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
            .collect()
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
            let refused = refuse_foreign(Via::Loopback, &headers(&[("host", host)])).is_some();
            assert_eq!(refused, !fits, "{host:?}");
        }
        assert!(refuse_foreign(Via::Loopback, &HeaderMap::new()).is_some());
        assert!(refuse_foreign(Via::Network, &headers(&[("host", "10.0.0.1:8181")])).is_none());
    }

    #[test]
    fn another_page_is_refused_through_every_listener() {
        for via in [Via::Socket, Via::Loopback, Via::Network] {
            let foreign = [("host", "localhost:8181"), ("origin", "https://example.com")];
            assert!(refuse_foreign(via, &headers(&foreign)).is_some(), "{via:?}");
            let own = [("host", "localhost:8181"), ("origin", "http://localhost:8181")];
            assert!(refuse_foreign(via, &headers(&own)).is_none(), "{via:?}");
            let none = [("host", "localhost:8181"), ("origin", "null")];
            assert!(refuse_foreign(via, &headers(&none)).is_some(), "{via:?}");
        }
    }

    #[test]
    fn what_others_reach_asks_for_the_token_and_reads_it_each_time() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = Some(file.path());
        let ask = |value: &'static str| {
            refuse_stranger(Via::Network, &headers(&[("authorization", value)]), path)
                .map(|answer| answer.status().as_u16())
        };
        assert_eq!(ask("Bearer "), Some(401), "an empty file is no token");
        std::fs::write(file.path(), "first\n").expect("writable");
        assert_eq!(ask("Bearer first"), None);
        assert_eq!(ask("bearer first"), None);
        assert_eq!(ask("Bearer firs"), Some(401));
        assert_eq!(ask("Basic first"), Some(401));
        assert_eq!(ask("first"), Some(401));
        std::fs::write(file.path(), "second").expect("writable");
        assert_eq!(ask("Bearer first"), Some(401));
        assert_eq!(ask("Bearer second"), None);
    }

    #[test]
    fn without_a_token_file_others_are_refused_and_this_machine_is_not() {
        let refused =
            |via| refuse_stranger(via, &HeaderMap::new(), None).map(|answer| answer.status().as_u16());
        assert_eq!(refused(Via::Network), Some(403));
        assert_eq!(refused(Via::Loopback), None);
        assert_eq!(refused(Via::Socket), None);
    }
}
