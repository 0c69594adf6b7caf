//! Secrets: get, set, update, list, delete, recover, purge.

use serde::{Deserialize, Serialize};

use super::access::Operation;
use super::page::{self, Page};
use super::policy::SecretForm;
use super::refusal::{Kind, Refusal};
use super::shelf::{Attributes, Deleted, Object, Tags, Version, WantedAttributes};
use super::{Store, Vault};
use crate::clock::Clock;
use crate::http::{Answer, Call};
use crate::ids;
use crate::journal::CallKind;

/// The content of a version of a secret.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
    /// The key of the certificate that this secret belongs to; only such a secret is managed.
    pub(crate) key_id: Option<String>,
    /// What `outContentType=application/x-pem-file` gives; only a certificate's PFX with its key has it.
    pub(crate) as_pem: Option<String>,
}

/// What a new version of a secret is made from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSecret {
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) attributes: WantedAttributes,
    pub(crate) tags: Option<Tags>,
    /// `created`, when it is not now.
    #[serde(skip)]
    pub(crate) created: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecretUpdate {
    content_type: Option<String>,
    #[serde(default)]
    attributes: WantedAttributes,
    tags: Option<Tags>,
}

/// A secret on the wire. A list leaves out the value, a deleted secret adds when it was deleted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_purge_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed: Option<bool>,
    attributes: &'a Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

impl<'a> Bundle<'a> {
    fn new(id: String, version: &'a Version<Secret>) -> Self {
        let secret = &version.content;
        Self {
            value: Some(&secret.value),
            recovery_id: None,
            deleted_date: None,
            scheduled_purge_date: None,
            content_type: secret.content_type.as_deref(),
            id,
            managed: secret.key_id.is_some().then_some(true),
            attributes: &version.attributes,
            tags: version.tags.as_ref(),
            kid: secret.key_id.as_deref(),
        }
    }

    /// The bundle as a list shows it.
    fn without_value(self) -> Self {
        Self {
            value: None,
            kid: None,
            ..self
        }
    }
}

