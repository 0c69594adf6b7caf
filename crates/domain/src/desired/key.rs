//! Forms of a public key.

use serde::{Deserialize, Serialize};

/// Form of a public key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyFormat {
    /// `SubjectPublicKeyInfo` (RFC 5280), PEM.
    #[default]
    Pem,
    /// `SubjectPublicKeyInfo`, DER.
    Der,
    /// JSON Web Key (RFC 7517), public members only.
    Jwk,
    /// One line of an OpenSSH `authorized_keys` or public key file (RFC 4253, section 6.6; RFC 5656, section 3.1).
    Ssh,
}
