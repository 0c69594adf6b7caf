//! What a value is that holds no certificate in a form that is read: a message that only says "damaged" sends people the
//! wrong way.

use std::borrow::Cow;
use std::fmt;

use encoding::{pem, typed};
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

use crate::key::{FoundKey, KeySyntax, PrivateKey};

/// What a value is, in place of PEM text or the base64 text of a PFX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or blanks.
    Nothing,
    /// Hexadecimal digits of a DER structure.
    Hex,
    /// Base64 of the base64 text of something.
    Base64Twice,
    /// Base64 of a PEM text.
    Base64OfPem,
    /// A PKCS#7 structure (RFC 5652, `SignedData`).
    Pkcs7,
    /// A certificate in DER, without a key.
    Certificate,
    /// A private key in DER, without a certificate.
    PrivateKey,
    /// A public key, without a certificate.
    PublicKey,
    /// A request for a certificate (RFC 2986).
    Request,
    /// PEM text, where another form is declared.
    Pem,
    /// A key store of Java.
    Jks,
    /// A file of another sort, as a sentence calls it.
    File(&'static str),
    /// Text in UTF-16, or its base64 text.
    Utf16,
    /// Base64 without its `=`.
    Unpadded,
    /// Base64 in the alphabet of URLs.
    UrlSafe,
    /// Base64 in quotes.
    Quoted,
    /// A URL with base64 in it.
    DataUrl,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "empty",
            Self::Hex => "hexadecimal text",
            Self::Base64Twice => "base64 text that was encoded in base64 once more",
            Self::Base64OfPem => "the base64 text of a PEM text",
            Self::Pkcs7 => "a PKCS#7 structure, not a PFX (PKCS#12)",
            Self::Certificate => "a certificate in DER without a private key, not a PFX",
            Self::PrivateKey => "a private key in DER without a certificate, not a PFX",
            Self::PublicKey => "a public key without a certificate",
            Self::Request => "a certificate request (CSR), not a certificate",
            Self::Pem => "PEM text, where a PFX is declared",
            Self::Jks => "a Java key store (JKS), not a PFX (PKCS#12)",
            Self::File(name) => name,
            Self::Utf16 => "text in UTF-16",
            Self::Unpadded => "base64 text without its padding with `=`",
            Self::UrlSafe => "base64 text in the alphabet of URLs (`-` and `_`)",
            Self::Quoted => "base64 text in quotes",
            Self::DataUrl => "a `data:` URL",
        })
    }
}

/// Takes a value, as text or decoded; gives `None` when it is nothing that people are known to store.
pub(super) fn of(value: &[u8]) -> Option<Found> {
    if let Some(found) = of_bytes(value) {
        return Some(found);
    }
    let value = value.trim_ascii();
    if value.is_empty() {
        return Some(Found::Nothing);
    }
    if pem::is_pem(value) {
        return Some(of_pem(value).unwrap_or(Found::Pem));
    }
    if is_hex_of_der(value) {
        return Some(Found::Hex);
    }
    let Ok(bytes) = encoding::base64(value) else {
        return of_nearly_base64(value);
    };
    let bytes = bytes.expose();
    if let Some(found) = of_bytes(bytes) {
        return Some(found);
    }
    if pem::is_pem(bytes) {
        return Some(Found::Base64OfPem);
    }
    let is_twice =
        encoding::base64(bytes).is_ok_and(|inner| is_sequence(inner.expose()) || pem::is_pem(inner.expose()));
    is_twice.then_some(Found::Base64Twice)
}

/// What a PEM text holds that has no certificate and no private key.
pub(super) fn of_pem(text: &[u8]) -> Option<Found> {
    let blocks = pem::blocks(text).ok()?;
    let has = |name: &str| blocks.iter().any(|block| block.name.ends_with(name));
    if blocks.iter().any(|block| block.kind != pem::Kind::Other) {
        None
    } else if has("CERTIFICATE REQUEST") {
        Some(Found::Request)
    } else {
        has("PUBLIC KEY").then_some(Found::PublicKey)
    }
}

