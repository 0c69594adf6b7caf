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
use crate::domain::object::{Source, VersionId, VersionSelector};
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
    #[error("the key is symmetric ({0}) and has no public part")]
    NoPublicPart(&'static str),
    #[error("item {0} of the list is not an object of this collection")]
    ForeignObject(usize),
    #[error("item {0} of the list is not a version of this object")]
    ForeignVersion(usize),
    #[error("the key's type or curve is not one that can be written")]
    UnknownKey,
}

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

impl Defect {
    /// What a parser's error means. Its words may quote the answer, so only its sort is taken.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        match error.classify() {
            serde_json::error::Category::Eof => Self::CutShort,
            _ => Self::NotTheModel,
        }
    }

    /// As the failure of the request for `target`.
    pub(super) fn into_refused(self, target: &Target<'_>, request: Option<String>) -> Refused {
        let (reason, hint, again) = match self {
            Self::CutShort => (Reason::Unavailable, hint::CUT_SHORT, Again::Soon),
            Self::Disabled => (Reason::Disabled, hint::disabled(target), Again::No),
            Self::NoPublicPart(_) => (Reason::Unrenderable, hint::NO_PUBLIC_PART, Again::No),
            Self::UnknownKey => (Reason::Unrenderable, hint::UNKNOWN_KEY, Again::No),
            Self::NotTheModel
            | Self::Missing(_)
            | Self::BadIdentifier
            | Self::OtherObject
            | Self::OtherVersion
            | Self::ForeignObject(_)
            | Self::ForeignVersion(_)
            | Self::BadNumber(_) => (Reason::Malformed, hint::NOT_KEY_VAULT, Again::No),
        };
        let request = request.map(|id| format!("; request id {id}")).unwrap_or_default();
        let detail = format!("{target}: {self}{request}");
        let failure = Failure::new(reason, detail, hint).caused_by(self);
        Refused { failure, again }
    }
}
