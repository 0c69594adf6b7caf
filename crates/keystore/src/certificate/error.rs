//! Why a value is not a certificate that can be published.

use encoding::pem::PemError;
use encoding::{EncodingProblem, TextEncoding};

use super::found::Found;
use super::pfx::PfxError;

/// Why a value is not a certificate that can be published. No variant holds a byte of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is declared as a PFX, and is no base64.
    #[error("the value is declared as a PFX, and is not the base64 text of one")]
    NotBase64,
    /// It is declared as PEM text, and there is no PEM block.
    #[error("the value is declared as PEM text, and has no PEM block")]
    NotPem,
    /// Nothing says what it is, and it looks like neither.
    #[error("the value is neither PEM text nor the base64 text of a PFX, and is declared as neither")]
    UnknownFormat,
    /// It is something that people store in place of a certificate.
    #[error("the value is {found}")]
    OtherForm {
        /// What it is.
        found: Found,
    },
    /// It is said to be base64 or hexadecimal text of something, and is not.
    #[error("the value is declared as {encoding} text, and {problem}")]
    TextEncoding {
        /// What it is said to be.
        encoding: TextEncoding,
        /// What is wrong with the value.
        problem: EncodingProblem,
    },
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
    /// Parameters of a curve in place of its name (RFC 5480, section 2.1.1, forbids them).
    #[error("{part} {number} of {of} has explicit EC parameters in place of the name of its curve")]
    ExplicitCurve {
        /// What it is.
        part: &'static str,
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
    /// Whether the value as a whole is not what it should be, so that what it is says more.
    pub(super) fn is_of_form(&self) -> bool {
        matches!(
            self,
            Self::NotBase64
                | Self::NotPem
                | Self::UnknownFormat
                | Self::Pfx(PfxError::Malformed { .. } | PfxError::TooDeep { .. })
        )
    }
}
