//! What the provider writes for an object, and which part of the manifest writes the same.
//!
//! | Input | `objectFormat` | `objectEncoding` | The provider writes |
//! |---|---|---|---|
//! | plain secret | any | none, `utf-8` | the value |
//! | plain secret | any | `base64`, `hex` | the value decoded |
//! | secret of a certificate | `pem`, none | none, `utf-8` | PKCS#8 key, then the chain from the leaf to the root, PEM |
//! | secret of a certificate | `pfx` | none, `utf-8` | the base64 text of the PFX |
//! | secret of a certificate | `pfx` | `base64` | the PFX, with an empty password |
//! | cert | | | the leaf, PEM |
//! | key | | | the public key, PEM |
//!
//! Whether a secret is that of a certificate is known to the vault only; here it has to be guessed from the rest.

use super::object::{Format, KeyVaultObject, Kind};
use crate::draft::{CertificatePart, Part};
use crate::note::quoted;
use domain::desired::{BundleOrder, SecretEncoding};

/// A part of the manifest, and what it rests on.
pub(super) struct Content {
    pub(super) part: Part,
    pub(super) assumption: Option<String>,
    /// Nothing tells whether it is the secret of a certificate.
    pub(super) undecided: bool,
}

impl Content {
    fn sure(part: Part) -> Self {
        Self {
            part,
            assumption: None,
            undecided: false,
        }
    }

    fn assumed(part: Part, assumption: impl Into<String>) -> Self {
        Self {
            assumption: Some(assumption.into()),
            ..Self::sure(part)
        }
    }
}

/// What else the class says of an object's name.
pub(super) struct Hints {
    /// It is fetched as a certificate as well.
    pub(super) is_cert_too: bool,
    /// A Kubernetes TLS secret is made of its file.
    pub(super) is_tls: bool,
}

/// What an object gives; why it gives nothing otherwise.
pub(super) fn content(object: &KeyVaultObject, kind: Kind, hints: &Hints) -> Result<Content, String> {
    match kind {
        Kind::Secret => secret(object.format()?, object.text("objectEncoding"), hints),
        Kind::Cert => {
            refuse_pfx(object).map(|()| Content::sure(Part::PublicCertificate(CertificatePart::Leaf)))
        }
        Kind::Key => refuse_pfx(object).map(|()| Content::sure(Part::KeyPem)),
    }
}

/// The parameter that has no effect for a certificate or a key, and makes the provider fail.
pub(super) fn ignored_encoding(object: &KeyVaultObject, kind: Kind) -> bool {
    kind != Kind::Secret && object.text("objectEncoding").is_some()
}

fn refuse_pfx(object: &KeyVaultObject) -> Result<(), String> {
    match object.format()? {
        Some(Format::Pfx) => {
            Err("the provider refuses `objectFormat: pfx` for anything but secrets".to_owned())
        }
        _ => Ok(()),
    }
}

fn secret(format: Option<Format>, encoding: Option<&str>, hints: &Hints) -> Result<Content, String> {
    let decoding = match encoding {
        None => None,
        Some(text) if text.eq_ignore_ascii_case("utf-8") => None,
        Some(text) if text.eq_ignore_ascii_case("base64") => Some(SecretEncoding::Base64),
        Some(text) if text.eq_ignore_ascii_case("hex") => Some(SecretEncoding::Hex),
        Some(text) => {
            return Err(format!(
                "its objectEncoding is {}, none of `utf-8`, `base64` and `hex`",
                quoted(text)
            ));
        }
    };
    let bundle = Part::Certificate(CertificatePart::Bundle(BundleOrder::KeyFirst));
    Ok(match (format, decoding) {
        (Some(Format::Pfx), Some(SecretEncoding::Base64)) => Content::assumed(
            Part::Certificate(CertificatePart::Pkcs12),
            "taken as a certificate; the PFX is written anew, with modern encryption and an empty password. For the \
             bytes that the vault holds, list it under `secrets` with `encoding: base64`",
        ),
        (_, Some(decoding)) => Content::sure(value(decoding)),
        (Some(Format::Pfx), None) => Content::assumed(
            value(SecretEncoding::Utf8),
            "a PFX without `objectEncoding: base64` is its base64 text, as before; `content: pkcs12` under \
             `certificates` writes a file that programs can open",
        ),
        (Some(Format::Pem), None) => Content::assumed(
            bundle,
            "taken as a certificate, because `objectFormat: pem` is set",
        ),
        (None, None) if hints.is_cert_too => Content::assumed(
            bundle,
            "taken as a certificate, because the class has a `cert` of this name",
        ),
        (None, None) if hints.is_tls => Content::assumed(
            bundle,
            "taken as a certificate, because a Kubernetes TLS secret is made of it",
        ),
        (None, None) => Content {
            undecided: true,
            ..Content::sure(value(SecretEncoding::Utf8))
        },
    })
}

/// The encoding is always written out: unlike the provider, akv-sync would heed the tag `file-encoding` without it.
const fn value(encoding: SecretEncoding) -> Part {
    Part::Secret {
        encoding: Some(encoding),
        trim: false,
    }
}
