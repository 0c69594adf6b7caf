//! From a vault's 200 to a [`FetchedObject`], or to a failure that quotes nothing of it.

use std::collections::{BTreeMap, HashMap};

use azure_core::http::RawResponse;
use azure_security_keyvault_keys::ResourceExt as _;
use azure_security_keyvault_keys::models::Key;
use azure_security_keyvault_secrets::ResourceExt as _;
use azure_security_keyvault_secrets::models::Secret;
use serde::de::DeserializeOwned;

use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::domain::object::{Source, VersionId, VersionSelector};
use crate::domain::secret::SecretBytes;

use super::answer::wipe;
use super::defect::Defect;
use super::error_body::request_id;
use super::key;
use super::retry::Refused;
use super::target::Target;

/// Converts the answer to the GET of a secret.
pub(super) fn secret(
    target: &Target<'_>,
    source: &Source,
    response: RawResponse,
) -> Result<FetchedObject, Refused> {
    parsed(target, response, |model: Secret| {
        let id = model.resource_id().map_err(|_| Defect::BadIdentifier);
        let id = id.map(|id| (id.name, id.version));
        // First of all, so that a value is never dropped unwiped.
        let value = model
            .value
            .map(SecretBytes::from)
            .ok_or(Defect::Missing("value"))?;
        let version = version(source, id?)?;
        let id = model.id.unwrap_or_default();
        let attributes = model.attributes.unwrap_or_default();
        enabled(attributes.enabled)?;
        let content = SecretContent {
            value,
            content_type: model.content_type,
            backs_certificate: model.kid.is_some(),
        };
        Ok(FetchedObject {
            object: source.object.clone(),
            version,
            id,
            attributes: Attributes {
                created: attributes.created,
                updated: attributes.updated,
                not_before: attributes.not_before,
                expires: attributes.expires,
                tags: sorted(model.tags),
            },
            content: FetchedContent::Secret(content),
        })
    })
}

/// Converts the answer to the GET of a key.
pub(super) fn key(
    target: &Target<'_>,
    source: &Source,
    response: RawResponse,
) -> Result<FetchedObject, Refused> {
    parsed(target, response, |model: Key| {
        let resource = model.resource_id().map_err(|_| Defect::BadIdentifier)?;
        let version = version(source, (resource.name, resource.version))?;
        let attributes = model.attributes.unwrap_or_default();
        enabled(attributes.enabled)?;
        let jwk = model.key.ok_or(Defect::Missing("key"))?;
        let id = jwk.kid.clone().unwrap_or_default();
        let public = key::public(jwk)?;
        Ok(FetchedObject {
            object: source.object.clone(),
            version,
            id,
            attributes: Attributes {
                created: attributes.created,
                updated: attributes.updated,
                not_before: attributes.not_before,
                expires: attributes.expires,
                tags: sorted(model.tags),
            },
            content: FetchedContent::Key(public),
        })
    })
}

/// Parses the JSON of a 200 and converts it. The body is wiped in between.
pub(super) fn parsed<Model: DeserializeOwned, T>(
    target: &Target<'_>,
    response: RawResponse,
    convert: impl FnOnce(Model) -> Result<T, Defect>,
) -> Result<T, Refused> {
    let (_, headers, body) = response.deconstruct();
    let model = serde_json::from_slice(&body).map_err(|error| Defect::of_json(&error));
    wipe(body.into());
    model
        .and_then(convert)
        .map_err(|defect| defect.into_refused(target, request_id(&headers)))
}

/// The version that the answer's identifier names, if it is the one that was asked for. Identifiers are
/// case-insensitive, and their host may differ from the one that was called (private link, custom domain).
fn version(source: &Source, (name, version): (String, Option<String>)) -> Result<VersionId, Defect> {
    if !name.eq_ignore_ascii_case(source.object.name.as_str()) {
        return Err(Defect::OtherObject);
    }
    let version = version
        .as_deref()
        .and_then(version_id)
        .ok_or(Defect::BadIdentifier)?;
    match &source.version {
        VersionSelector::Exact(wanted) if *wanted != version => Err(Defect::OtherVersion),
        VersionSelector::Exact(_) | VersionSelector::Latest => Ok(version),
    }
}

/// A version as an identifier has it, in whichever case; `None` when it is none.
pub(super) fn version_id(text: &str) -> Option<VersionId> {
    VersionId::parse(&text.to_ascii_lowercase()).ok()
}

/// Key Vault refuses to read a disabled secret; keys and some emulators answer 200.
fn enabled(enabled: Option<bool>) -> Result<(), Defect> {
    if enabled == Some(false) {
        Err(Defect::Disabled)
    } else {
        Ok(())
    }
}

pub(super) fn sorted(tags: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().collect()
}
