//! From a vault's 200 to a [`FetchedObject`], or to a failure that quotes nothing of it.

use std::collections::{BTreeMap, HashMap};

use azure_core::http::RawResponse;
use azure_security_keyvault_keys::ResourceExt as _;
use azure_security_keyvault_keys::models::Key;
use azure_security_keyvault_secrets::ResourceExt as _;
use azure_security_keyvault_secrets::models::Secret;
use serde::de::DeserializeOwned;

use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::domain::object::{VersionId, VersionSelector};
use crate::domain::secret::SecretBytes;

use super::answer::wipe;
use super::error_body::request_id;
use super::hint;
use super::key;
use super::retry::{Again, Refused};
use super::target::Target;

/// What is wrong with an answer. The words are ours; no byte of the answer is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Defect {
    #[error("the answer ends within its JSON")]
    CutShort,
    #[error("the answer is not the JSON that Key Vault answers")]
    NotTheModel,
    #[error("the answer has no {0}")]
    Missing(&'static str),
    #[error("the answer's identifier is not that of a version of an object")]
    BadIdentifier,
    #[error("the answer is another object's")]
    OtherObject,
    #[error("the answer is another version's")]
    OtherVersion,
    #[error("the version is not enabled")]
    Disabled,
    #[error("the key's {0} is not a number of the size of its type")]
    BadNumber(&'static str),
    #[error("the key is symmetric (oct) and has no public part")]
    NoPublicPart,
    #[error("the key's type or curve is not one that can be written")]
    UnknownKey,
}

/// Converts the answer to the GET of a secret.
pub(super) fn secret(target: &Target<'_>, response: RawResponse) -> Result<FetchedObject, Refused> {
    convert(target, response, |model: Secret| {
        let id = model.resource_id().map_err(|_| Defect::BadIdentifier);
        let id = id.map(|id| (id.name, id.version));
        // First of all, so that a value is never dropped unwiped.
        let value = model
            .value
            .map(SecretBytes::from)
            .ok_or(Defect::Missing("value"))?;
        let version = version(target, id?)?;
        let attributes = model.attributes.unwrap_or_default();
        enabled(attributes.enabled)?;
        let content = SecretContent {
            value,
            content_type: model.content_type,
            backs_certificate: model.kid.is_some(),
        };
        Ok(FetchedObject {
            object: target.source.object.clone(),
            version,
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
pub(super) fn key(target: &Target<'_>, response: RawResponse) -> Result<FetchedObject, Refused> {
    convert(target, response, |model: Key| {
        let id = model.resource_id().map_err(|_| Defect::BadIdentifier)?;
        let version = version(target, (id.name, id.version))?;
        let attributes = model.attributes.unwrap_or_default();
        enabled(attributes.enabled)?;
        let public = key::public(model.key.ok_or(Defect::Missing("key"))?)?;
        Ok(FetchedObject {
            object: target.source.object.clone(),
            version,
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

fn convert<Model: DeserializeOwned>(
    target: &Target<'_>,
    response: RawResponse,
    into_object: impl FnOnce(Model) -> Result<FetchedObject, Defect>,
) -> Result<FetchedObject, Refused> {
    let (_, headers, body) = response.deconstruct();
    let model = serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => Defect::CutShort,
        _ => Defect::NotTheModel,
    });
    wipe(body.into());
    model
        .and_then(into_object)
        .map_err(|defect| defect.into_refused(target, request_id(&headers)))
}

/// The version that the answer's identifier names, if it is the one that was asked for. Identifiers are
/// case-insensitive, and their host may differ from the one that was called (private link, custom domain).
fn version(target: &Target<'_>, (name, version): (String, Option<String>)) -> Result<VersionId, Defect> {
    if !name.eq_ignore_ascii_case(target.source.object.name.as_str()) {
        return Err(Defect::OtherObject);
    }
    let version = version.ok_or(Defect::BadIdentifier)?.to_ascii_lowercase();
    let version = VersionId::parse(&version).map_err(|_| Defect::BadIdentifier)?;
    match &target.source.version {
        VersionSelector::Exact(wanted) if *wanted != version => Err(Defect::OtherVersion),
        VersionSelector::Exact(_) | VersionSelector::Latest => Ok(version),
    }
}

/// Key Vault refuses to read a disabled secret; keys and some emulators answer 200.
fn enabled(enabled: Option<bool>) -> Result<(), Defect> {
    if enabled == Some(false) {
        Err(Defect::Disabled)
    } else {
        Ok(())
    }
}

fn sorted(tags: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().collect()
}

impl Defect {
    fn into_refused(self, target: &Target<'_>, request: Option<String>) -> Refused {
        let (reason, hint, again) = match self {
            Self::CutShort => (Reason::Unavailable, hint::CUT_SHORT, Again::Soon),
            Self::Disabled => (Reason::Disabled, hint::disabled(target), Again::No),
            Self::NoPublicPart => (Reason::Unrenderable, hint::NO_PUBLIC_PART, Again::No),
            Self::UnknownKey => (Reason::Unrenderable, hint::UNKNOWN_KEY, Again::No),
            Self::NotTheModel
            | Self::Missing(_)
            | Self::BadIdentifier
            | Self::OtherObject
            | Self::OtherVersion
            | Self::BadNumber(_) => (Reason::Malformed, hint::NOT_KEY_VAULT, Again::No),
        };
        let request = request.map(|id| format!("; request id {id}")).unwrap_or_default();
        let failure = Failure {
            reason,
            detail: format!("{target}: {self}{request}"),
            hint: hint.to_owned(),
            retry_after: None,
        };
        Refused { failure, again }
    }
}
