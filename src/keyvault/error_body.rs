//! What Key Vault says in the body of an error: `{"error":{"code","message","innererror":{"code"}}}`.
//!
//! Parsed here and not by the SDK, whose parser loses the code when the message has a JSON escape. Anything that is
//! not of this shape is an error body without content.

use azure_core::http::headers::{HeaderName, Headers};
use serde_json::Value;

use crate::domain::plain_text::one_line;

/// The members of an error body that decide or explain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// `code`, for example `Forbidden`.
    pub(super) code: Option<String>,
    /// `innererror.code`, for example `ForbiddenByRbac`.
    pub(super) inner: Option<String>,
    /// `message`, as the service wrote it; shown through [`quote`] only.
    message: String,
}

/// Room for the issuers that a vault of several tenants lists before the one it found.
const MESSAGE_LIMIT: usize = 400;
const CODE_LIMIT: usize = 64;

impl ErrorBody {
    /// Reads a body; what is absent or of another type is absent.
    pub(super) fn parse(body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |pointer| json.pointer(pointer).and_then(Value::as_str);
        let code = |pointer| text(pointer).map(|code| quote(code, CODE_LIMIT));
        Self {
            code: code("/error/code"),
            inner: code("/error/innererror/code"),
            message: text("/error/message").unwrap_or_default().to_owned(),
        }
    }

    /// The code that decides: the inner one where there is one.
    pub(super) fn deciding_code(&self) -> &str {
        self.inner.as_deref().or(self.code.as_deref()).unwrap_or_default()
    }

    /// `Forbidden/ForbiddenByRbac`; the parts that there are.
    pub(super) fn codes(&self) -> Option<String> {
        match (&self.code, &self.inner) {
            (Some(code), Some(inner)) => Some(format!("{code}/{inner}")),
            (code, inner) => code.clone().or_else(|| inner.clone()),
        }
    }

    /// Whether its code is `SecretNotFound`, `CertificateNotFound` or the like.
    pub(super) fn says_not_found(&self) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| code.ends_with("NotFound"))
    }

    /// The number that starts the message of a 401: `AKV10022`.
    pub(super) fn akv(&self) -> Option<&str> {
        let start = self.message.find("AKV")?;
        let number = &self.message[start + 3..];
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (3..=8)
            .contains(&digits)
            .then(|| &self.message[start..start + 3 + digits])
    }

    /// Whether it says of a token that its time is over or has not come.
    pub(super) fn says_out_of_date(&self) -> bool {
        // The codes are those of the library that checks tokens at the vault: IDX10222 not yet, IDX10223 no more valid.
        const WORDS: [&str; 6] = [
            "expired",
            "not yet valid",
            "not valid yet",
            "lifetime validation",
            "idx10222",
            "idx10223",
        ];
        let message = self.message.to_ascii_lowercase();
        WORDS.iter().any(|words| message.contains(words))
    }

    /// The first line of the message.
    pub(super) fn summary(&self) -> Option<String> {
        let line = self
            .message
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())?;
        Some(quote(line, MESSAGE_LIMIT)).filter(|line| !line.is_empty())
    }

    /// Who asked, as the vault saw it: application and object ID.
    pub(super) fn caller(&self) -> Option<String> {
        let ids = ["appid", "oid"].iter().filter_map(|key| {
            let rest = self.message.split_once(&format!("{key}="))?.1;
            let id: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .take(64)
                .collect();
            (!id.is_empty()).then(|| format!("{key} {id}"))
        });
        let ids: Vec<_> = ids.collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// A labelled line of the message: `Action: '...'`.
    pub(super) fn labelled(&self, label: &str) -> Option<String> {
        let line = self
            .message
            .lines()
            .find_map(|line| line.trim().strip_prefix(label)?.strip_prefix(':'))?;
        Some(quote(line.trim().trim_matches('\''), MESSAGE_LIMIT)).filter(|value| !value.is_empty())
    }
}

/// The service's id of the request, for Microsoft's support.
pub(super) fn request_id(headers: &Headers) -> Option<String> {
    const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
    let id = headers.get_optional_str(&REQUEST_ID)?;
    Some(quote(id, CODE_LIMIT)).filter(|id| !id.is_empty())
}

/// A text from outside on one line of at most `limit` characters, without the final full stop.
pub(super) fn quote(text: &str, limit: usize) -> String {
    one_line(text, limit).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RBAC: &str = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized.\r\nCaller: appid=11111111-0000-0000-0000-000000000001;oid=22222222-0000-0000-0000-000000000002;iss=https://sts.windows.net/x/\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n","innererror":{"code":"ForbiddenByRbac"}}}"#;

    #[test]
    fn codes_survive_a_message_with_escapes() {
        let body = ErrorBody::parse(RBAC.as_bytes());
        assert_eq!(body.codes().as_deref(), Some("Forbidden/ForbiddenByRbac"));
        assert_eq!(body.deciding_code(), "ForbiddenByRbac");
        assert_eq!(body.summary().as_deref(), Some("Caller is not authorized"));
        assert_eq!(
            body.labelled("Action").as_deref(),
            Some("Microsoft.KeyVault/vaults/secrets/getSecret/action")
        );
        assert_eq!(
            body.caller().as_deref(),
            Some("appid 11111111-0000-0000-0000-000000000001 oid 22222222-0000-0000-0000-000000000002")
        );
    }

    #[test]
    fn anything_else_is_an_empty_error_body() {
        for other in [
            "",
            "<html>",
            "[1]",
            "null",
            r#"{"error":"no"}"#,
            r#"{"error":{"code":7}}"#,
            "\u{feff}",
        ] {
            assert_eq!(
                ErrorBody::parse(other.as_bytes()),
                ErrorBody::default(),
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_akv_number_is_found_and_nothing_like_it() {
        let akv = |message: &str| {
            let body = serde_json::json!({ "error": { "message": message } }).to_string();
            ErrorBody::parse(body.as_bytes()).akv().map(str::to_owned)
        };
        assert_eq!(
            akv("AKV10046: Unable to resolve the key").as_deref(),
            Some("AKV10046")
        );
        assert_eq!(
            akv("[BearerReadAccessTokenFailed] AKV10032é").as_deref(),
            Some("AKV10032")
        );
        assert_eq!(akv("AKV"), None);
        assert_eq!(akv("AKVé"), None);
    }

    #[test]
    fn a_quoted_text_is_one_safe_line() {
        assert_eq!(quote(" a\r\n\u{1b}[31mb\u{202e}c. ", 99), "a [31mb c");
    }
}