/// Performs an operation on secrets.
pub(crate) fn perform(
    vault: &Vault,
    clock: &Clock,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Refusal> {
    let mut store = vault.store();
    let name = operation.name.as_str();
    match operation.kind {
        CallKind::SetSecret => set(vault, &mut store, clock, name, call),
        CallKind::UpdateSecret => update(vault, &mut store, clock, operation, call),
        CallKind::DeleteSecret => delete(vault, &mut store, clock, name),
        CallKind::GetDeletedSecret => {
            let deleted = store
                .secrets
                .deleted(name)
                .ok_or_else(|| deleted_not_found(name))?;
            Ok(Answer::json(200, &deleted_bundle(vault, deleted)))
        }
        CallKind::PurgeDeletedSecret if store.secrets.purge(name) => Ok(Answer::empty(204)),
        CallKind::PurgeDeletedSecret => Err(deleted_not_found(name)),
        CallKind::RecoverDeletedSecret => {
            let object = store
                .secrets
                .recover(name)
                .ok_or_else(|| deleted_not_found(name))?;
            Ok(Answer::json(
                200,
                &bundle(vault, object, object.current()).without_value(),
            ))
        }
        CallKind::ListSecrets => Ok(Answer::json(200, &list(vault, &store, call))),
        CallKind::ListSecretVersions => Ok(Answer::json(200, &versions(vault, &store, name, call))),
        _ => get(vault, &store, operation, call),
    }
}

fn get(vault: &Vault, store: &Store, operation: &Operation, call: &Call) -> Result<Answer, Refusal> {
    let name = operation.name.as_str();
    let object = store
        .secrets
        .get(name)
        .ok_or_else(|| Refusal::NotFound(Kind::Secret, name.to_owned()))?;
    let version = match &operation.version {
        None => object.current(),
        Some(id) => object
            .version(id)
            .ok_or_else(|| Refusal::NotFound(Kind::Secret, format!("{name}/{id}")))?,
    };
    if !version.attributes.enabled {
        return Err(Refusal::SecretDisabled);
    }
    let bundle = bundle(vault, object, version);
    match call.parameter("outContentType") {
        None => Ok(Answer::json(200, &bundle)),
        Some(wanted) => Ok(Answer::json(200, &converted(bundle, &wanted, &version.content)?)),
    }
}

fn converted<'a>(bundle: Bundle<'a>, wanted: &str, secret: &'a Secret) -> Result<Bundle<'a>, Refusal> {
    let pfx = SecretForm::Pfx.content_type();
    if wanted != SecretForm::Pem.content_type() || secret.content_type.as_deref() != Some(pfx) {
        return Err(Refusal::BadParameter(
            "The 'Unsupported' to 'PEM' transformation is not supported. Only PFX to PEM transformation is supported."
                .to_owned(),
        ));
    }
    let value = secret.as_pem.as_deref().ok_or_else(|| {
        Refusal::BadParameter("The fake converts the PFX of an exportable certificate only.".to_owned())
    })?;
    Ok(Bundle {
        value: Some(value),
        content_type: Some(SecretForm::Pem.content_type()),
        ..bundle
    })
}

fn set(vault: &Vault, store: &mut Store, clock: &Clock, name: &str, call: &Call) -> Result<Answer, Refusal> {
    let new: NewSecret = call.json().map_err(|_| malformed())?;
    let is_valid = name.len() <= 127 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_valid {
        return Err(Refusal::BadParameter(format!(
            "The request URI contains an invalid name: {name}"
        )));
    }
    if store.secrets.deleted(name).is_some() {
        return Err(Refusal::DeletedButRecoverable(Kind::Secret, name.to_owned()));
    }
    add(store, clock, name, new);
    let object = store.secrets.get(name).expect("the secret was just added");
    Ok(Answer::json(200, &bundle(vault, object, object.current())))
}

/// Adds a version and gives its id.
pub(crate) fn add(store: &mut Store, clock: &Clock, name: &str, new: NewSecret) -> String {
    let mut attributes = Attributes::created_at(new.created.unwrap_or_else(|| clock.now()));
    attributes.change(&new.attributes);
    let version = Version {
        id: ids::version_id(),
        attributes,
        tags: new.tags,
        content: Secret {
            value: new.value,
            content_type: new.content_type,
            key_id: None,
            as_pem: None,
        },
    };
    store.secrets.add(name, version).id.clone()
}

fn update(
    vault: &Vault,
    store: &mut Store,
    clock: &Clock,
    operation: &Operation,
    call: &Call,
) -> Result<Answer, Refusal> {
    let change: SecretUpdate = call.json().map_err(|_| malformed())?;
    let name = operation.name.as_str();
    let not_found = || Refusal::NotFound(Kind::Secret, name.to_owned());
    let object = store.secrets.get_mut(name).ok_or_else(not_found)?;
    let id = operation
        .version
        .clone()
        .unwrap_or_else(|| object.current().id.clone());
    let version = object.version_mut(&id).ok_or_else(not_found)?;
    version.attributes.change(&change.attributes);
    version.attributes.updated = clock.now();
    version.tags = change.tags.or(version.tags.take());
    version.content.content_type = change.content_type.or(version.content.content_type.take());
    let object = store.secrets.get(name).ok_or_else(not_found)?;
    let version = object.version(&id).ok_or_else(not_found)?;
    Ok(Answer::json(200, &bundle(vault, object, version).without_value()))
}

fn delete(vault: &Vault, store: &mut Store, clock: &Clock, name: &str) -> Result<Answer, Refusal> {
    let deleted = store
        .secrets
        .delete(name, clock.now())
        .ok_or_else(|| Refusal::NotFound(Kind::Secret, name.to_owned()))?;
    Ok(Answer::json(200, &deleted_bundle(vault, deleted)))
}

fn list<'a>(vault: &Vault, store: &'a Store, call: &Call) -> Page<Bundle<'a>> {
    let shown = store.secrets.iter().filter(|object| store.lists(&object.name));
    let items = shown.map(|object| {
        let id = vault.id("secrets", &object.name);
        Bundle::new(id, object.current()).without_value()
    });
    page::cut(items.collect(), call, &vault.url, store.empty_pages)
}

fn versions<'a>(vault: &Vault, store: &'a Store, name: &str, call: &Call) -> Page<Bundle<'a>> {
    let items = store.secrets.get(name).into_iter().flat_map(|object| {
        let versions = object.listed().into_iter();
        versions.map(|version| bundle(vault, object, version).without_value())
    });
    page::cut(items.collect(), call, &vault.url, store.empty_pages)
}

fn bundle<'a>(vault: &Vault, object: &Object<Secret>, version: &'a Version<Secret>) -> Bundle<'a> {
    let id = format!("{}/{}", vault.id("secrets", &object.name), version.id);
    Bundle::new(id, version)
}

fn deleted_bundle<'a>(vault: &Vault, deleted: &'a Deleted<Secret>) -> Bundle<'a> {
    Bundle {
        recovery_id: Some(vault.id("deletedsecrets", &deleted.object.name)),
        deleted_date: Some(deleted.at),
        scheduled_purge_date: Some(deleted.purged_at()),
        ..bundle(vault, &deleted.object, deleted.object.current()).without_value()
    }
}

fn deleted_not_found(name: &str) -> Refusal {
    Refusal::DeletedNotFound(Kind::Secret, name.to_owned())
}

fn malformed() -> Refusal {
    Refusal::BadParameter("The request body is not as the operation expects it.".to_owned())
}
