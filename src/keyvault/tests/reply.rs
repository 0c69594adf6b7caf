//! Answers as Key Vault writes them.

use azure_core::Bytes;
use azure_core::http::AsyncRawResponse;
use azure_core::http::headers::Headers;

use super::stage::{Call, HOST, VERSION};

pub(super) const CHALLENGE: &str = r#"Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://vault.azure.net""#;

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The 401 to a request without token.
    pub(super) fn challenge() -> Self {
        Self::new(
            401,
            error(
                "Unauthorized",
                None,
                "AKV10000: Request is missing a Bearer or PoP token.",
            ),
        )
        .with("www-authenticate", CHALLENGE)
    }

    /// The secret or key that a call asks for.
    pub(super) fn object(call: &Call) -> Self {
        let mut path = call.url.path_segments().expect("a path");
        let (collection, name) = (path.next().expect("a collection"), path.next().expect("a name"));
        let version = path
            .next()
            .filter(|version| !version.is_empty())
            .unwrap_or(VERSION);
        let id = format!("https://{HOST}/{collection}/{name}/{version}");
        let body = match collection {
            "keys" => serde_json::json!({ "key": { "kid": id, "kty": "RSA", "n": "AQAB", "e": "AQAB" } }),
            _ => serde_json::json!({ "id": id, "value": format!("value of {name}") }),
        };
        Self::new(200, body.to_string())
    }

    /// As the HTTP client gives it.
    pub(super) fn into_response(self) -> AsyncRawResponse {
        let mut headers = Headers::new();
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        AsyncRawResponse::from_bytes(self.status.into(), headers, Bytes::from(self.body))
    }
}

/// A page of a list: the identifiers of its items, each in both members that have one, and the link.
pub(super) fn page(ids: &[String], next: Option<&str>) -> Reply {
    let items: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({ "id": id, "kid": id }))
        .collect();
    Reply::new(
        200,
        serde_json::json!({ "value": items, "nextLink": next }).to_string(),
    )
}

/// The body of an error, as Key Vault writes it.
pub(super) fn error(code: &str, inner: Option<&str>, message: &str) -> String {
    let mut error = serde_json::json!({ "code": code, "message": message });
    if let Some(inner) = inner {
        error["innererror"] = serde_json::json!({ "code": inner });
    }
    serde_json::json!({ "error": error }).to_string()
}
