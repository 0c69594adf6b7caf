//! The failure table of Key Vault: status and codes to reason, words and hint.

use std::fmt::Write as _;
use std::time::Duration;

use super::stage::*;
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::{ObjectKind, Source};

const RBAC: &str = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=https://sts.windows.net/00000000-0000-0000-0000-000000000003/\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\nVault: contoso-app;location=westeurope\r\n";
const FIREWALL: &str = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.1\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=x\r\nVault: contoso-app;location=westeurope";
const CONNECTION: &str = "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=x\r\nVault: contoso-app;location=westeurope";

pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) source: Source,
    reply: Reply,
    reason: Reason,
}

fn row(what: &'static str, source: Source, reply: Reply, reason: Reason) -> Row {
    let reply = reply.with("x-ms-request-id", "9e25156b-3a06-443e-aca4-d825d67a54ac");
    Row {
        what,
        source,
        reply,
        reason,
    }
}

fn refuse(status: u16, code: &str, inner: Option<&str>, message: &str) -> Reply {
    Reply::new(status, error(code, inner, message))
}

fn unauthorized(message: &str) -> Reply {
    refuse(401, "Unauthorized", None, message).with("www-authenticate", CHALLENGE)
}

/// Every row, for a secret named `db` unless the row is about another kind.
pub(super) fn table() -> Vec<Row> {
    [
        refusals_of_the_token(),
        refusals_of_the_caller(),
        refusals_of_the_object(),
        trouble_of_the_service(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn refusals_of_the_token() -> Vec<Row> {
    let claims = r#"Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net", error="insufficient_claims", claims="eyJ9""#;
    vec![
        row(
            "wrong audience",
            secret("db"),
            unauthorized(
                "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/.",
            ),
            Reason::Unauthorized,
        ),
        row(
            "wrong tenant",
            secret("db"),
            unauthorized(
                "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/a/, found https://sts.windows.net/b/.",
            ),
            Reason::Unauthorized,
        ),
        row(
            "signing key not resolved",
            secret("db"),
            unauthorized("AKV10046: Unable to resolve the key used for signature validation."),
            Reason::Unavailable,
        ),
        row(
            "claims missing",
            secret("db"),
            Reply::new(401, "").with("www-authenticate", claims),
            Reason::Unauthorized,
        ),
        row(
            "empty 401",
            secret("db"),
            Reply::new(401, ""),
            Reason::Unauthorized,
        ),
    ]
}

fn refusals_of_the_caller() -> Vec<Row> {
    let certificate = || source(ObjectKind::Certificate, "web");
    let key = || source(ObjectKind::Key, "sign");
    let rbac = |source, what| {
        row(
            what,
            source,
            refuse(403, "Forbidden", Some("ForbiddenByRbac"), RBAC),
            Reason::Forbidden,
        )
    };
    vec![
        rbac(secret("db"), "role missing"),
        rbac(certificate(), "role missing, certificate"),
        rbac(key(), "role missing, key"),
        rbac(
            source_at("hsm", ObjectKind::Key, "sign"),
            "role missing, Managed HSM",
        ),
        row(
            "access policy missing",
            secret("db"),
            refuse(
                403,
                "Forbidden",
                Some("AccessDenied"),
                "The user, group or application 'appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;numgroups=0;iss=x' does not have secrets get permission on key vault 'contoso-app;location=westeurope'.",
            ),
            Reason::Forbidden,
        ),
        row(
            "compound identity",
            key(),
            refuse(
                403,
                "Forbidden",
                Some("ForbiddenByPolicy"),
                "The policy requires the caller 'appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=x' to use on-behalf-of (OBO) flow.",
            ),
            Reason::Forbidden,
        ),
        row(
            "firewall",
            secret("db"),
            refuse(403, "Forbidden", Some("ForbiddenByFirewall"), FIREWALL),
            Reason::NetworkRefused,
        ),
        row(
            "firewall, before it had a code",
            secret("db"),
            refuse(403, "Forbidden", None, FIREWALL),
            Reason::NetworkRefused,
        ),
        row(
            "private endpoint",
            secret("db"),
            refuse(403, "Forbidden", Some("ForbiddenByConnection"), CONNECTION),
            Reason::NetworkRefused,
        ),
        row(
            "403 of no known code",
            secret("db"),
            Reply::new(403, "<html>no</html>"),
            Reason::Forbidden,
        ),
    ]
}

fn refusals_of_the_object() -> Vec<Row> {
    let disabled = || {
        refuse(
            403,
            "Forbidden",
            Some("SecretDisabled"),
            "Operation get is not allowed on a disabled secret.",
        )
    };
    let missing = |code| refuse(404, code, None, "It was not found in this key vault.");
    vec![
        row("disabled", secret("db"), disabled(), Reason::Disabled),
        row(
            "disabled, pinned",
            pinned(secret("db"), VERSION),
            disabled(),
            Reason::Disabled,
        ),
        row(
            "no secret",
            secret("db"),
            missing("SecretNotFound"),
            Reason::NotFound,
        ),
        row(
            "no certificate",
            source(ObjectKind::Certificate, "web"),
            missing("SecretNotFound"),
            Reason::NotFound,
        ),
        row(
            "no key",
            source(ObjectKind::Key, "sign"),
            missing("KeyNotFound"),
            Reason::NotFound,
        ),
        row(
            "no version",
            pinned(secret("db"), VERSION),
            missing("SecretNotFound"),
            Reason::VersionNotFound,
        ),
        row(
            "being deleted",
            secret("db"),
            refuse(
                409,
                "Conflict",
                Some("ObjectIsBeingDeleted"),
                "Secret is currently being deleted.",
            ),
            Reason::Conflict,
        ),
        row(
            "bad parameter",
            secret("db"),
            refuse(
                400,
                "BadParameter",
                None,
                "The request URI contains an invalid name: db",
            ),
            Reason::BadRequest,
        ),
        row(
            "symmetric key",
            source(ObjectKind::Key, "sign"),
            oct_key(),
            Reason::Unrenderable,
        ),
    ]
}

fn trouble_of_the_service() -> Vec<Row> {
    let throttled = "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached";
    vec![
        row(
            "throttled",
            secret("db"),
            refuse(429, "Throttled", None, throttled),
            Reason::Throttled,
        ),
        row("500", secret("db"), Reply::new(500, ""), Reason::Unavailable),
        row(
            "502 of a proxy",
            secret("db"),
            Reply::new(502, "<html>Bad Gateway</html>"),
            Reason::Unavailable,
        ),
        row(
            "503",
            secret("db"),
            refuse(503, "ServiceUnavailable", None, "Busy."),
            Reason::Unavailable,
        ),
        row("408", secret("db"), Reply::new(408, ""), Reason::TimedOut),
        row("407", secret("db"), Reply::new(407, ""), Reason::Unreachable),
        row("a redirect", secret("db"), Reply::new(302, ""), Reason::Malformed),
        row(
            "not JSON",
            secret("db"),
            Reply::new(200, "<html>hello</html>"),
            Reason::Malformed,
        ),
        row("no value", secret("db"), Reply::new(200, "{}"), Reason::Malformed),
        row(
            "cut short",
            secret("db"),
            Reply::new(200, r#"{"value":"#),
            Reason::Unavailable,
        ),
    ]
}

fn oct_key() -> Reply {
    let kid = format!("https://{HOST}/keys/sign/{VERSION}");
    Reply::new(
        200,
        serde_json::json!({ "key": { "kid": kid, "kty": "oct-HSM" } }).to_string(),
    )
}

/// What the fetch of a row ends with.
pub(super) async fn failure_of(row: &Row) -> Failure {
    let vaults = [
        spec("app", &format!("https://{HOST}/")),
        spec("hsm", "https://contoso-hsm.managedhsm.azure.net/"),
    ];
    let reply = row.reply.clone();
    let stage = Stage::of(&vaults, Duration::ZERO, Duration::ZERO, move |call| {
        if call.token.is_some() {
            return Ok(reply.clone());
        }
        let hsm = call
            .url
            .host_str()
            .is_some_and(|host| host.ends_with("managedhsm.azure.net"));
        let challenge = if hsm {
            CHALLENGE.replace("//vault.", "//managedhsm.")
        } else {
            CHALLENGE.to_owned()
        };
        Ok(Reply::new(401, "").with("www-authenticate", challenge))
    });
    stage.fetch(&row.source).await.expect_err(row.what)
}

#[tokio::test(start_paused = true)]
async fn each_row_of_the_failure_table_has_its_reason_and_its_words() {
    let mut shown = String::new();
    for row in table() {
        let failure = failure_of(&row).await;
        assert_eq!(failure.reason, row.reason, "{}: {failure}", row.what);
        writeln!(
            shown,
            "{}\n  {}: {}\n  hint: {}\n",
            row.what, failure.reason, failure, failure.hint
        )
        .expect("a string takes everything");
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_one_line_without_a_full_stop_and_with_a_hint() {
    for row in table() {
        let failure = failure_of(&row).await;
        for text in [&failure.detail, &failure.hint] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", row.what);
            assert!(!text.chars().any(char::is_control), "{}: {text:?}", row.what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_the_service_is_cut_and_cleaned() {
    let message = format!("\u{1b}[2J{}\u{202e}", "x".repeat(100_000));
    let stage = Stage::answering([refuse(403, "Forbidden", Some("ForbiddenByRbac"), &message)]);
    let failure = stage.fetch(&secret("db")).await.expect_err("refused");
    assert!(failure.detail.chars().count() < 700, "{}", failure.detail.len());
    assert!(!failure.detail.contains(['\u{1b}', '\u{202e}']));
}
