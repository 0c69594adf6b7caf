//! What a vault answered, in our own types.

use std::collections::BTreeMap;

pub use keystore::key::{Curve, PublicKey};
use time::OffsetDateTime;

use super::object::{ObjectId, VersionId};
use super::secret::SecretBytes;

/// One version of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedObject {
    /// Which object.
    pub object: ObjectId,
    /// Which version of it.
    pub version: VersionId,
    /// Its identifier, as Key Vault gave it: `https://HOST/secrets/NAME/VERSION`.
    pub id: String,
    /// What Key Vault says of it.
    pub attributes: Attributes,
    /// The object itself.
    pub content: FetchedContent,
}

/// Attributes and tags of a version. Times are UTC, in whole seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// When the version was made.
    pub created: Option<OffsetDateTime>,
    /// When it was last changed.
    pub updated: Option<OffsetDateTime>,
    /// `nbf`; informational.
    pub not_before: Option<OffsetDateTime>,
    /// `exp`; informational.
    pub expires: Option<OffsetDateTime>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// The object itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedContent {
    /// A secret, or the secret behind a certificate.
    Secret(SecretContent),
    /// The public part of a key.
    Key(PublicKey),
}

/// A secret's value and what describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretContent {
    /// The value, as Key Vault holds it: UTF-8 text.
    pub value: SecretBytes,
    /// `contentType`, free text unless the secret belongs to a certificate.
    pub content_type: Option<String>,
    /// Whether the secret belongs to a certificate (it carries a `kid`).
    pub backs_certificate: bool,
}
