//! The failure table of Key Vault: what is asked, what the vault says, and the reason that it means.

use super::stage::*;
use crate::domain::failure::Reason;
use crate::domain::object::{ObjectKind, Source};

const RBAC: &str = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=https://sts.windows.net/00000000-0000-0000-0000-000000000003/\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\nVault: contoso-app;location=westeurope\r\n";
const FIREWALL: &str = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.1\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=x\r\nVault: contoso-app;location=westeurope";
const CONNECTION: &str = "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: appid=00000000-0000-0000-0000-000000000001;oid=00000000-0000-0000-0000-000000000002;iss=x\r\nVault: contoso-app;location=westeurope";

pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) asked: Asked,
    pub(super) reply: Reply,
    pub(super) reason: Reason,
}

/// What is asked of the vault.
pub(super) enum Asked {
    Object(Source),
    Versions(Source),
    Secrets,
}

impl From<Source> for Asked {
    fn from(source: Source) -> Self {
        Self::Object(source)
    }
}

fn row(what: &'static str, asked: impl Into<Asked>, reply: Reply, reason: Reason) -> Row {
    let asked = asked.into();
    let reply = reply.with("x-ms-request-id", "9e25156b-3a06-443e-aca4-d825d67a54ac");
    Row {
        what,
        asked,
        reply,
        reason,
    }
}

pub(super) fn refuse(status: u16, code: &str, inner: Option<&str>, message: &str) -> Reply {
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
        refusals_of_a_list(),
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
            "expired token",
            secret("db"),
            unauthorized("Error validating token: IDX10223"),
            Reason::Unauthorized,
        ),
        row(
            "token that is not valid yet",
            secret("db"),
            unauthorized("Error validating token: IDX10222"),
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
            "401 of no known number",
            secret("db"),
            unauthorized("AKV10099: The token is not accepted."),
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
            "400 of a proxy",
            secret("db"),
            Reply::new(400, "<html>Bad Request</html>"),
            Reason::Malformed,
        ),
        row(
            "404 of a proxy",
            secret("db"),
            Reply::new(404, "<html>Not Found</html>"),
            Reason::Malformed,
        ),
        row(
            "404 of a proxy, pinned",
            pinned(secret("db"), VERSION),
            Reply::new(404, ""),
            Reason::Malformed,
        ),
        row(
            "404 of another service",
            secret("db"),
            refuse(404, "NoSuchRoute", None, "There is no such route."),
            Reason::Malformed,
        ),
        row(
            "410 of a proxy",
            secret("db"),
            Reply::new(410, "{}"),
            Reason::Malformed,
        ),
        row(
            "symmetric key",
            source(ObjectKind::Key, "sign"),
            oct_key(),
            Reason::Unrenderable,
        ),
    ]
}

fn refusals_of_a_list() -> Vec<Row> {
    let action = |action: &str| RBAC.replace("secrets/getSecret/action", action);
    let rbac = |what, asked, denied| {
        let reply = refuse(403, "Forbidden", Some("ForbiddenByRbac"), &action(denied));
        row(what, asked, reply, Reason::Forbidden)
    };
    let policy = |what, asked| {
        let message = "The user, group or application does not have secrets list permission on key vault.";
        let reply = refuse(403, "Forbidden", Some("AccessDenied"), message);
        row(what, asked, reply, Reason::Forbidden)
    };
    let certificate = Asked::Versions(source(ObjectKind::Certificate, "web"));
    let key = || Asked::Versions(source(ObjectKind::Key, "sign"));
    let ids = |paths: &[&str]| {
        paths
            .iter()
            .map(|path| format!("https://{HOST}/{path}"))
            .collect::<Vec<_>>()
    };
    let another = format!("secrets/db2/{VERSION}");
    let round = format!("https://{HOST}:443/secrets?$skiptoken=x");
    let read = "secrets/readMetadata/action";
    vec![
        rbac("role of a list missing", Asked::Secrets, read),
        rbac("role of versions missing", Asked::Versions(secret("db")), read),
        rbac("role of versions missing, certificate", certificate, read),
        rbac("role of versions missing, key", key(), "keys/read"),
        policy("access policy of a list missing", Asked::Secrets),
        policy("access policy of versions missing", Asked::Versions(secret("db"))),
        row(
            "no versions",
            key(),
            refuse(404, "KeyNotFound", None, "It was not found in this key vault."),
            Reason::NotFound,
        ),
        row(
            "404 of a proxy for a list",
            Asked::Secrets,
            Reply::new(404, "<html>Not Found</html>"),
            Reason::Malformed,
        ),
        row(
            "a list with something else in it",
            Asked::Secrets,
            page(&ids(&["secrets/db", "keys/db"]), None),
            Reason::Malformed,
        ),
        row(
            "versions with something else among them",
            Asked::Versions(secret("db")),
            page(&ids(&[&another]), None),
            Reason::Malformed,
        ),
        row(
            "a list that is no list",
            Asked::Secrets,
            Reply::new(200, "{}"),
            Reason::Malformed,
        ),
        row(
            "a link away",
            Asked::Secrets,
            page(&[], Some("https://example.com:443/secrets")),
            Reason::Malformed,
        ),
        row(
            "links in a circle",
            Asked::Secrets,
            page(&[], Some(&round)),
            Reason::Malformed,
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
