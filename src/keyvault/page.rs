//! From one page of a list to its items, or to a failure that quotes nothing of it.
//!
//! A page without `value` is no page, and one item that is not of the list makes the whole page malformed: a list that
//! is quietly shorter than the vault's would read as objects that are gone.

use azure_core::http::RawResponse;
use azure_security_keyvault_keys::ResourceExt as _;
use azure_security_keyvault_keys::models::KeyProperties;
use azure_security_keyvault_secrets::ResourceExt as _;
use azure_security_keyvault_secrets::models::SecretProperties;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::domain::listed::{ListedObject, ListedVersion};
use crate::domain::object::{ObjectId, ObjectName};

use super::body;
use super::defect::Defect;
use super::retry::Refused;
use super::target::Target;

/// A page; the SDK's own model takes an answer without `value` for an empty one.
#[derive(Deserialize)]
struct Page<Item> {
    value: Vec<Item>,
}

/// The secrets of a page, of which `read` items came before.
pub(super) fn secrets(
    target: &Target<'_>,
    read: usize,
    response: RawResponse,
) -> Result<Vec<ListedObject>, Refused> {
    body::parsed(target, response, |page: Page<SecretProperties>| {
        all(page, read, Defect::ForeignObject, |item| {
            let id = item.resource_id().ok()?;
            Some(ListedObject {
                name: ObjectName::parse(&id.name).ok()?,
                enabled: is_enabled(item.attributes.and_then(|attributes| attributes.enabled)),
                managed: item.managed.unwrap_or(false),
                tags: body::sorted(item.tags),
            })
        })
    })
}

/// The versions on a page of `secrets/NAME/versions`.
pub(super) fn versions_of_secret(
    target: &Target<'_>,
    object: &ObjectId,
    read: usize,
    response: RawResponse,
) -> Result<Vec<ListedVersion>, Refused> {
    body::parsed(target, response, |page: Page<SecretProperties>| {
        all(page, read, Defect::ForeignVersion, |item| {
            let id = item.resource_id().ok()?;
            let attributes = item.attributes.unwrap_or_default();
            version(
                object,
                (&id.name, id.version?),
                attributes.enabled,
                attributes.created,
            )
        })
    })
}

/// The versions on a page of `keys/NAME/versions`.
pub(super) fn versions_of_key(
    target: &Target<'_>,
    object: &ObjectId,
    read: usize,
    response: RawResponse,
) -> Result<Vec<ListedVersion>, Refused> {
    body::parsed(target, response, |page: Page<KeyProperties>| {
        all(page, read, Defect::ForeignVersion, |item| {
            let id = item.resource_id().ok()?;
            let attributes = item.attributes.unwrap_or_default();
            version(
                object,
                (&id.name, id.version?),
                attributes.enabled,
                attributes.created,
            )
        })
    })
}

fn all<Item, T>(
    page: Page<Item>,
    read: usize,
    defect: fn(usize) -> Defect,
    convert: impl Fn(Item) -> Option<T>,
) -> Result<Vec<T>, Defect> {
    let numbered = page.value.into_iter().zip(read + 1..);
    numbered
        .map(|(item, number)| convert(item).ok_or(defect(number)))
        .collect()
}

/// Identifiers are case-insensitive, and their host may differ from the one that was called.
fn version(
    object: &ObjectId,
    (name, version): (&str, String),
    enabled: Option<bool>,
    created: Option<OffsetDateTime>,
) -> Option<ListedVersion> {
    if !name.eq_ignore_ascii_case(object.name.as_str()) {
        return None;
    }
    Some(ListedVersion {
        version: body::version_id(&version)?,
        enabled: is_enabled(enabled),
        created,
    })
}

/// What has no `enabled` is, as in a GET.
fn is_enabled(enabled: Option<bool>) -> bool {
    enabled != Some(false)
}
