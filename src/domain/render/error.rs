//! Why an object could not be made into the files that the manifest asks for.

use crate::domain::certificate::CertificateError;
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::{ObjectId, VersionId};
use crate::domain::path::RelativePath;

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
    /// The value is not a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A private key is asked for, and the value has none.
    #[error(
        "`{path}` wants the private key, and the certificate's key is not exportable: the value holds no key"
    )]
    KeyNotExportable {
        /// The file.
        path: RelativePath,
    },
    /// The public key's numbers make no key.
    #[error("the vault's public key is not valid: {member} is {problem}")]
    MalformedKey {
        /// Its JWK member: `n`, `e`, `x` or `y`.
        member: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// What is wrong with the text of an encoded value. Positions are given, characters never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingProblem {
    /// A character that the alphabet does not have.
    #[error("character {position} of {len} is not of its alphabet")]
    Character {
        /// Which, in bytes from 1.
        position: usize,
        /// How many there are.
        len: usize,
    },
    /// Characters are missing or too many.
    #[error("a value of {len} characters has not a valid length")]
    Length {
        /// How many there are.
        len: usize,
    },
    /// Missing or misplaced `=`.
    #[error("its padding with `=` is missing or wrong")]
    Padding,
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
                "store padded standard base64 (RFC 4648, section 4) without line breaks \
                 (`base64 -w0`), or remove `encoding`"
            }
            Self::Encoding { .. } => {
                "store an even number of digits 0-9, a-f and nothing else, or remove `encoding`"
            }
            Self::Certificate(error) => error.hint(),
            Self::KeyNotExportable { .. } => {
                "ask for `leaf`, `fullChain`, `chain` or `der` only, or make a new version under a policy \
                 with `exportable: true`"
            }
            Self::MalformedKey { .. } => "read the key with `az keyvault key show` and report what it says",
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
        Self {
            reason: Reason::Unrenderable,
            detail: error.to_string(),
            hint: error.hint().to_owned(),
            retry_after: None,
        }
    }
}