/// What is base64 but for what was put round it or taken from it, and makes a DER structure then. A word is none.
fn of_nearly_base64(text: &[u8]) -> Option<Found> {
    if text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"data:"))
    {
        return Some(Found::DataUrl);
    }
    if let [first @ (b'"' | b'\''), inner @ .., last] = text
        && first == last
    {
        return is_base64_of_der(inner).then_some(Found::Quoted);
    }
    let is_of_urls = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let standard: Cow<'_, [u8]> = if is_of_urls {
        text.iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect()
    } else {
        text.into()
    };
    let standard = Zeroizing::new(standard.into_owned());
    let is_base64 = [&b""[..], b"=", b"=="]
        .into_iter()
        .any(|padding| is_base64_of_der(&Zeroizing::new([standard.as_slice(), padding].concat())));
    is_base64.then_some(if is_of_urls {
        Found::UrlSafe
    } else {
        Found::Unpadded
    })
}

/// What bytes are, by how they begin.
fn of_bytes(bytes: &[u8]) -> Option<Found> {
    const STARTS: [(&[u8], Found); 7] = [
        (b"\xfe\xed\xfe\xed", Found::Jks),
        (b"\xce\xce\xce\xce", Found::Jks),
        (b"PK\x03\x04", Found::File("a zip archive")),
        (b"\x1f\x8b", Found::File("gzip data")),
        (b"\x89PNG", Found::File("a PNG image")),
        (b"\xff\xd8\xff", Found::File("a JPEG image")),
        (b"%PDF-", Found::File("a PDF document")),
    ];
    let known = STARTS.iter().find(|(start, _)| bytes.starts_with(start));
    known
        .map(|(_, found)| *found)
        .or_else(|| typed::is_utf16(bytes).then_some(Found::Utf16))
        .or_else(|| of_der(bytes))
}

/// A PFX, a certificate and a key are each a SEQUENCE.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

/// Whether a text is base64 of a DER structure.
fn is_base64_of_der(text: &[u8]) -> bool {
    encoding::base64(text).is_ok_and(|bytes| is_sequence(bytes.expose()))
}

/// What is read as a DER structure, or as the text of one, when it is declared as hexadecimal text.
fn is_hex_of_der(text: &[u8]) -> bool {
    encoding::hex(text).is_ok_and(|bytes| {
        is_sequence(bytes.expose()) || pem::is_pem(bytes.expose()) || is_base64_of_der(bytes.expose())
    })
}

fn of_der(bytes: &[u8]) -> Option<Found> {
    /// The object identifier 1.2.840.113549.1.7.2, `signedData`.
    const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    /// Tag, length and the identifier: where the latter ends at the latest.
    const HEAD: usize = 6 + SIGNED_DATA.len();
    if !is_sequence(bytes) {
        return None;
    }
    let mut head = bytes.get(..HEAD)?.windows(SIGNED_DATA.len());
    if head.any(|window| window == SIGNED_DATA) {
        return Some(Found::Pkcs7);
    }
    if X509Certificate::from_der(bytes).is_ok() {
        return Some(Found::Certificate);
    }
    let is_key = [KeySyntax::Pkcs8, KeySyntax::Pkcs1, KeySyntax::Sec1]
        .into_iter()
        .any(|syntax| {
            let key = FoundKey {
                der: Zeroizing::new(bytes.to_vec()),
                syntax,
                local_key_id: None,
            };
            PrivateKey::parse(&key).is_ok()
        });
    if is_key {
        return Some(Found::PrivateKey);
    }
    if X509CertificationRequest::from_der(bytes).is_ok() {
        return Some(Found::Request);
    }
    let is_public_key = SubjectPublicKeyInfo::from_der(bytes).is_ok();
    is_public_key.then_some(Found::PublicKey)
}
