//! What a PFX or a PEM text holds, before anything is known of how its parts belong together.

use crate::key::FoundKey;

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
