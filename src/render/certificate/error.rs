//! Why a value is not a certificate that can be published.

use super::found::Found;
use super::pfx::PfxError;
use crate::encoding::EncodingProblem;
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
    /// It is something that people store in place of a certificate.
    #[error("the value is {found}")]
    OtherForm {
        /// What it is.
        found: Found,
    },
    /// The tag says base64 or hex, and the value is not.
    #[error("the secret has the tag `file-encoding: {encoding}`, and {problem}")]
    FileEncoding {
        /// The encoding of the tag.
        encoding: &'static str,
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

    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pfx(error) => error.hint(),
            Self::Pem(error) => error.hint(),
            Self::OtherForm { found } => found.hint(),
            Self::FileEncoding { .. } => {
                "remove the tag, or store the file again with `az keyvault secret set --file FILE --encoding ENCODING`"
            }
            Self::ExplicitCurve { .. } => {
                "name the curve: `openssl ec -in KEY -param_enc named_curve -out NEWKEY` mends a key; make the certificate \
                 again from the mended key, and import both"
            }
            Self::NotBase64 | Self::NotPem => {
                "set the secret's contentType to what the value is, or remove it: without one the value decides; list the \
                 object under `secrets` if it is not a certificate"
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
