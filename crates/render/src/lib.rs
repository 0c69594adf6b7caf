//! From fetched objects to the bytes of files, without I/O. `docs/rendering.md` shows the exact bytes of each content.
//!
//! Either all files of an object are rendered or none, so that a certificate never stands beside another version's key.

mod certificate_files;
mod certificate_words;
pub mod entry;
mod error;
pub mod json;
mod key;
mod metadata;
mod secret;
pub mod template;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use keystore::certificate::Form;

use self::certificate_files::CertificateFiles;
pub use self::error::{EncodingProblem, RenderError, RenderFault};
use domain::desired::{Content, FileSpec, PasswordSource, SecretEncoding, SecretForm};
use domain::fetched::{FetchedContent, FetchedObject, SecretContent};
use domain::notice::Notice;
use domain::path::RelativePath;
use domain::secret::SecretBytes;
use domain::validity::Validity;

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
    let mut notices = Vec::new();
    for FileSpec {
        path,
        content: wanted,
        ..
    } in specs
    {
        let bytes = match (wanted, content) {
            (Content::Secret(form), FetchedContent::Secret(secret)) => {
                if is_pfx_as_it_is(form, secret) && notices.is_empty() {
                    notices.push(Notice::PfxAsText {
                        name: object.object.name.clone(),
                        path: path.clone(),
                    });
                }
                secret::render(form, &secret.value, &object.attributes.tags, path)?
            }
            (Content::Certificate(part), FetchedContent::Secret(secret)) => {
                let certificate = match &mut certificate {
                    Some(certificate) => certificate,
                    none => none.insert(CertificateFiles::read(secret, &object.attributes.tags)?),
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
        notices: {
            notices.extend(certificate.into_iter().flat_map(CertificateFiles::into_notices));
            notices
        },
    })
}

/// Whether the base64 text of a certificate's PFX is written, which no program opens.
fn is_pfx_as_it_is(form: &SecretForm, secret: &SecretContent) -> bool {
    let is_decoded = !matches!(form.encoding, None | Some(SecretEncoding::Utf8));
    is_pfx_of_certificate(secret) && !is_decoded
}

/// Whether a secret is that of a certificate, and a PFX; `kid` and `contentType` say so.
fn is_pfx_of_certificate(secret: &SecretContent) -> bool {
    let form = secret.content_type.as_deref().and_then(Form::of_media_type);
    secret.backs_certificate && form == Some(Form::Pfx)
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
