//! Why a value is not a certificate that can be published.

use super::pfx::PfxError;
use crate::encoding::pem::PemError;

/// Why a value is not a certificate that can be published. No variant holds a byte of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// `contentType` says PFX, and the value is no base64.
    #[error("contentType is `application/x-pkcs12`, and the value is not the base64 text of a PFX")]
    NotBase64,
    /// `contentType` says PEM, and there is no PEM block.
    #[error("contentType is `application/x-pem-file`, and the value has no PEM block")]
    NotPem,
    /// Nothing says what it is, and it looks like neither.
    #[error(
        "the value is neither PEM text nor the base64 text of a PFX, and contentType does not name one of them"
    )]
    UnknownFormat,
    /// It says PFX and is none.
    #[error(transparent)]
    Pfx(#[from] PfxError),
    /// It says PEM and is none.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Nothing to publish.
    #[error("the value holds {keys} private keys and no certificate")]
    NoCertificate {
        /// How many keys it holds.
        keys: usize,
    },
    /// More than any chain has.
    #[error("the value holds {found} certificates, more than {limit}")]
    TooManyCertificates {
        /// How many it holds.
        found: usize,
        /// How many are read.
        limit: usize,
    },
    /// One cannot be parsed.
    #[error("certificate {number} of {of} is not a valid X.509 certificate")]
    MalformedCertificate {
        /// Which, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// A key cannot be parsed.
    #[error(
        "private key {number} of {of} is damaged, or of a form that is not supported (named curves, two-prime RSA)"
    )]
    MalformedKey {
        /// Which, from 1.
        number: usize,
        /// How many there are.
        of: usize,
    },
    /// The keys belong to other certificates.
    #[error("none of the {keys} private keys in the value belongs to one of its {certificates} certificates")]
    KeyWithoutCertificate {
        /// How many keys.
        keys: usize,
        /// How many certificates.
        certificates: usize,
    },
    /// Several could be the leaf, and no key tells.
    #[error(
        "the value holds {certificates} certificates and no private key, and more than one could be the leaf"
    )]
    LeafUnclear {
        /// How many certificates.
        certificates: usize,
    },
}

impl CertificateError {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pfx(error) => error.hint(),
            Self::Pem(error) => error.hint(),
            Self::NotBase64 | Self::NotPem => {
                "set the secret's contentType to what the value is, or remove it: without one the value decides"
            }
            Self::UnknownFormat => "list the object under `secrets` if it is not a certificate",
            Self::NoCertificate { .. } => "store the certificate beside its key, in the same value",
            Self::TooManyCertificates { .. } => "store the certificate with its own chain only",
            Self::MalformedCertificate { .. } | Self::MalformedKey { .. } => {
                "check the value with `openssl pkcs12 -info` or `openssl x509 -text`, and import it again"
            }
            Self::KeyWithoutCertificate { .. } => {
                "import the certificate together with the key that it was made for"
            }
            Self::LeafUnclear { .. } => "import the certificate again without the other certificates",
        }
    }
}
