//! What a vault answered, in our own types.

use std::collections::BTreeMap;

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

/// Public part of a key, numbers as unsigned big-endian bytes (RFC 7518, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA and RSA-HSM.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
    /// EC and EC-HSM.
    Ec {
        /// The curve.
        curve: Curve,
        /// X coordinate, padded to the curve's size.
        x: Vec<u8>,
        /// Y coordinate, padded to the curve's size.
        y: Vec<u8>,
    },
}

/// Curves of Key Vault's EC keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, `prime256v1`.
    P256,
    /// NIST P-384, `secp384r1`.
    P384,
    /// NIST P-521, `secp521r1`.
    P521,
    /// SECG `secp256k1`.
    P256K,
}

impl Curve {
    /// Size of a coordinate, in bytes.
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::P256K => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}
