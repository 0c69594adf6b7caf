//! What Entra's refusals mean: told apart by error code, because the same status stands for opposite causes.
//!
//! Codes: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.

use std::time::Duration;

use serde_json::Value;

use super::federated_token::Claims;
use super::refusal::{Refusal, Retry};
use super::select::{Application, Proof};
use super::service_text::one_line;
use crate::domain::failure::Reason;

/// One exchange at Entra: who asked, and with what.
#[derive(Debug, Clone)]
pub(super) struct EntraAttempt {
    pub(super) application: Application,
    pub(super) proof: Proof,
    /// Of the federated token that was sent.
    pub(super) claims: Option<Claims>,
}

/// What Entra said. Everything optional: bodies come truncated, as plain text, and as a proxy's HTML.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    code: Option<u64>,
    description: Option<String>,
    trace_id: Option<String>,
}

/// Reads a refusal.
pub(super) fn classify(
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    attempt: &EntraAttempt,
) -> Refusal {
    let answer = Answer::of(body);
    let detail = attempt.word(status, &answer);
    let verdict = answer.code.and_then(|code| by_code(code, &attempt.proof));
    let (reason, retry, hint) = verdict.unwrap_or_else(|| by_status(status, answer.code.is_some()));
    Refusal::new(reason, retry, detail, hint).after(retry_after)
}

type Verdict = (Reason, Retry, &'static str);

const FEDERATION_HINT: &str = "compare issuer, subject and audience with the federated credentials of the identity (`az identity federated-credential list`); a new one takes seconds to arrive";

fn by_code(code: u64, proof: &Proof) -> Option<Verdict> {
    let wrong = |hint| Some((Reason::IdentityMisconfigured, Retry::Never, hint));
    match code {
        70_021 | 700_213 => Some((Reason::IdentityNotPropagated, Retry::Backoff, FEDERATION_HINT)),
        700_024 => Some((
            Reason::IdentityMisconfigured,
            Retry::FreshAssertion,
            match proof {
                Proof::FederatedToken(_) => {
                    "the federated token has expired and was not replaced: check kubelet and the clock of the node"
                }
                _ => "check the clock of this machine",
            },
        )),
        70_023 => wrong(
            "AZURE_FEDERATED_TOKEN_FILE names a token that lives longer than 24 h or has no issue time: point it at the projected token with audience api://AzureADTokenExchange, not at the API server's own",
        ),
        700_016 => wrong(
            "the tenant has no application or identity with this client ID: check AZURE_CLIENT_ID and AZURE_TENANT_ID, or the annotation azure.workload.identity/client-id of the service account",
        ),
        700_211 => wrong(
            "no federated credential of the identity has this issuer: it must be the OIDC issuer URL of the cluster",
        ),
        700_212 => wrong(
            "no federated credential of the identity has this audience: it must be api://AzureADTokenExchange",
        ),
        7_000_215 => wrong(
            "the client secret is wrong: give the secret's value, not its ID, and check that it belongs to this client ID",
        ),
        7_000_222 => {
            wrong("the client secret has expired: make a new one, or move to workload or managed identity")
        }
        700_027 => {
            wrong("the certificate is not registered at the application: upload its public part in Entra")
        }
        90_002 | 900_023 => wrong(
            "the tenant was not found: check AZURE_TENANT_ID, and AZURE_AUTHORITY_HOST for a sovereign cloud",
        ),
        // "A transient error has occurred" and "the service is temporarily unavailable".
        90_033 | 90_006 => Some((Reason::IdentityUnavailable, Retry::Backoff, TRY_LATER)),
        _ => None,
    }
}

const TRY_LATER: &str = "no action: it is tried again";

fn by_status(status: u16, entra_spoke: bool) -> Verdict {
    let (reason, retry, hint) = match status {
        408 | 429 | 500.. => (Reason::IdentityUnavailable, Retry::Backoff, TRY_LATER),
        407 => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            "the proxy wants credentials: check HTTPS_PROXY, or exempt the authority with NO_PROXY",
        ),
        _ if entra_spoke => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            "look the code up at https://login.microsoftonline.com/error",
        ),
        _ => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            "the answer is not Entra's: check AZURE_AUTHORITY_HOST, and the proxy between here and there",
        ),
    };
    (reason, retry, hint)
}

impl EntraAttempt {
    fn word(&self, status: u16, answer: &Answer) -> String {
        let mut text = match answer.code {
            Some(code) => format!("Entra refused the token exchange with AADSTS{code} (status {status})"),
            None => format!("the token endpoint answered with status {status}"),
        };
        if let Some(description) = &answer.description {
            text.push_str(": ");
            text.push_str(description);
        }
        text.push_str("; tried ");
        text.push_str(&self.describe());
        if let Some(trace_id) = &answer.trace_id {
            text.push_str("; trace ID ");
            text.push_str(trace_id);
        }
        text
    }

