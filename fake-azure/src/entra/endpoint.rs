//! `POST /{tenant}/oauth2/v2.0/token` and the documents that lead to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::json;

use super::access_token::Grant;
use super::refusal::Refusal;
use super::{Application, Directory, RegisteredCertificate};
use crate::clock::Clock;
use crate::http::{Answer, Call};
use crate::ids;
use crate::journal::CallKind;
use crate::jwt::Unverified;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Entra refuses assertions that live longer, in seconds.
const LONGEST_ASSERTION: i64 = 25 * 3600;
/// How far clocks may differ, in seconds.
const SKEW: i64 = 300;

/// What a request to the authority asks for.
pub(crate) fn kind(call: &Call) -> CallKind {
    match endpoint(call) {
        Some((_, Endpoint::Token)) => CallKind::Token,
        Some((_, Endpoint::Configuration)) => CallKind::Discovery,
        None => CallKind::Unknown,
    }
}

/// Answers a request to the authority.
pub(crate) fn answer(directory: &Directory, clock: &Clock, token_lifetime: i64, call: &Call) -> Answer {
    let answer = match endpoint(call) {
        Some((tenant, Endpoint::Token)) => grant(directory, clock, token_lifetime, &tenant, call)
            .unwrap_or_else(|refusal| refusal.answer(clock)),
        Some((tenant, Endpoint::Configuration)) => configuration(directory, &tenant),
        None => Answer::text(404, "text/plain", "not found"),
    };
    answer
        .with_header("Cache-Control", "no-store, no-cache")
        .with_header("Pragma", "no-cache")
        .with_header("Expires", "-1")
        .with_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("x-ms-request-id", ids::guid())
        .with_header("x-ms-ests-server", "2.1.20000.1 - FAKE ProdSlices")
}

/// The answer of a throttled token endpoint: plain text.
pub(crate) fn throttled(retry_after: Option<u64>) -> Answer {
    let answer = Answer::text(429, "text/plain", "Too many requests. Please try again later.");
    match retry_after {
        Some(seconds) => answer.with_header("Retry-After", seconds.to_string()),
        None => answer,
    }
}

enum Endpoint {
    Token,
    Configuration,
}

fn endpoint(call: &Call) -> Option<(String, Endpoint)> {
    let segments = call.segments();
    let [tenant, rest @ ..] = segments.as_slice() else {
        return None;
    };
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let endpoint = match (&call.method, rest.as_slice()) {
        (&Method::POST, ["oauth2", "v2.0", "token"]) => Endpoint::Token,
        (&Method::GET, ["v2.0", ".well-known", "openid-configuration"]) => Endpoint::Configuration,
        _ => return None,
    };
    Some((tenant.clone(), endpoint))
}

