//! `/_fake/...` on every listener: the switches and counters for people, scripts and tests in another process.
//!
//! It asks for no token and is not counted. The README lists the paths.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::crypto::key::KeyType;
use crate::crypto::read_pem;
use crate::entra::RegisteredCertificate;
use crate::faults::Fault;
use crate::handle::VaultHandle;
use crate::http::{Answer, Call};
use crate::issuer::Assertion;
use crate::journal::Service;
use crate::vault::{CertificateFormat, CertificateIssuer, CertificateOptions, Denial, KeyOptions};
use crate::world::World;

/// Where the control paths begin.
pub(crate) const PREFIX: &str = "/_fake/";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DenialRequest {
    denial: Denial,
    object: Option<String>,
    #[serde(default)]
    lists_only: bool,
}

/// The key of a certificate or key, in the service's words; what is left out is the service's default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyRequest {
    kty: String,
    key_size: Option<u64>,
    crv: Option<String>,
}

/// A certificate of the fake's authority, whose secret holds the root too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertificateRequest {
    key: KeyRequest,
    /// The secret is PEM and not a PFX.
    #[serde(default)]
    pem: bool,
}

/// Answers a request of a person or a script.
pub(crate) fn answer(world: &World, call: &Call) -> Answer {
    perform(world, call).unwrap_or_else(|message| Answer::json(400, &json!({"error": message})))
}

fn perform(world: &World, call: &Call) -> Result<Answer, String> {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    match (&call.method, parts.as_slice()) {
        (&Method::GET, ["calls"]) => return Ok(Answer::json(200, &world.journal.snapshot())),
        (&Method::DELETE, ["calls"]) => world.journal.reset(),
        (&Method::POST, ["faults"]) => world.faults.inject(body::<Fault>(call)?),
        (&Method::DELETE, ["faults"]) => world.faults.clear(),
        (&Method::POST, ["clock"]) => world.clock.advance(Duration::from_secs(number(call, "advance")?)),
        (&Method::POST, ["tokens", "revoke"]) => world.directory.tokens.revoke_all(),
        (&Method::POST, ["connections", "close"]) => world.faults.close_connections(service(call)?),
        (&Method::POST, ["connections", "silence"]) => world.faults.silence_connections(service(call)?),
        (&Method::POST, ["certificate"]) => {
            let untrusted = call.parameter("untrusted").as_deref() == Some("true");
            world
                .faults
                .present_untrusted_certificate(service(call)?, untrusted);
        }
        (&Method::POST, ["application", "certificates"]) => register(world, call)?,
        (&Method::GET, ["assertion"]) => return Ok(Answer::text(200, "text/plain", assertion(world, call))),
        (method, ["vaults", vault, rest @ ..]) => {
            let vault = world.vault(vault).ok_or("there is no such vault")?;
            return vault_switch(VaultHandle { world, vault }, method, rest, call);
        }
        _ => return Err("there is no such control path".to_owned()),
    }
    Ok(Answer::empty(204))
}

fn vault_switch(
    vault: VaultHandle<'_>,
    method: &Method,
    rest: &[&str],
    call: &Call,
) -> Result<Answer, String> {
    let version = match (method, rest) {
        (&Method::POST, ["denial"]) => {
            let wanted: DenialRequest = body(call)?;
            match wanted.object {
                None if wanted.lists_only => vault.deny_lists(),
                Some(object) => vault.deny_object(&object, wanted.denial),
                None => vault.deny(wanted.denial),
            }
            return Ok(Answer::empty(204));
        }
        (&Method::DELETE, ["denial"]) => {
            vault.allow();
            return Ok(Answer::empty(204));
        }
        (&Method::POST, ["empty-pages"]) => {
            vault.serve_empty_pages(call.parameter("on").as_deref() != Some("false"));
            return Ok(Answer::empty(204));
        }
        (&Method::PUT, ["hidden"]) => {
            let names: Vec<String> = body(call)?;
            vault.hide_from_lists(&names.iter().map(String::as_str).collect::<Vec<_>>());
            return Ok(Answer::empty(204));
        }
        (&Method::PUT, ["secrets", name]) => {
            let value = std::str::from_utf8(&call.body).map_err(|_| "the value is not UTF-8")?;
            vault.set_secret(name, value)
        }
        (&Method::POST, ["certificates", name]) if !call.body.is_empty() => {
            vault.create_certificate(name, &certificate(&body(call)?)?)
        }
        (&Method::POST, ["certificates", name]) => vault
            .renew_certificate(name)
            .unwrap_or_else(|| vault.create_certificate(name, &CertificateOptions::default())),
        (&Method::POST, ["keys", name]) if !call.body.is_empty() => {
            let options = KeyOptions {
                key_type: key_type(&body(call)?)?,
                ..KeyOptions::default()
            };
            vault.create_key(name, &options)
        }
        (&Method::POST, ["keys", name]) => vault
            .rotate_key(name)
            .unwrap_or_else(|| vault.create_key(name, &KeyOptions::default())),
        _ => return Err("a vault has no such switch".to_owned()),
    };
    Ok(Answer::json(200, &json!({ "version": version })))
}

fn certificate(wanted: &CertificateRequest) -> Result<CertificateOptions, String> {
    let key_type = key_type(&wanted.key)?;
    if matches!(key_type, KeyType::P256K | KeyType::Oct256) {
        return Err("certificates have no such key".to_owned());
    }
    let default = CertificateOptions::default();
    Ok(CertificateOptions {
        key_type,
        issuer: CertificateIssuer::AuthorityWithRoot,
        format: if wanted.pem {
            CertificateFormat::Pem
        } else {
            default.format
        },
        ..default
    })
}

fn key_type(wanted: &KeyRequest) -> Result<KeyType, String> {
    KeyType::parse(&wanted.kty, wanted.key_size, wanted.crv.as_deref())
        .ok_or_else(|| "there is no such key".to_owned())
}

/// Lets the application sign with the first certificate of a PEM file.
fn register(world: &World, call: &Call) -> Result<(), String> {
    let blocks = std::str::from_utf8(&call.body).map(read_pem).unwrap_or_default();
    let certificate = blocks
        .iter()
        .find(|(label, _)| label == "CERTIFICATE")
        .and_then(|(_, der)| RegisteredCertificate::from_der(der))
        .ok_or("there is no certificate in the body")?;
    world
        .directory
        .change_application(|application| application.certificates.push(certificate));
    Ok(())
}

fn assertion(world: &World, call: &Call) -> String {
    let mut assertion = Assertion::new(&world.directory.issuer, world.clock.now());
    if let Some(subject) = call.parameter("subject") {
        assertion = assertion.subject(subject);
    }
    if let Some(audience) = call.parameter("audience") {
        assertion = assertion.audience(audience);
    }
    if let Ok(seconds) = number(call, "lifetime") {
        assertion = assertion.lifetime(Duration::from_secs(seconds));
    }
    assertion.sign()
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    call.json().map_err(|error| error.to_string())
}

fn number(call: &Call, name: &str) -> Result<u64, String> {
    call.parameter(name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("`{name}` has to be a number"))
}

fn service(call: &Call) -> Result<Service, String> {
    let name = call.parameter("service").unwrap_or_else(|| "vault".to_owned());
    serde_json::from_value(Value::String(name)).map_err(|error| error.to_string())
}
