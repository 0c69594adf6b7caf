//! From a value with a certificate, PFX or PEM, to its parts: private key, leaf, intermediates in order.
//!
//! What is given out belongs together: the leaf has the public half of the key, and each certificate of the chain
//! issued the one before it.

mod chain;
mod contents;
mod error;
mod found;
mod leaf;
mod pem;
mod pfx;
#[cfg(test)]
mod tests;
mod x509;

use encoding::{SecretBytes, TextEncoding};
use time::OffsetDateTime;

use self::contents::Contents;
pub use self::error::CertificateError;
pub use self::found::Found;
pub use self::pfx::PfxError;
use self::x509::Certificate;
use crate::key::{self, PrivateKey};

/// Most certificates that one value may hold; chains have two to five.
const MAX_CERTIFICATES: usize = 32;

const PFX_TYPE: &str = "application/x-pkcs12";
const PEM_TYPE: &str = "application/x-pem-file";

/// A certificate with what the same value says of it.
pub struct IssuedCertificate {
    /// The certificate itself, DER.
    pub leaf: Vec<u8>,
    /// Its issuers, nearest first, without the root, DER.
    pub intermediates: Vec<Vec<u8>>,
    /// The self-signed certificate in which the chain ends, DER, if the value holds it; never the leaf itself.
    pub root: Option<Vec<u8>>,
    /// From when the leaf is valid; whole seconds, UTC.
    pub not_before: OffsetDateTime,
    /// The last second in which the leaf is valid.
    pub not_after: OffsetDateTime,
    /// From when the certificate at the top of the chain is valid, see [`IssuedCertificate::authority`].
    pub top_not_before: OffsetDateTime,
    /// Its private key, `PrivateKeyInfo` (RFC 5208) in DER; `None` when the key is not exportable.
    pub private_key: Option<SecretBytes>,
    /// Whether the leaf is the certificate of an authority.
    pub leaf_is_authority: bool,
    /// The name of the issuer at which the value's chain ends without a root, as the certificate has it: not made fit for a
    /// log or a terminal.
    pub missing_issuer: Option<String>,
    /// How many certificates of the value are not on the way from the leaf to its root.
    pub left_out: usize,
}

impl IssuedCertificate {
    /// The certificate at the top of the chain, DER: the root if the value holds it, else the last intermediate, else the
    /// leaf if it is self-signed. `None` for a leaf whose issuers are all missing.
    pub fn authority(&self) -> Option<&[u8]> {
        let leaf = self.missing_issuer.is_none().then_some(&self.leaf);
        let top = self.root.as_ref().or(self.intermediates.last()).or(leaf);
        top.map(Vec::as_slice)
    }
}

/// What a value with a certificate is declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The base64 text of a PFX, or its bytes.
    Pfx,
    /// PEM text.
    Pem,
}

impl Form {
    /// The form of a media type, its parameters aside: `application/x-pkcs12` or `application/x-pem-file`.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let name = media_type.split(';').next().unwrap_or_default().trim();
        let all = [(PFX_TYPE, Self::Pfx), (PEM_TYPE, Self::Pem)];
        let known = all
            .into_iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map(|(_, form)| form)
    }
}

/// Takes a value that holds a certificate, and what it is declared as.
pub fn read(value: &[u8], form: Option<Form>) -> Result<IssuedCertificate, CertificateError> {
    read_encoded(value, form, None)
}

/// The same of a value that may be declared as the text of a file in this encoding. PEM text is read as it is.
pub fn read_encoded(
    value: &[u8],
    form: Option<Form>,
    file_encoding: Option<TextEncoding>,
) -> Result<IssuedCertificate, CertificateError> {
    let contents = open(value, form, file_encoding)?;
    let keys = keys(&contents)?;
    let (certificates, local_key_ids) = distinct_certificates(&contents, keys.len())?;
    let (leaf, key) = leaf::choose(&certificates, &local_key_ids, &keys)?;
    let chain = chain::build(&certificates, leaf);

    let last = &certificates[chain.intermediates.last().copied().unwrap_or(leaf)];
    let ends_in_root = chain.root.is_some() || last.is_self_signed();
    let on_the_way = 1 + chain.intermediates.len() + usize::from(chain.root.is_some());
    let (not_before, not_after) = certificates[leaf].validity();
    let der = |index: usize| certificates[index].der().to_vec();
    Ok(IssuedCertificate {
        leaf: der(leaf),
        intermediates: chain.intermediates.iter().copied().map(der).collect(),
        root: chain.root.map(der),
        not_before,
        not_after,
        top_not_before: chain.root.map_or(last, |root| &certificates[root]).validity().0,
        private_key: key.map(|index| SecretBytes::new(keys[index].pkcs8().to_vec())),
        leaf_is_authority: certificates[leaf].is_authority(),
        missing_issuer: (!ends_in_root).then(|| last.issuer_text().to_owned()),
        left_out: certificates.len() - on_the_way,
    })
}