fn configuration(directory: &Directory, tenant: &str) -> Answer {
    let authority = &directory.authority;
    let body = json!({
        "issuer": format!("{authority}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{authority}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{authority}/{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "tenant_region_scope": null,
    });
    Answer::json(200, &body)
}

fn grant(
    directory: &Directory,
    clock: &Clock,
    lifetime: i64,
    tenant: &str,
    call: &Call,
) -> Result<Answer, Refusal> {
    if ![ids::TENANT_ID, ids::FOREIGN_TENANT_ID].contains(&tenant) {
        return Err(Refusal::UnknownTenant(tenant.to_owned()));
    }
    let field = |name| call.field(name).ok_or(Refusal::MissingField(name));
    let grant_type = field("grant_type")?;
    if grant_type != "client_credentials" {
        return Err(Refusal::UnsupportedGrant(grant_type));
    }
    let (client_id, scope) = (field("client_id")?, field("scope")?);
    let application = directory
        .application(&client_id)
        .ok_or(Refusal::UnknownApplication(client_id))?;
    authenticate(directory, clock.now(), tenant, &application, call)?;
    let grant = Grant {
        tenant,
        client_id: &application.client_id,
        object_id: &application.object_id,
        audience: audience(&scope),
        issued: clock.now(),
        lifetime,
    };
    let body = TokenBody {
        token_type: "Bearer",
        expires_in: lifetime,
        ext_expires_in: lifetime,
        access_token: directory.tokens.issue(grant),
    };
    Ok(Answer::json(200, &body))
}

#[derive(serde::Serialize)]
struct TokenBody {
    token_type: &'static str,
    expires_in: i64,
    ext_expires_in: i64,
    access_token: String,
}

/// The resource of the first scope that is not of `OpenID`.
fn audience(scope: &str) -> &str {
    let mut scopes = scope.split_ascii_whitespace();
    let resource = scopes.find(|scope| scope.contains("://")).unwrap_or(scope);
    resource.strip_suffix("/.default").unwrap_or(resource)
}

fn authenticate(
    directory: &Directory,
    now: i64,
    tenant: &str,
    application: &Application,
    call: &Call,
) -> Result<(), Refusal> {
    if let Some(secret) = call.field("client_secret") {
        let known = secret == application.secret;
        return known
            .then_some(())
            .ok_or_else(|| Refusal::WrongSecret(application.client_id.clone()));
    }
    let assertion = call
        .field("client_assertion")
        .ok_or(Refusal::MissingField("client_assertion"))?;
    if call.field("client_assertion_type").as_deref() != Some(ASSERTION_TYPE) {
        return Err(Refusal::MissingField("client_assertion_type"));
    }
    let assertion = Unverified::parse(&assertion).ok_or(Refusal::MalformedAssertion)?;
    // An application that signs for itself is its own issuer; everything else is federated.
    if assertion.text("iss") == Some(application.client_id.as_str()) {
        check_certificate(directory, now, tenant, application, &assertion)
    } else {
        check_federated(directory, now, application, &assertion)
    }
}

/// Checks a projected token: issuer, audience, subject, signature, then time.
fn check_federated(
    directory: &Directory,
    now: i64,
    application: &Application,
    assertion: &Unverified,
) -> Result<(), Refusal> {
    let claim = |name: &str| assertion.text(name).unwrap_or_default().to_owned();
    let mut trusts: Vec<_> = application.federated.iter().collect();
    trusts.retain(|trust| Some(trust.issuer.as_str()) == assertion.text("iss"));
    if trusts.is_empty() {
        return Err(Refusal::UnknownIssuer(claim("iss")));
    }
    trusts.retain(|trust| assertion.has_audience(&trust.audience));
    if trusts.is_empty() {
        let audience = assertion.claims["aud"].to_string();
        return Err(Refusal::UnknownAudience(audience.trim_matches('"').to_owned()));
    }
    trusts.retain(|trust| Some(trust.subject.as_str()) == assertion.text("sub"));
    if trusts.is_empty() {
        return Err(Refusal::UnknownSubject(claim("sub")));
    }
    if !directory.issuer_has_signed(assertion) {
        return Err(Refusal::Signature);
    }
    check_time(now, assertion)?;
    let issued = assertion.second("iat").unwrap_or(0);
    let until = assertion.second("exp").unwrap_or(0);
    if until - issued > LONGEST_ASSERTION {
        return Err(Refusal::Lifetime { issued, until });
    }
    Ok(())
}

/// Checks an assertion that the application signed with a registered certificate.
fn check_certificate(
    directory: &Directory,
    now: i64,
    tenant: &str,
    application: &Application,
    assertion: &Unverified,
) -> Result<(), Refusal> {
    let signer = application
        .certificates
        .iter()
        .find(|certificate| is_named_by(certificate, assertion))
        .ok_or(Refusal::Signature)?;
    if !assertion.is_signed_by(&signer.key) {
        return Err(Refusal::Signature);
    }
    let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", directory.authority);
    if !assertion.has_audience(&endpoint) {
        return Err(Refusal::UnknownAudience(assertion.claims["aud"].to_string()));
    }
    check_time(now, assertion)
}

/// Compares thumbprints; some clients pad their base64, and Entra does not mind.
fn is_named_by(certificate: &RegisteredCertificate, assertion: &Unverified) -> bool {
    let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(ring::digest::digest(algorithm, &certificate.der));
    let header = |name: &str| {
        assertion.header[name]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('=')
    };
    header("x5t") == thumbprint(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY)
        || header("x5t#S256") == thumbprint(&ring::digest::SHA256)
}

fn check_time(now: i64, assertion: &Unverified) -> Result<(), Refusal> {
    let from = assertion
        .second("nbf")
        .or_else(|| assertion.second("iat"))
        .unwrap_or(0);
    let until = assertion.second("exp").unwrap_or(0);
    if from > now + SKEW || until + SKEW <= now {
        return Err(Refusal::Expired { now, from, until });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_the_resource_of_the_scope() {
        assert_eq!(
            audience("https://vault.azure.net/.default"),
            "https://vault.azure.net"
        );
        assert_eq!(
            audience("openid https://vault.azure.net/.default"),
            "https://vault.azure.net"
        );
        assert_eq!(
            audience("https://management.azure.com//.default"),
            "https://management.azure.com/"
        );
    }
}
