//! Why an object could not be made into the files that the manifest asks for.

pub use encoding::EncodingProblem;
use keystore::PasswordProblem;
use keystore::certificate::CertificateError;
use keystore::key::{MalformedPublicKey, OtherAlgorithm};

use super::certificate_words;
use crate::json::JsonProblem;
use domain::desired::JsonPointer;
use domain::failure::{Failure, Reason};
use domain::object::{ObjectId, VersionId};
use domain::path::RelativePath;

/// An object of which no file was rendered. It holds no byte of the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object} version {version} cannot be rendered: {fault}")]
pub struct RenderError {
    /// Which object.
    pub object: ObjectId,
    /// Which version of it.
    pub version: VersionId,
    /// Why.
    pub fault: Box<RenderFault>,
}

/// What stands against rendering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// The manifest lists the object under another kind than the vault answered with.
    #[error("`{path}` wants {wanted}, and the vault answered with {found}")]
    KindMismatch {
        /// The file.
        path: RelativePath,
        /// What its content is made of.
        wanted: &'static str,
        /// What came.
        found: &'static str,
    },
    /// The value is not in the encoding that the manifest declares.
    #[error("`{path}` declares `encoding: {encoding}`, and {problem}")]
    Encoding {
        /// The file.
        path: RelativePath,
        /// The declared encoding.
        encoding: &'static str,
        /// What is wrong with the value.
        problem: EncodingProblem,
    },
    /// The value is not in the encoding that its tag declares.
    #[error("`{path}` follows the tag `file-encoding: {encoding}`, and {problem}")]
    FileEncoding {
        /// The file.
        path: RelativePath,
        /// The encoding of the tag.
        encoding: &'static str,
        /// What is wrong with the value.
        problem: EncodingProblem,
    },
    /// The tag declares an encoding that nobody writes.
    #[error("`{path}` follows the tag `file-encoding`, and `{found}` is not an encoding")]
    UnknownFileEncoding {
        /// The file.
        path: RelativePath,
        /// The start of the tag's value.
        found: String,
    },
    /// The value has no such property.
    #[error("`{path}` wants the property `{property}`, and {problem}")]
    Property {
        /// The file.
        path: RelativePath,
        /// The property.
        property: JsonPointer,
        /// What stands against it.
        problem: JsonProblem,
    },
    /// The value is not a certificate.
    #[error("{}", certificate_words::message(.0))]
    Certificate(CertificateError),
    /// A private key is asked for, and the value has none.
    #[error(
        "`{path}` wants the private key, and the certificate's key is not exportable: the value holds no key"
    )]
    KeyNotExportable {
        /// The file.
        path: RelativePath,
    },
    /// A private key is asked for, and a plain secret, of which no policy says anything, has none.
    #[error("`{path}` wants the private key, and the secret holds a certificate without one")]
    NoPrivateKey {
        /// The file.
        path: RelativePath,
    },
    /// The private key is of another algorithm than its structure is for.
    #[error("`{path}` wants the private key as `{form}`, and it is {found}")]
    KeyForm {
        /// The file.
        path: RelativePath,
        /// The wanted structure, as the manifest writes it.
        form: &'static str,
        /// What the key is.
        found: OtherAlgorithm,
    },
    /// Only PKCS#8 is encrypted.
    #[error("`{path}` wants the private key as `{form}` under a password, and only `pkcs8` has one")]
    EncryptedKeyForm {
        /// The file.
        path: RelativePath,
        /// The wanted structure, as the manifest writes it.
        form: &'static str,
    },
    /// Nothing in the value is an authority.
    #[error(
        "`{path}` wants the certificate of an authority, and the value holds the leaf alone, issued by `{issuer}`"
    )]
    NoAuthority {
        /// The file.
        path: RelativePath,
        /// Who issued the leaf.
        issuer: String,
    },
    /// The password was not handed over: a defect of this program.
    #[error("`{path}` has a password that was not read")]
    PasswordAbsent {
        /// The file.
        path: RelativePath,
    },
    /// The value that should be the password is none.
    #[error("the password of `{path}` {problem}")]
    Password {
        /// The file.
        path: RelativePath,
        /// What is wrong with it.
        problem: PasswordProblem,
    },
    /// OpenSSH has no such keys.
    #[error("`{path}` wants an OpenSSH key, and OpenSSH has none on the curve P-256K (secp256k1)")]
    NoSshForm {
        /// The file.
        path: RelativePath,
    },
    /// The public key's numbers make no key.
    #[error("the vault's public key is not valid: {0}")]
    MalformedKey(MalformedPublicKey),
}

impl From<CertificateError> for RenderFault {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<MalformedPublicKey> for RenderFault {
    fn from(problem: MalformedPublicKey) -> Self {
        Self::MalformedKey(problem)
    }
}

impl RenderFault {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KindMismatch { .. } => {
                "list the object under `secrets`, `certificates` or `keys`, as it is in the vault"
            }
            Self::Encoding {
                encoding: "base64", ..
            } => {
                "store standard base64 with its padding (RFC 4648, section 4), as `base64` writes it, or remove \
                 `encoding`"
            }
            Self::Encoding { .. } => {
                "store an even number of digits 0-9 and a-f, as `xxd -p` writes them, or remove `encoding`"
            }
            Self::FileEncoding { .. } => {
                "set `encoding: utf-8` to write the value as it is, or store the file again with \
                 `az keyvault secret set --file FILE --encoding ENCODING`"
            }
            Self::UnknownFileEncoding { .. } => {
                "set `encoding` to `utf-8`, `base64` or `hex`, which overrides the tag"
            }
            Self::Property {
                problem: JsonProblem::Missing { .. },
                ..
            } => "compare `property` (a JSON pointer, RFC 6901) with the members of the secret's value",
            Self::Property { .. } => "store JSON, or remove `property`",
            Self::Certificate(error) => certificate_words::hint(error),
            Self::KeyNotExportable { .. } => {
                "ask for `leaf`, `fullChain`, `chain` or `der` only, or make a new version under a policy \
                 with `exportable: true`"
            }
            Self::NoPrivateKey { .. } => {
                "store the private key beside the certificate, in the same value, or ask for `leaf`, `fullChain`, `chain` or \
                 `der` only"
            }
            Self::KeyForm { .. } => {
                "ask for `pkcs8`, which takes keys of every algorithm; `pkcs1` is for RSA and `sec1` for EC on a \
                 named curve"
            }
            Self::EncryptedKeyForm { .. } => "ask for `pkcs8`, or remove the password",
            Self::NoAuthority { .. } => {
                "import the certificate again together with its chain, or take the authority's certificate from \
                 another object"
            }
            Self::PasswordAbsent { .. } => "report this as a defect of akv-sync",
            Self::Password { problem, .. } => match problem {
                PasswordProblem::NotText => "store the password as text; key stores take no other bytes",
                PasswordProblem::Nul => "store a password without NUL characters",
                PasswordProblem::NotForJava => {
                    "choose a password of ASCII letters, digits and signs, or `format: jks`"
                }
                PasswordProblem::Empty => "store a password, or remove `passwordFrom`",
            },
            Self::NoSshForm { .. } => "ask for `pem`, `der` or `jwk`, or make a key on P-256",
            Self::MalformedKey(_) => "read the key with `az keyvault key show` and report what it says",
        }
    }
}

impl RenderError {
    /// The next action of the person who reads the error.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::new(Reason::Unrenderable, error.to_string(), error.hint()).caused_by(error)
    }
}
