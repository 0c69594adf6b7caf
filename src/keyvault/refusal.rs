//! What an error of a request means: every way in which Key Vault refuses, as one [`Failure`].
//!
//! Decided by status and code, not by the service's texts, which changed over the years. Two exceptions have no code of
//! their own: a firewall's answer from before it got one, and a token whose time is not now. Codes:
//! <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use azure_core::error::ErrorKind;
use azure_core::http::RawResponse;
use azure_core::http::headers::{Headers, WWW_AUTHENTICATE};
use time::OffsetDateTime;

use crate::domain::failure::{Failure, Reason};
use crate::domain::hint::Hint;
use crate::domain::object::ObjectKind;
use crate::transport::{chain, retry_after};

use super::challenge;
use super::defect::Defect;
use super::error_body::{ErrorBody, quote, request_id};
use super::hint;
use super::retry::{Refused, Retry};
use super::target::{Subject, Target};
use super::transport_error::TransportError;

/// Explains an error that a call of the SDK's client ended with.
pub(super) fn explain(target: &Target<'_>, error: &azure_core::Error, now: OffsetDateTime) -> Refused {
    for cause in chain(error) {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return Refused {
                failure: failure.clone(),
                retry: Retry::No,
            };
        }
        if let Some(error) = cause.downcast_ref::<TransportError>() {
            return without_answer(target, error);
        }
        if let Some(json) = cause.downcast_ref::<serde_json::Error>() {
            return Defect::of_json(json).into_refused(target, None);
        }
    }
    match error.kind() {
        ErrorKind::HttpResponse {
            raw_response: Some(response),
            ..
        } => refused(target, response, now),
        ErrorKind::Credential => no_token(target),
        _ => unexpected(target),
    }
}

fn without_answer(target: &Target<'_>, error: &TransportError) -> Refused {
    let detail = format!("{target}: {}", error.seen);
    Refused {
        failure: Failure::new(error.reason, detail, error.hint.clone()).caused_by(error.clone()),
        retry: error.retry,
    }
}

/// The client dropped the token that another request had just put there; the next attempt finds it.
fn no_token(target: &Target<'_>) -> Refused {
    let detail = format!("{target}: there was no token to send");
    Refused {
        failure: Failure::new(Reason::IdentityUnavailable, detail, hint::NO_TOKEN),
        retry: Retry::AtOnce,
    }
}

/// The client could not make sense of the answer. Its own words may quote the answer, so they are not shown.
fn unexpected(target: &Target<'_>) -> Refused {
    let detail = format!("{target}: the answer is not what Key Vault answers");
    Refused {
        failure: Failure::new(Reason::Malformed, detail, hint::NOT_KEY_VAULT),
        retry: Retry::No,
    }
}

/// What one answer means.
struct Verdict {
    reason: Reason,
    hint: Hint,
    retry: Retry,
}

impl Verdict {
    fn new(reason: Reason, hint: impl Into<Hint>) -> Self {
        Self {
            reason,
            hint: hint.into(),
            retry: Retry::No,
        }
    }

    const fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }
}

/// Explains an answer whose status is not 200.
pub(super) fn refused(target: &Target<'_>, response: &RawResponse, now: OffsetDateTime) -> Refused {
    let body = ErrorBody::parse(response.body());
    let status = u16::from(response.status());
    let verdict = verdict(target, status, response.headers(), &body);
    let detail = detail(target, status, response.headers(), &body);
    let asked = retry_after(response.headers(), now);
    Refused {
        failure: Failure::new(verdict.reason, detail, verdict.hint).after(asked),
        retry: verdict.retry,
    }
}

fn verdict(target: &Target<'_>, status: u16, headers: &Headers, body: &ErrorBody) -> Verdict {
    match status {
        401 => unauthorized(headers, body),
        403 => forbidden(target, body),
        408 => Verdict::new(Reason::TimedOut, hint::TIMED_OUT).retry(Retry::Soon),
        429 => Verdict::new(Reason::Throttled, hint::THROTTLED),
        407 => Verdict::new(Reason::Unreachable, hint::PROXY),
        // Files may leave on the word "not found", which must be Key Vault's own and not that of a proxy.
        404 if !body.says_not_found() => Verdict::new(Reason::Malformed, hint::NOT_KEY_VAULT),
        400..=499 if body.codes().is_none() => Verdict::new(Reason::Malformed, hint::NOT_KEY_VAULT),
        404 if target.is_pinned() => Verdict::new(Reason::VersionNotFound, hint::not_found(target)),
        404 => Verdict::new(Reason::NotFound, hint::not_found(target)),
        409 => Verdict::new(Reason::Conflict, hint::CONFLICT),
        400..=499 => Verdict::new(Reason::BadRequest, hint::BAD_REQUEST),
        500 | 502..=504 => Verdict::new(Reason::Unavailable, hint::UNAVAILABLE).retry(Retry::Soon),
        501 | 505..=599 => Verdict::new(Reason::Unavailable, hint::UNAVAILABLE),
        // A redirect, or a success that a GET does not have: no Key Vault says that.
        _ => Verdict::new(Reason::Malformed, hint::NOT_KEY_VAULT),
    }
}

