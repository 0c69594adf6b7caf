//! What Entra's refusals mean: told apart by error code, because the same status stands for opposite causes.

use std::time::Duration;

use serde_json::Value;

use super::entra_codes::{self, ProofKind};
use super::federated_token::Claims;
use super::refusal::{Refusal, Retry};
use super::select::{Application, Proof};
use super::service_text::one_line;
use crate::domain::failure::Reason;
use crate::domain::hint::Hint;

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

type Verdict = (Reason, Retry, Hint);

fn by_code(code: u64, proof: &Proof) -> Option<Verdict> {
    let row = entra_codes::row(code, Some(proof.kind()))?;
    Some((row.reason, row.retry, row.hint.clone()))
}

fn by_status(status: u16, entra_spoke: bool) -> Verdict {
    let (reason, retry, hint) = match status {
        408 | 429 | 500.. => (Reason::IdentityUnavailable, Retry::Backoff, Hint::wait()),
        407 => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            Hint::act(
                "the proxy wants credentials: check HTTPS_PROXY, or exempt the authority with NO_PROXY",
            ),
        ),
        _ if entra_spoke => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            Hint::act("look the code up at https://login.microsoftonline.com/error"),
        ),
        _ => (
            Reason::IdentityMisconfigured,
            Retry::Never,
            Hint::act(
                "the answer is not Entra's: check AZURE_AUTHORITY_HOST, and the proxy between here and there",
            ),
        ),
    };
    (reason, retry, hint)
}

