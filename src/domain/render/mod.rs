//! From a fetched object to the bytes of its files. `docs/rendering.md` shows the exact bytes of each content.
//!
//! Either all files of an object are rendered or none, so that a certificate never stands beside another version's key.

mod certificate;
mod error;
mod key;
mod metadata;
mod pem;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use self::certificate::CertificateFiles;
pub use self::error::{EncodingProblem, RenderError, RenderFault};
use super::desired::{Content, FileSpec, PasswordSource};
use super::fetched::{FetchedContent, FetchedObject};
use super::path::RelativePath;
use super::payload::Validity;
use super::secret::SecretBytes;

/// The files of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Path and bytes, in the order of the specification.
    pub files: Vec<(RelativePath, SecretBytes)>,
    /// What a person should know although everything was rendered.
    pub notices: Vec<Notice>,
    /// When the object is valid: what the certificate says if one was read, else its attributes.
    pub validity: Validity,
}

/// Something odd about an object that was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The value holds neither the issuer of the last certificate of the chain nor a root.
    MissingIssuer {
        /// The missing issuer's name.
        subject: String,
        /// How many intermediates the value does hold.
        intermediates: usize,
    },
    /// Certificates of the value that are not on the way from the leaf to its root, and were not written.
    UnrelatedCertificates {
        /// How many.
        count: usize,
    },
}

impl Notice {
    /// Whether clients are likely to refuse the chain.
    ///
    /// A chain with intermediates that ends without its root is the common way to store one; a leaf alone that is not
    /// self-signed lacks at least one intermediate, unless a root issued it.
    pub const fn is_warning(&self) -> bool {
        matches!(self, Self::MissingIssuer { intermediates: 0, .. })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingIssuer {
                subject,
                intermediates: 0,
            } => {
                write!(
                    f,
                    "the value does not hold the certificate of the leaf's issuer, `{subject}`"
                )
            }
            Self::MissingIssuer {
                subject,
                intermediates,
            } => {
                write!(
                    f,
                    "the chain ends after {intermediates} intermediate(s), before `{subject}`"
                )
            }
            Self::UnrelatedCertificates { count } => {
                write!(
                    f,
                    "{count} certificate(s) of the value do not belong to the leaf's chain and were left out"
                )
            }
        }
    }
}

/// Passwords of key stores, by where they come from.
pub type Passwords = BTreeMap<PasswordSource, SecretBytes>;

/// Takes the files that the manifest asks of an object, what the vault answered, and the password of each file that
/// has one; gives all files, or why there are none.
pub fn render_object(
    specs: &[FileSpec],
    object: &FetchedObject,
    passwords: &Passwords,
) -> Result<Rendered, RenderError> {
    files(specs, object, passwords).map_err(|fault| RenderError {
        object: object.object.clone(),
        version: object.version.clone(),
        fault: Box::new(fault),
    })
}

fn files(specs: &[FileSpec], object: &FetchedObject, passwords: &Passwords) -> Result<Rendered, RenderFault> {
    let content = &object.content;
    let mut files = Vec::with_capacity(specs.len());
    // Decoded at the first file that needs it, for all.
    let mut certificate = None;
    for FileSpec {
        path,
        content: wanted,
        ..
    } in specs
    {
        let bytes = match (wanted, content) {
            (Content::Secret(form), FetchedContent::Secret(secret)) => {
                secret::render(form, &secret.value, &object.attributes.tags, path)?
            }
            (Content::Certificate(part), FetchedContent::Secret(secret)) => {
                let certificate = match &mut certificate {
                    Some(certificate) => certificate,
                    none => none.insert(CertificateFiles::read(secret)?),
                };
                certificate.render(part, path, passwords)?
            }
            (Content::Key(format), FetchedContent::Key(key)) => {
                key::render(*format, key, &object.object.name, path)?
            }
            (Content::Metadata, _) => metadata::render(object),
            (wanted, found) => return Err(kind_mismatch(path, wanted, found)),
        };
        files.push((path.clone(), bytes));
    }
    Ok(Rendered {
        files,
        validity: certificate
            .as_ref()
            .map_or_else(|| Validity::of(object), CertificateFiles::validity),
        notices: certificate.map_or_else(Vec::new, CertificateFiles::into_notices),
    })
}

fn kind_mismatch(path: &RelativePath, wanted: &Content, found: &FetchedContent) -> RenderFault {
    RenderFault::KindMismatch {
        path: path.clone(),
        wanted: match wanted {
            Content::Secret(_) => "a secret",
            Content::Certificate(_) => "the secret behind a certificate",
            Content::Key(_) => "a public key",
            Content::Metadata => "the attributes of a version",
            Content::Template(_) => "several objects",
        },
        found: match found {
            FetchedContent::Secret(_) => "a secret",
            FetchedContent::Key(_) => "a public key",
        },
    }
}
