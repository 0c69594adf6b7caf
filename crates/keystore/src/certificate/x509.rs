//! A certificate: its DER, what of it decides the place in a chain, and whether one issued another.

use std::cmp::Ordering;

use der::Decode;
use pkcs8::SubjectPublicKeyInfoRef;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use crate::key::{PublicHalf, RSA_PSS, is_explicit_curve};

/// Longest name of an issuer that is given out, in characters.
const LONGEST_NAME: usize = 200;

/// A parsed certificate.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    issuer_text: String,
    public: PublicHalf,
    subject_key_id: Option<Vec<u8>>,
    authority_key_id: Option<Vec<u8>>,
    is_authority: bool,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

impl Certificate {
    /// Takes DER; gives `None` when it is not an X.509 certificate with a readable key.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let (subject_key_id, authority_key_id) = key_ids(&parsed);
        Some(Self {
            der: der.to_vec(),
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            issuer_text: parsed.issuer().to_string().chars().take(LONGEST_NAME).collect(),
            public: PublicHalf::from_spki(parsed.public_key().raw).ok()?,
            subject_key_id,
            authority_key_id,
            is_authority: parsed.is_ca(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
        })
    }

    /// The certificate as it was found.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its key.
    pub(super) const fn public(&self) -> &PublicHalf {
        &self.public
    }

    /// Who issued it, of bounded length.
    pub(super) fn issuer_text(&self) -> &str {
        &self.issuer_text
    }

    /// When it is valid, the second of both included (RFC 5280, section 4.1.2.5).
    pub(super) const fn validity(&self) -> (OffsetDateTime, OffsetDateTime) {
        (self.not_before, self.not_after)
    }

    /// Whether it may issue others (RFC 5280, section 4.2.1.9).
    pub(super) const fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// Whether it is a root, or stands alone.
    pub(super) fn is_self_signed(&self) -> bool {
        self.is_issued_by(self)
    }

    /// Whether `issuer`'s name and key are those that issued this certificate.
    ///
    /// The signature decides. Where it cannot be checked (P-521, secp256k1, RSA outside 2048 to 8192 bits, RSA-PSS with
    /// an unusual salt), key identifiers do, unless one of them is absent.
    pub(super) fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
            && match verify(&self.der, &issuer.der) {
                Signature::Fits => true,
                Signature::DoesNotFit => false,
                Signature::Unverifiable => match (&self.authority_key_id, &issuer.subject_key_id) {
                    (Some(wanted), Some(found)) => wanted == found,
                    _ => true,
                },
            }
    }

    /// An order that depends on nothing but the two: the one that is valid longer first.
    pub(super) fn preference(&self, other: &Self) -> Ordering {
        other
            .not_after
            .cmp(&self.not_after)
            .then_with(|| self.der.cmp(&other.der))
    }
}

/// Whether the key of a certificate has parameters in place of the name of its curve.
pub(super) fn has_explicit_curve(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, parsed)| {
        let spki = SubjectPublicKeyInfoRef::from_der(parsed.public_key().raw);
        spki.is_ok_and(|spki| is_explicit_curve(spki.algorithm))
    })
}

enum Signature {
    Fits,
    DoesNotFit,
    Unverifiable,
}

fn verify(subject: &[u8], issuer: &[u8]) -> Signature {
    let (Ok((_, subject)), Ok((_, issuer))) = (
        X509Certificate::from_der(subject),
        X509Certificate::from_der(issuer),
    ) else {
        return Signature::DoesNotFit;
    };
    match subject.verify_signature(Some(issuer.public_key())) {
        Ok(()) => Signature::Fits,
        Err(X509Error::SignatureVerificationError) if !is_refused_unseen(&subject, &issuer) => {
            Signature::DoesNotFit
        }
        Err(_) => Signature::Unverifiable,
    }
}

/// Whether `ring` can have refused the signature for its form: RSA keys of other sizes than it takes, and PSS with
/// another salt than it takes, give the same error as a signature that does not fit.
fn is_refused_unseen(subject: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let is_pss = subject.signature_algorithm.algorithm.to_id_string() == RSA_PSS.to_string();
    is_pss
        || match PublicHalf::from_spki(issuer.public_key().raw) {
            Ok(PublicHalf::Rsa { n, .. }) => !(256..=1024).contains(&n.len()),
            _ => false,
        }
}

fn key_ids(certificate: &X509Certificate<'_>) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut subject = None;
    let mut authority = None;
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => subject = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }
    (subject, authority)
}
