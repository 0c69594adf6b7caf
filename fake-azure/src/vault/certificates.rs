//! Certificates: what is asked over the wire. How one comes to be is in [`super::issue`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde::{Deserialize, Serialize};

use super::access::Operation;
use super::issue::{self, Certificate, CertificateOptions};
use super::page;
use super::policy::{Policy, SecretForm};
use super::refusal::{Kind, Refusal};
use super::shelf::{Attributes, Object, Tags, Version, WantedAttributes};
use super::{Store, Vault};
use crate::clock::Clock;
use crate::http::{Answer, Call, base64};
use crate::journal::CallKind;

#[derive(Deserialize)]
struct CreateCertificate {
    policy: Policy,
    #[serde(default)]
    attributes: WantedAttributes,
    tags: Option<Tags>,
}

#[derive(Deserialize)]
struct ImportCertificate {
    value: String,
    policy: Option<Policy>,
    #[serde(default)]
    attributes: WantedAttributes,
    tags: Option<Tags>,
}

#[derive(Deserialize)]
struct UpdateCertificate {
    #[serde(default)]
    attributes: WantedAttributes,
    tags: Option<Tags>,
}

#[derive(Serialize)]
struct Bundle<'a> {
    id: String,
    kid: String,
    sid: String,
    x5t: String,
    cer: String,
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    policy: &'a Policy,
    pending: Pending,
}

#[derive(Serialize)]
struct Pending {
    id: String,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    x5t: String,
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    subject: &'a str,
}

#[derive(Serialize)]
struct PendingOperation<'a> {
    id: String,
    issuer: &'a super::policy::Issuer,
    cancellation_requested: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    request_id: String,
}

/// Performs an operation on certificates.
pub(crate) fn perform(
    vault: &Vault,
    clock: &Clock,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Refusal> {
    let name = operation.name.as_str();
    match operation.kind {
        CallKind::CreateCertificate => create(vault, clock, name, call),
        CallKind::ImportCertificate => import(vault, clock, name, call),
        CallKind::UpdateCertificate => update(vault, clock, operation, call),
        CallKind::GetCertificatePolicy => {
            let store = vault.store();
            Ok(Answer::json(200, &object(&store, name)?.current().content.policy))
        }
        CallKind::GetCertificateOperation => {
            let store = vault.store();
            let object = object(&store, name).map_err(|_| Refusal::PendingNotFound(name.to_owned()))?;
            Ok(Answer::json(200, &pending(vault, name, object.current(), true)))
        }
        CallKind::ListCertificates => {
            let store = vault.store();
            let shown = store.certificates.iter();
            let shown = shown.filter(|certificate| store.lists(&certificate.name));
            let items = shown
                .map(|certificate| item(vault.id("certificates", &certificate.name), certificate.current()));
            Ok(Answer::json(
                200,
                &page::cut(items.collect(), call, &vault.url, store.empty_pages),
            ))
        }
        CallKind::ListCertificateVersions => {
            let store = vault.store();
            let items = store.certificates.get(name).into_iter().flat_map(|certificate| {
                let versions = certificate.listed().into_iter();
                versions.map(|version| item(id(vault, "certificates", certificate, version), version))
            });
            Ok(Answer::json(
                200,
                &page::cut(items.collect(), call, &vault.url, store.empty_pages),
            ))
        }
        _ => get(vault, &vault.store(), name, operation.version.as_deref()),
    }
}

fn object<'a>(store: &'a Store, name: &str) -> Result<&'a Object<Certificate>, Refusal> {
    store
        .certificates
        .get(name)
        .ok_or_else(|| Refusal::NotFound(Kind::Certificate, name.to_owned()))
}

fn get(vault: &Vault, store: &Store, name: &str, version: Option<&str>) -> Result<Answer, Refusal> {
    let certificate = object(store, name)?;
    let version = match version {
        None => certificate.current(),
        Some(id) => certificate
            .version(id)
            .ok_or_else(|| Refusal::NotFound(Kind::Certificate, format!("{name}/{id}")))?,
    };
    Ok(Answer::json(200, &bundle(vault, certificate, version)))
}

/// Makes the certificate at once, and answers as if it took a while, as the service does.
fn create(vault: &Vault, clock: &Clock, name: &str, call: &Call) -> Result<Answer, Refusal> {
    let wanted: CreateCertificate = call.json().map_err(|_| bad_policy())?;
    let options = CertificateOptions::of_policy(&wanted.policy).ok_or_else(bad_policy)?;
    issue::create(vault, clock, name, &options, Some(wanted.policy), wanted.tags);
    let mut store = vault.store();
    if let Some(certificate) = store.certificates.get_mut(name) {
        let id = certificate.current().id.clone();
        if let Some(version) = certificate.version_mut(&id) {
            version.attributes.change(&wanted.attributes);
        }
    }
    let current = object(&store, name)?.current();
    Ok(Answer::json(202, &pending(vault, name, current, false)))
}

