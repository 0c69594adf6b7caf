//! Requests and answers as plain values, so that the services are functions from one to the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A whole request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The host that was asked for, lower case, without port.
    pub(crate) host: String,
    /// The path as sent, without the query.
    pub(crate) path: String,
    /// The query, as sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// The parts of the path; a slash at its end makes no difference.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.path.trim_matches('/');
        path.split('/').map(percent_decode).collect()
    }

    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        lookup(&self.query, name)
    }

    /// A field of a `application/x-www-form-urlencoded` body.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        std::str::from_utf8(&self.body)
            .ok()
            .and_then(|body| lookup(body, name))
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bearer token, if one was sent.
    pub(crate) fn bearer_token(&self) -> Option<&str> {
        let header = self.header(AUTHORIZATION.as_str())?;
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let body: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        serde_json::from_slice(body)
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// An answer without body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// An answer in JSON, labelled as all the services label theirs.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("the fake's own bodies are JSON");
        Self::empty(status)
            .with_header("Content-Type", "application/json; charset=utf-8")
            .with_body(body)
    }

    /// An answer in plain text.
    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::empty(status)
            .with_header("Content-Type", content_type)
            .with_body(body)
    }

    /// An answer as a fault gives it.
    pub(crate) fn given(status: u16, body: String, headers: Vec<(String, String)>) -> Self {
        let labelled = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let mut answer = Self::empty(status).with_body(body);
        answer.headers = headers;
        if labelled {
            answer
        } else {
            answer.with_header("Content-Type", "application/json; charset=utf-8")
        }
    }

    /// A success that is none: the body is not JSON, although it says so.
    pub(crate) fn garbage() -> Self {
        Self::given(
            200,
            "<!DOCTYPE html><p>\u{fffd}{\"value\": ".to_owned(),
            Vec::new(),
        )
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// The value of `name` in `a=b&c=d`, decoded.
fn lookup(pairs: &str, name: &str) -> Option<String> {
    pairs.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(key) == name).then(|| percent_decode(&value.replace('+', " ")))
    })
}

/// Resolves `%41`; anything malformed is kept as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(value) = escaped {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Base64 with padding, as in `cer`.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes base64 with or without padding or line breaks.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once_and_a_broken_escape_kept() {
        assert_eq!(
            lookup("a=1&%24skiptoken=x%2By", "$skiptoken").as_deref(),
            Some("x+y")
        );
        assert_eq!(percent_decode("50%"), "50%");
        assert_eq!(percent_decode("%zz"), "%zz");
        assert_eq!(lookup("a", "a").as_deref(), Some(""));
    }
}