fn unauthorized(headers: &Headers, body: &ErrorBody) -> Verdict {
    match body.akv() {
        Some("AKV10046") => Verdict::new(Reason::Unavailable, hint::TRANSIENT_401).retry(Retry::Soon),
        Some("AKV10022") => Verdict::new(Reason::Unauthorized, hint::AUDIENCE),
        Some("AKV10032") => Verdict::new(Reason::Unauthorized, hint::TENANT),
        _ if body.says_out_of_date() => Verdict::new(Reason::Unauthorized, hint::CLOCK).retry(Retry::Once),
        _ if challenge::lacks_claims(headers.get_optional_str(&WWW_AUTHENTICATE)) => {
            Verdict::new(Reason::Unauthorized, hint::CLAIMS).retry(Retry::Once)
        }
        // It may be a vault after all that says nothing, so that another token is still tried.
        _ if body.codes().is_none() => {
            Verdict::new(Reason::Unauthorized, hint::UNAUTHORIZED_ON_THE_WAY).retry(Retry::Once)
        }
        _ => Verdict::new(Reason::Unauthorized, hint::UNAUTHORIZED).retry(Retry::Once),
    }
}

fn forbidden(target: &Target<'_>, body: &ErrorBody) -> Verdict {
    let address = body.labelled("Client address");
    match body.deciding_code() {
        code if code.ends_with("Disabled") => Verdict::new(Reason::Disabled, hint::disabled(target)),
        "ForbiddenByFirewall" => Verdict::new(Reason::NetworkRefused, hint::firewall(address.as_deref())),
        "ForbiddenByConnection" => Verdict::new(Reason::NetworkRefused, hint::private_endpoint(target)),
        "AccessDenied" | "ForbiddenByPolicy" => Verdict::new(Reason::Forbidden, hint::access_policy(target)),
        "Forbidden" if address.is_some() => {
            Verdict::new(Reason::NetworkRefused, hint::firewall(address.as_deref()))
        }
        "" => Verdict::new(Reason::Forbidden, hint::FORBIDDEN_ON_THE_WAY),
        _ => Verdict::new(Reason::Forbidden, hint::rbac(target)),
    }
}

/// Everything that identifies the answer: target, status, codes, the service's first line, caller, action, request.
fn detail(target: &Target<'_>, status: u16, headers: &Headers, body: &ErrorBody) -> String {
    let mut parts = vec![match body.codes() {
        Some(codes) => format!("{status} {codes}"),
        None => format!("{status} without a Key Vault error code"),
    }];
    parts.extend(body.summary());
    parts.extend(
        body.labelled("Client address")
            .map(|address| format!("client address {address}")),
    );
    parts.extend(body.caller().map(|caller| format!("caller {caller}")));
    parts.extend(body.labelled("Action").map(|action| format!("action {action}")));
    if status == 401 {
        let authority = challenge::authority(headers.get_optional_str(&WWW_AUTHENTICATE));
        parts
            .extend(authority.map(|authority| format!("the vault's authority is {}", quote(authority, 120))));
    }
    parts.extend(request_id(headers).map(|id| format!("request id {id}")));
    format!("{target}: {}", parts.join("; "))
}

/// A request to a vault that the manifest does not have.
pub(super) fn no_such_vault(subject: Subject<'_>) -> Failure {
    let detail = format!(
        "vault {}, {subject}: there is no vault of this name",
        subject.vault()
    );
    Failure::new(Reason::BadRequest, detail, hint::NO_SUCH_VAULT)
}

/// A request that is refused before it is sent.
pub(super) fn not_in_a_managed_hsm(target: &Target<'_>) -> Failure {
    debug_assert_ne!(target.wire_kind(), ObjectKind::Key, "a Managed HSM has keys");
    let detail = format!("{target}: the host is a Managed HSM");
    Failure::new(Reason::BadRequest, detail, hint::HSM_HAS_KEYS_ONLY)
}