/// Takes a PEM file. A PFX is refused: the fake writes PKCS #12 and does not read it.
fn import(vault: &Vault, clock: &Clock, name: &str, call: &Call) -> Result<Answer, Refusal> {
    let wanted: ImportCertificate = call.json().map_err(|_| bad_policy())?;
    let pem = issue::import(vault, clock, name, &wanted.value, wanted.policy, wanted.tags);
    pem.ok_or_else(|| {
        Refusal::BadParameter(
            "The fake imports PEM with one PRIVATE KEY (PKCS #8) and its certificates only.".to_owned(),
        )
    })?;
    let mut store = vault.store();
    if let Some(certificate) = store.certificates.get_mut(name) {
        let id = certificate.current().id.clone();
        if let Some(version) = certificate.version_mut(&id) {
            version.attributes.change(&wanted.attributes);
        }
    }
    get(vault, &store, name, None)
}

fn update(vault: &Vault, clock: &Clock, operation: &Operation, call: &Call) -> Result<Answer, Refusal> {
    let change: UpdateCertificate = call.json().map_err(|_| bad_policy())?;
    let name = operation.name.as_str();
    let mut store = vault.store();
    let id = match &operation.version {
        Some(id) => id.clone(),
        None => object(&store, name)?.current().id.clone(),
    };
    let now = clock.now();
    store.certificates.change(name, Some(&id), now, |version| {
        version.attributes.change(&change.attributes);
        version.tags = change.tags.or(version.tags.take());
    });
    if let Some(enabled) = change.attributes.enabled {
        switch(&mut store, name, &id, enabled, now);
    }
    get(vault, &store, name, Some(&id))
}

/// Enables or disables a version of a certificate, and with it its key and its secret, which mirror the attribute.
pub(crate) fn switch(store: &mut Store, name: &str, id: &str, enabled: bool, now: i64) {
    let id = Some(id);
    store
        .certificates
        .change(name, id, now, |version| version.attributes.enabled = enabled);
    store
        .keys
        .change(name, id, now, |version| version.attributes.enabled = enabled);
    store
        .secrets
        .change(name, id, now, |version| version.attributes.enabled = enabled);
}

fn id<T>(vault: &Vault, collection: &str, certificate: &Object<Certificate>, version: &Version<T>) -> String {
    format!("{}/{}", vault.id(collection, &certificate.name), version.id)
}

fn bundle<'a>(
    vault: &Vault,
    certificate: &'a Object<Certificate>,
    version: &'a Version<Certificate>,
) -> Bundle<'a> {
    Bundle {
        id: id(vault, "certificates", certificate, version),
        kid: id(vault, "keys", certificate, version),
        sid: id(vault, "secrets", certificate, version),
        x5t: thumbprint(&version.content.der),
        cer: base64(&version.content.der),
        attributes: &version.attributes,
        tags: version.tags.as_ref(),
        // The policy belongs to the certificate; all versions show the current one.
        policy: &certificate.current().content.policy,
        pending: Pending {
            id: format!("{}/pending", vault.id("certificates", &certificate.name)),
        },
    }
}

fn item(id: String, version: &Version<Certificate>) -> Item<'_> {
    Item {
        id,
        x5t: thumbprint(&version.content.der),
        attributes: &version.attributes,
        tags: version.tags.as_ref(),
        subject: &version.content.policy.x509_props.subject,
    }
}

fn pending<'a>(
    vault: &Vault,
    name: &str,
    version: &'a Version<Certificate>,
    completed: bool,
) -> PendingOperation<'a> {
    const DETAILS: &str = "Pending certificate created. Certificate request is in progress. This may take some time \
                           based on the issuer provider. Please check again later.";
    let certificate = vault.id("certificates", name);
    PendingOperation {
        id: format!("{certificate}/pending"),
        issuer: &version.content.policy.issuer,
        cancellation_requested: false,
        status: if completed { "completed" } else { "inProgress" },
        status_details: (!completed).then_some(DETAILS),
        target: completed.then_some(certificate),
        request_id: version.id.clone(),
    }
}

fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, der))
}

fn bad_policy() -> Refusal {
    let forms = [SecretForm::Pfx, SecretForm::Pem].map(SecretForm::content_type);
    Refusal::BadParameter(format!(
        "The policy is not supported. Secrets are {}.",
        forms.join(" or ")
    ))
}
