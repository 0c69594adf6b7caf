//! What Key Vault says of a version, as JSON, without its value.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use domain::fetched::{FetchedContent, FetchedObject};
use domain::object::ObjectKind;
use domain::secret::SecretBytes;

/// The file, with its members in the order in which they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    id: &'a str,
    name: &'a str,
    kind: ObjectKind,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    attributes: Times,
    tags: &'a BTreeMap<String, String>,
}

/// RFC 3339, UTC; what Key Vault does not say is left out, and so is what has no such form (years before 0).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// Gives the bytes of the file.
pub(super) fn render(object: &FetchedObject) -> SecretBytes {
    let attributes = &object.attributes;
    let metadata = Metadata {
        id: &object.id,
        name: object.object.name.as_str(),
        kind: object.object.kind,
        version: object.version.as_str(),
        content_type: match &object.content {
            FetchedContent::Secret(secret) => secret.content_type.as_deref(),
            FetchedContent::Key(_) => None,
        },
        attributes: Times {
            created: text(attributes.created),
            updated: text(attributes.updated),
            not_before: text(attributes.not_before),
            expires: text(attributes.expires),
        },
        tags: &attributes.tags,
    };
    let json = serde_json::to_string_pretty(&metadata);
    let json = json.expect("texts have a JSON form");
    (json + "\n").into()
}

fn text(time: Option<OffsetDateTime>) -> Option<String> {
    time?.format(&Rfc3339).ok()
}
