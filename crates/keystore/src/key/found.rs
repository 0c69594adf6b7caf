//! A private key as a PFX or a PEM text holds it, not parsed yet.

use zeroize::Zeroizing;

/// A private key, not parsed yet.
pub(crate) struct FoundKey {
    /// DER in the syntax below.
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// Which structure the bytes are.
    pub(crate) syntax: KeySyntax,
    /// The PFX attribute that its certificate has too.
    pub(crate) local_key_id: Option<Vec<u8>>,
}

/// Structures of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySyntax {
    /// `PrivateKeyInfo` (RFC 5208), any algorithm.
    Pkcs8,
    /// `RSAPrivateKey` (RFC 8017).
    Pkcs1,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
}