impl EntraAttempt {
    fn word(&self, status: u16, answer: &Answer) -> String {
        let host = self.application.host();
        let mut text = match answer.code {
            Some(code) => {
                format!("Entra ({host}) refused the token exchange with AADSTS{code} (status {status})")
            }
            None => format!("{host} answered the token exchange with status {status}"),
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

    /// Identity, tenant, the proof's file, issuer, subject and audience.
    fn describe(&self) -> String {
        let mut parts = vec![self.application.describe_settings()];
        let file = self.proof.file();
        parts.extend(file.map(|file| format!("file {} ({})", file.value.display(), file.name)));
        match &self.claims {
            Some(claims) => {
                parts.push(format!("issuer {}", claims.issuer));
                parts.push(format!("subject {}", claims.subject));
                parts.push(format!("audience {}", claims.audience));
            }
            None if self.proof.kind() == ProofKind::FederatedToken => {
                parts.push("which holds no JSON Web Token".to_owned());
            }
            None => {}
        }
        parts.join(", ")
    }
}

impl Answer {
    fn of(body: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        let description = json["error_description"].as_str();
        // The list may name another code than the text, and people read and search for the text.
        let code = code_in(description.unwrap_or(&text)).or_else(|| json["error_codes"][0].as_u64());
        Self {
            code,
            description: description.map(shorten),
            trace_id: json["trace_id"].as_str().map(one_line),
        }
    }
}

/// The number after the first `AADSTS`.
pub(super) fn code_in(text: &str) -> Option<u64> {
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
    use std::collections::BTreeSet;

    use url::Url;

    use super::super::entra_codes::ROWS;
    use super::*;
    use crate::identity::settings::Setting;

    fn attempt() -> EntraAttempt {
        EntraAttempt {
            application: Application {
                tenant_id: Setting::new("the-tenant", "AZURE_TENANT_ID"),
                client_id: Setting::new("the-client", "identity.clientId"),
                authority: Setting::new(
                    Url::parse("https://login.microsoftonline.com").expect("a URL"),
                    "the default",
                ),
            },
            proof: Proof::FederatedToken(Setting::new("/run/token", "identity.tokenFile")),
            claims: Some(Claims {
                issuer: "the-issuer".to_owned(),
                subject: "the-subject".to_owned(),
                audience: "the-audience".to_owned(),
            }),
        }
    }

    fn judge(status: u16, body: &str) -> (Reason, Retry) {
        let refusal = classify(status, None, body.as_bytes(), &attempt());
        assert!(!refusal.failure.hint.to_string().is_empty());
        (refusal.failure.reason, refusal.retry)
    }

    fn attempt_with(kind: ProofKind) -> EntraAttempt {
        let file = || Setting::new("/run/file", "the setting");
        EntraAttempt {
            proof: match kind {
                ProofKind::FederatedToken => Proof::FederatedToken(file()),
                ProofKind::Secret => Proof::SecretFile(file()),
                ProofKind::Certificate => Proof::CertificateFile(file()),
            },
            ..attempt()
        }
    }

    #[test]
    fn the_code_decides_and_not_the_status() {
        for row in &ROWS {
            let attempt = attempt_with(row.proof.unwrap_or(ProofKind::Secret));
            let code = row.code;
            let bodies = [
                format!(
                    r#"{{"error":"x","error_codes":[1],"error_description":"AADSTS{code}: \"a\"\r\nb"}}"#
                ),
                format!(r#"{{"error":"x","error_codes":[{code}]}}"#),
                format!(r#"{{"error":"x","error_description":"AADSTS{code}: No matching federa"#),
            ];
            for (status, body) in [400, 401]
                .iter()
                .flat_map(|status| bodies.iter().map(move |it| (*status, it)))
            {
                let refusal = classify(status, None, body.as_bytes(), &attempt);
                assert_eq!(refusal.failure.reason, row.reason, "{body}");
                assert_eq!(refusal.retry, row.retry, "{body}");
                assert_eq!(refusal.failure.hint, row.hint, "{body}");
            }
        }
        assert_eq!(
            judge(400, r#"{"error_codes":[123456]}"#),
            (Reason::IdentityMisconfigured, Retry::Never)
        );
    }

    #[test]
    fn the_code_of_the_text_wins_over_the_list_of_codes() {
        let body = r#"{"error_codes":[7000215],"error_description":"AADSTS700213: No matching federated identity record found"}"#;
        let failure = classify(401, None, body.as_bytes(), &attempt()).failure;
        assert_eq!(failure.reason, Reason::IdentityNotPropagated);
        assert!(failure.detail.contains("AADSTS700213"), "{failure}");
        assert!(
            failure.hint.action().contains("issuer, subject and audience"),
            "{}",
            failure.hint
        );
    }

    #[test]
    fn a_hint_about_a_client_secret_is_given_to_those_only_who_use_one() {
        for code in [7_000_215, 7_000_222] {
            let body = format!(r#"{{"error_description":"AADSTS{code}: Invalid client secret provided."}}"#);
            let hint = |kind| {
                classify(401, None, body.as_bytes(), &attempt_with(kind))
                    .failure
                    .hint
            };
            assert!(
                hint(ProofKind::Secret).action().contains("the client secret"),
                "{code}"
            );
            for kind in [ProofKind::FederatedToken, ProofKind::Certificate] {
                assert!(!hint(kind).action().contains("secret"), "{code} {kind:?}");
            }
        }
    }

    #[test]
    fn a_throttled_or_failing_entra_is_named_by_its_host() {
        for status in [408, 429, 500, 502, 503] {
            let failure = classify(status, None, b"<html>", &attempt()).failure;
            assert_eq!(failure.reason, Reason::IdentityUnavailable, "{status}");
            let start = format!("login.microsoftonline.com answered the token exchange with status {status}");
            assert!(failure.detail.starts_with(&start), "{failure}");
        }
    }

    #[test]
    fn the_page_has_one_row_for_each_code_with_the_reason_and_the_action() {
        let page = include_str!("../../docs/identity.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| AADSTS")).collect();
        for row in &ROWS {
            let start = format!("| AADSTS{} |", row.code);
            let of_code: Vec<_> = rows.iter().filter(|line| line.starts_with(&start)).collect();
            assert_eq!(of_code.len(), 1, "{start}");
            let (reason, hint) = (format!("`{}`", row.reason), row.hint.to_string());
            assert!(
                of_code[0].contains(&reason) && of_code[0].contains(&hint),
                "{start} {hint}"
            );
        }
        let codes: BTreeSet<u64> = ROWS.iter().map(|row| row.code).collect();
        assert_eq!(
            rows.len(),
            codes.len(),
            "a row of a code that the program does not know"
        );
    }

    #[test]
    fn what_was_tried_is_named() {
        let body = r#"{"error_codes":[700213],"error_description":"AADSTS700213: No match.\r\nTrace ID: t","trace_id":"the-trace"}"#;
        let failure = classify(401, None, body.as_bytes(), &attempt()).failure;
        assert_eq!(
            failure.detail,
            "Entra (login.microsoftonline.com) refused the token exchange with AADSTS700213 (status 401): No match; tried client ID the-client (identity.clientId), tenant the-tenant (AZURE_TENANT_ID), file /run/token (identity.tokenFile), issuer the-issuer, subject the-subject, audience the-audience; trace ID the-trace"
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