/// What is declared decides; without it, the value does. What was stored in another form is named.
fn open(
    value: &[u8],
    form: Option<Form>,
    file_encoding: Option<TextEncoding>,
) -> Result<Contents, CertificateError> {
    if form != Some(Form::Pfx) && encoding::pem::is_pem(value) {
        return of_pem(value);
    }
    let decoded = match file_encoding {
        None => None,
        Some(encoding) => {
            let decoded = encoding.decode(value);
            Some(decoded.map_err(|problem| CertificateError::TextEncoding { encoding, problem })?)
        }
    };
    let value = decoded.as_ref().map_or(value, SecretBytes::expose);
    open_decoded(value, form).map_err(|error| match found::of(value) {
        Some(found) if error.is_of_form() => CertificateError::OtherForm { found },
        _ => error,
    })
}

/// Takes a value that was decoded as declared: text, or the bytes of a PFX.
fn open_decoded(value: &[u8], form: Option<Form>) -> Result<Contents, CertificateError> {
    if found::is_sequence(value)
        && let Ok(contents) = pfx::open(value)
    {
        return Ok(contents);
    }
    if form == Some(Form::Pfx) {
        let bytes = encoding::base64(value).ok();
        // Many a word is base64 too, of bytes that begin as no PFX does.
        let bytes = bytes.filter(|bytes| found::is_sequence(bytes.expose()));
        return Ok(pfx::open(bytes.ok_or(CertificateError::NotBase64)?.expose())?);
    }
    if encoding::pem::is_pem(value) {
        return of_pem(value);
    }
    if form == Some(Form::Pem) {
        return Err(CertificateError::NotPem);
    }
    match encoding::base64(value) {
        Ok(bytes) if found::is_sequence(bytes.expose()) => Ok(pfx::open(bytes.expose())?),
        _ => Err(CertificateError::UnknownFormat),
    }
}

/// Takes a PEM text. One that holds a request or a public key alone is named.
fn of_pem(text: &[u8]) -> Result<Contents, CertificateError> {
    let contents = pem::read(text)?;
    if contents.certificates.is_empty()
        && contents.keys.is_empty()
        && let Some(found) = found::of_pem(text)
    {
        return Err(CertificateError::OtherForm { found });
    }
    Ok(contents)
}

fn keys(contents: &Contents) -> Result<Vec<PrivateKey>, CertificateError> {
    let of = contents.keys.len();
    let parsed = contents.keys.iter().enumerate().map(|(index, found)| {
        let number = index + 1;
        PrivateKey::parse(found).map_err(|_| {
            if key::has_explicit_curve(found) {
                let part = "private key";
                CertificateError::ExplicitCurve { part, number, of }
            } else {
                CertificateError::MalformedKey { number, of }
            }
        })
    });
    parsed.collect()
}

type Certificates = (Vec<Certificate>, Vec<Option<Vec<u8>>>);

fn distinct_certificates(contents: &Contents, keys: usize) -> Result<Certificates, CertificateError> {
    let found = &contents.certificates;
    if found.is_empty() {
        return Err(CertificateError::NoCertificate { keys });
    }
    if found.len() > MAX_CERTIFICATES {
        return Err(CertificateError::TooManyCertificates {
            found: found.len(),
            limit: MAX_CERTIFICATES,
        });
    }
    let mut certificates: Vec<Certificate> = Vec::new();
    let mut local_key_ids: Vec<Option<Vec<u8>>> = Vec::new();
    for (index, entry) in found.iter().enumerate() {
        if let Some(known) = certificates.iter().position(|known| known.der() == entry.der) {
            // The copy may be the one that carries the mark.
            local_key_ids[known] = local_key_ids[known].take().or_else(|| entry.local_key_id.clone());
            continue;
        }
        let certificate = Certificate::parse(&entry.der);
        certificates.push(certificate.ok_or_else(|| unreadable(&entry.der, index + 1, found.len()))?);
        local_key_ids.push(entry.local_key_id.clone());
    }
    Ok((certificates, local_key_ids))
}

/// Why a certificate cannot be parsed.
fn unreadable(der: &[u8], number: usize, of: usize) -> CertificateError {
    if x509::has_explicit_curve(der) {
        CertificateError::ExplicitCurve {
            part: "certificate",
            number,
            of,
        }
    } else {
        CertificateError::MalformedCertificate { number, of }
    }
}