    /// Identity, tenant, issuer, subject and audience.
    pub(super) fn describe(&self) -> String {
        let application = self.application.describe();
        match &self.claims {
            Some(claims) => format!(
                "{application}, issuer {}, subject {}, audience {}",
                claims.issuer, claims.subject, claims.audience
            ),
            None if matches!(self.proof, Proof::FederatedToken(_)) => {
                format!("{application}, with a file that holds no JSON Web Token")
            }
            None => application,
        }
    }
}

impl Answer {
    fn of(body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        let description = json["error_description"].as_str();
        let code = json["error_codes"][0]
            .as_u64()
            .or_else(|| code_in(description.unwrap_or(&text)));
        Self {
            code,
            description: description.map(shorten),
            trace_id: json["trace_id"].as_str().map(one_line),
        }
    }
}

/// The number after the first `AADSTS`.
fn code_in(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

/// The sentence itself: the code before it and the ids behind it are told separately.
fn shorten(description: &str) -> String {
    let end = description.find("Trace ID:").unwrap_or(description.len());
    let text = &description[..end];
    let text = match text.split_once(": ") {
        Some((code, rest)) if code.starts_with("AADSTS") => rest,
        _ => text,
    };
    one_line(text).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn attempt() -> EntraAttempt {
        EntraAttempt {
            application: Application {
                tenant_id: "the-tenant".to_owned(),
                client_id: "the-client".to_owned(),
                authority: Url::parse("https://login.microsoftonline.com").expect("a URL"),
            },
            proof: Proof::FederatedToken("/run/token".into()),
            claims: Some(Claims {
                issuer: "the-issuer".to_owned(),
                subject: "the-subject".to_owned(),
                audience: "the-audience".to_owned(),
            }),
        }
    }

    fn judge(status: u16, body: &str) -> (Reason, Retry) {
        let refusal = classify(status, None, body.as_bytes(), &attempt());
        assert!(!refusal.failure.hint.is_empty());
        (refusal.failure.reason, refusal.retry)
    }

    #[test]
    fn the_code_decides_and_not_the_status() {
        let misconfigured = (Reason::IdentityMisconfigured, Retry::Never);
        for (code, expected) in [
            (700_213, (Reason::IdentityNotPropagated, Retry::Backoff)),
            (70_021, (Reason::IdentityNotPropagated, Retry::Backoff)),
            (700_024, (Reason::IdentityMisconfigured, Retry::FreshAssertion)),
            (70_023, misconfigured),
            (700_016, misconfigured),
            (700_211, misconfigured),
            (700_212, misconfigured),
            (7_000_215, misconfigured),
            (7_000_222, misconfigured),
            (700_027, misconfigured),
            (90_002, misconfigured),
            (123_456, misconfigured),
        ] {
            for status in [400, 401] {
                let escaped = format!(
                    r#"{{"error":"x","error_codes":[{code}],"error_description":"AADSTS1: \"a\"\r\nb"}}"#
                );
                assert_eq!(judge(status, &escaped), expected, "{code}");
                let truncated =
                    format!(r#"{{"error":"x","error_description":"AADSTS{code}: No matching federa"#);
                assert_eq!(judge(status, &truncated), expected, "{code} truncated");
            }
        }
    }

    #[test]
    fn what_was_tried_is_named() {
        let body = r#"{"error_codes":[700213],"error_description":"AADSTS700213: No match.\r\nTrace ID: t","trace_id":"the-trace"}"#;
        let failure = classify(401, None, body.as_bytes(), &attempt()).failure;
        assert_eq!(
            failure.detail,
            "Entra refused the token exchange with AADSTS700213 (status 401): No match; tried client ID the-client, tenant the-tenant, issuer the-issuer, subject the-subject, audience the-audience; trace ID the-trace"
        );
    }

    #[test]
    fn throttling_is_plain_text_with_a_wait() {
        let wait = Some(Duration::from_mins(1));
        let refusal = classify(429, wait, b"Too many requests", &attempt());
        assert_eq!(refusal.failure.reason, Reason::IdentityUnavailable);
        assert_eq!(refusal.failure.retry_after, wait);
    }

    #[test]
    fn answers_that_are_not_entras_survive() {
        let unavailable = (Reason::IdentityUnavailable, Retry::Backoff);
        for body in [
            "",
            "<html>502</html>",
            "{",
            "[1]",
            "null",
            r#"{"error_codes":{}}"#,
        ] {
            assert_eq!(judge(502, body), unavailable, "{body}");
            assert_eq!(judge(403, body).0, Reason::IdentityMisconfigured, "{body}");
        }
        assert_eq!(judge(407, "").1, Retry::Never);
        assert_eq!(code_in("AADSTS"), None);
        assert_eq!(code_in("AADSTS99999999999999999999999"), None);
    }
}
