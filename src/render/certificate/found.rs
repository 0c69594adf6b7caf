//! What a value is that holds no certificate in a form that is read: a message that only says "damaged" sends people the
//! wrong way.

use std::fmt;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::contents::{FoundKey, KeySyntax};
use super::private_key::PrivateKey;
use crate::encoding::{self, pem};

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
}

impl Found {
    /// The next action of the person who reads the error.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Nothing => "store the certificate in it",
            Self::Hex => {
                "store the base64 text of the same bytes (`xxd -r -p FILE | base64`), or give the secret the tag \
                 `file-encoding: hex`"
            }
            Self::Base64Twice | Self::Base64OfPem => {
                "decode it once (`base64 -d`) and store the result, or give the secret the tag `file-encoding: base64`"
            }
            Self::Pkcs7 => {
                "take the certificates out with `openssl pkcs7 -inform der -print_certs` and store them as PEM, with \
                 the private key"
            }
            Self::Certificate => {
                "store it as PEM (`openssl x509 -inform der -in FILE`), with its private key if one is wanted"
            }
            Self::PrivateKey => "store it as PEM (`openssl pkey -inform der -in FILE`), with its certificate",
        }
    }
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
        })
    }
}

/// Takes a value, as text or decoded; gives `None` when it is nothing that people are known to store.
pub(super) fn of(value: &[u8]) -> Option<Found> {
    if let Some(found) = of_der(value) {
        return Some(found);
    }
    let value = value.trim_ascii();
    if value.is_empty() {
        return Some(Found::Nothing);
    }
    if is_hex_of_der(value) {
        return Some(Found::Hex);
    }
    let bytes = encoding::base64(value).ok()?;
    let bytes = bytes.expose();
    if pem::is_pem(bytes) {
        return Some(Found::Base64OfPem);
    }
    let is_twice =
        encoding::base64(bytes).is_ok_and(|inner| is_sequence(inner.expose()) || pem::is_pem(inner.expose()));
    is_twice.then_some(Found::Base64Twice).or_else(|| of_der(bytes))
}

/// A PFX, a certificate and a key are each a SEQUENCE.
pub(super) fn is_sequence(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

fn is_hex_of_der(text: &[u8]) -> bool {
    let mut digits = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    text.starts_with(b"30") && digits.all(u8::is_ascii_hexdigit)
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
    is_key.then_some(Found::PrivateKey)
}
