//! What a PFX or a PEM text holds, before anything is known of how its parts belong together.

use zeroize::Zeroizing;

/// Certificates and keys, in the order of the value.
#[derive(Default)]
pub(super) struct Contents {
    /// The certificates.
    pub(super) certificates: Vec<FoundCertificate>,
    /// The private keys.
    pub(super) keys: Vec<FoundKey>,
}

/// A certificate, not parsed yet.
pub(super) struct FoundCertificate {
    /// DER.
    pub(super) der: Vec<u8>,
    /// The PFX attribute that its key has too.
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// A private key, not parsed yet.
pub(super) struct FoundKey {
    /// DER in the syntax below.
    pub(super) der: Zeroizing<Vec<u8>>,
    /// Which structure the bytes are.
    pub(super) syntax: KeySyntax,
    /// The PFX attribute that its certificate has too.
    pub(super) local_key_id: Option<Vec<u8>>,
}

/// Structures of a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeySyntax {
    /// `PrivateKeyInfo` (RFC 5208), any algorithm.
    Pkcs8,
    /// `RSAPrivateKey` (RFC 8017).
    Pkcs1,
    /// `ECPrivateKey` (RFC 5915).
    Sec1,
}
