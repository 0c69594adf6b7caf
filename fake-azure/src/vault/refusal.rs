//! The errors of Key Vault, in its words.

use serde::Serialize;

use super::access::Action;
use crate::entra::access_token::{Caller, Distrust, sts_issuer};
use crate::http::Answer;
use crate::ids;

/// Why the data plane refuses a request.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// 401 without a token.
    NoToken,
    /// 401 with a token that is not accepted.
    Distrusted(Distrust),
    /// 403, decided by [`Denial`].
    Denied(Denial, Action, Caller),
    SecretDisabled,
    NotFound(Kind, String),
    DeletedNotFound(Kind, String),
    PendingNotFound(String),
    /// 400 with a text.
    BadParameter(String),
    /// 409: the name belongs to a deleted object.
    DeletedButRecoverable(Kind, String),
    /// 404: a path that the fake does not have.
    NoSuchPath,
}

/// The kinds of objects, as errors call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Secret,
    Key,
    Certificate,
}

/// Who or what refuses an authenticated caller (all are 403).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Denial {
    /// No role assignment allows the action (`ForbiddenByRbac`).
    Rbac,
    /// The vault's firewall does not know the client's address (`ForbiddenByFirewall`).
    Firewall,
    /// Public access is off and the request came over it (`ForbiddenByConnection`).
    Connection,
    /// A policy refuses the caller (`ForbiddenByPolicy`).
    Policy,
}

/// What a refusal says about where it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) vault: &'a str,
    pub(crate) authority: &'a str,
    pub(crate) audience: &'a str,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    innererror: Option<Inner<'a>>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: &'a str,
}

impl Refusal {
    pub(crate) fn answer(&self, place: Place<'_>) -> Answer {
        match self {
            Self::NoToken => challenge(place, "AKV10000: Request is missing a Bearer or PoP token."),
            Self::Distrusted(distrust) => challenge(place, &distrusted(distrust, place)),
            Self::Denied(denial, action, caller) => denied(*denial, action, caller, place),
            Self::SecretDisabled => error(
                403,
                "Forbidden",
                "Operation get is not allowed on a disabled secret.",
                Some("SecretDisabled"),
            ),
            Self::NotFound(kind, name) => error(
                404,
                &format!("{}NotFound", kind.title()),
                &not_found(*kind, name),
                None,
            ),
            Self::DeletedNotFound(kind, name) => error(
                404,
                &format!("{}NotFound", kind.title()),
                &format!("Deleted {} not found: {name}", kind.title()),
                None,
            ),
            Self::PendingNotFound(name) => error(
                404,
                "PendingCertificateNotFound",
                &format!("Pending certificate not found: {name}"),
                None,
            ),
            Self::BadParameter(message) => error(400, "BadParameter", message, None),
            Self::DeletedButRecoverable(kind, name) => error(
                409,
                "Conflict",
                &format!(
                    "{} {name} is currently in a deleted but recoverable state, and its name cannot be reused; \
                     in this state, the {} can only be recovered or purged.",
                    kind.title(),
                    kind.word()
                ),
                Some("ObjectIsDeletedButRecoverable"),
            ),
            Self::NoSuchPath => error(404, "NotFound", "The fake has no such operation.", None),
        }
    }
}

/// The body of a throttled vault; no `Retry-After` unless a test wants one.
pub(crate) fn throttled(retry_after: Option<u64>) -> Answer {
    let answer = error(
        429,
        "Throttled",
        "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
        None,
    );
    match retry_after {
        Some(seconds) => answer.with_header("Retry-After", seconds.to_string()),
        None => answer,
    }
}

fn error(status: u16, code: &str, message: &str, inner: Option<&str>) -> Answer {
    let error = Body {
        code,
        message,
        innererror: inner.map(|code| Inner { code }),
    };
    Answer::json(status, &Envelope { error })
}

fn challenge(place: Place<'_>, message: &str) -> Answer {
    let Place {
        authority, audience, ..
    } = place;
    let tenant = ids::TENANT_ID;
    let challenge = format!(r#"Bearer authorization="{authority}/{tenant}", resource="{audience}""#);
    error(401, "Unauthorized", message, None).with_header("WWW-Authenticate", challenge)
}

/// The texts of AKV10022 and AKV10032 are published; those of expiry and revocation are the fake's own.
fn distrusted(distrust: &Distrust, place: Place<'_>) -> String {
    match distrust {
        Distrust::Audience(found) => {
            format!(
                "AKV10022: Invalid audience. Expected {}, found: {found}.",
                place.audience
            )
        }
        Distrust::Issuer(found) => format!(
            "AKV10032: Invalid issuer. Expected one of {}, found {found}.",
            sts_issuer(ids::TENANT_ID)
        ),
        Distrust::Signature => {
            "AKV10046: Unable to resolve the key used for signature validation.".to_owned()
        }
        Distrust::Expired => "The token has expired.".to_owned(),
        Distrust::Revoked => "The token has been revoked.".to_owned(),
    }
}

fn denied(denial: Denial, action: &Action, caller: &Caller, place: Place<'_>) -> Answer {
    let Place { vault, .. } = place;
    let caller = format!(
        "appid={};oid={};iss={}",
        caller.client_id,
        caller.object_id,
        sts_issuer(&caller.tenant)
    );
    let vault_line = format!("Vault: {vault};location=westeurope");
    let (message, inner) = match denial {
        Denial::Rbac => (
            rbac_message(action, &caller, vault, &vault_line),
            "ForbiddenByRbac",
        ),
        Denial::Firewall => (
            format!(
                "Client address is not authorized and caller is not a trusted service.\r\n\
                 Client address: 127.0.0.1\r\nCaller: {caller}\r\n{vault_line}"
            ),
            "ForbiddenByFirewall",
        ),
        Denial::Connection => (
            format!(
                "Public network access is disabled and request is not from a trusted service nor via an approved \
                 private link.\r\nCaller: {caller}\r\n{vault_line}"
            ),
            "ForbiddenByConnection",
        ),
        Denial::Policy => (
            format!(
                "The policy requires the caller '{caller}' to use on-behalf-of (OBO) flow. For more information on \
                 OBO, please see https://go.microsoft.com/fwlink/?linkid=2152310"
            ),
            "ForbiddenByPolicy",
        ),
    };
    error(403, "Forbidden", &message, Some(inner))
}

fn rbac_message(action: &Action, caller: &str, vault: &str, vault_line: &str) -> String {
    let subscription = ids::SUBSCRIPTION_ID;
    let object = action
        .object
        .as_ref()
        .map(|object| format!("/{object}"))
        .unwrap_or_default();
    format!(
        "Caller is not authorized to perform action on resource.\r\n\
         If role assignments, deny assignments or role definitions were changed recently, please observe propagation \
         time.\r\nCaller: {caller}\r\nAction: 'Microsoft.KeyVault/vaults/{}'\r\n\
         Resource: '/subscriptions/{subscription}/resourcegroups/fake-rg/providers/microsoft.keyvault/vaults/\
         {vault}{object}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n\
         DecisionReason: 'DeniedWithNoValidRBAC' \r\n{vault_line}\r\n",
        action.name
    )
}

fn not_found(kind: Kind, name: &str) -> String {
    let word = kind.word();
    format!(
        "A {word} with (name/id) {name} was not found in this key vault. If you recently deleted this {word} you may be \
         able to recover it using the correct recovery command. For help resolving this issue, please see \
         https://go.microsoft.com/fwlink/?linkid=2125182"
    )
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::Key => "Key",
            Self::Certificate => "Certificate",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Key => "key",
            Self::Certificate => "certificate",
        }
    }
}
