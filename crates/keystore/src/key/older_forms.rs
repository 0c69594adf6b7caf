//! The structures in which private keys were kept before PKCS#8, for programs that read nothing newer.

use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, Sequence};
use encoding::SecretBytes;
use pkcs8::PrivateKeyInfo;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::private_key::{MalformedKey, parse_ec};
use super::public_half::{EC, ED25519, PublicHalf, RSA, RSA_PSS};

/// A key of an algorithm that the wanted structure is not for: what it is, with its object identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OtherAlgorithm(String);

/// `ECPrivateKey` (RFC 5915, section 3) as it stands by itself.
#[derive(Sequence)]
struct NamedEcPrivateKey<'a> {
    version: u8,
    private_key: OctetStringRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    curve: ObjectIdentifier,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<BitStringRef<'a>>,
}

/// Takes `PrivateKeyInfo` in DER; gives `RSAPrivateKey` (RFC 8017, appendix A.1.2) in DER.
pub fn pkcs1(key: &SecretBytes) -> Result<SecretBytes, OtherAlgorithm> {
    match PrivateKeyInfo::from_der(key.expose()) {
        // Not RSA-PSS: the structure has no place for the restriction to it.
        Ok(info) if info.algorithm.oid == RSA => Ok(SecretBytes::new(info.private_key.to_vec())),
        other => Err(other_algorithm(other.ok())),
    }
}

/// Takes `PrivateKeyInfo` and its certificate in DER; gives `ECPrivateKey` (RFC 5915) in DER, with curve and point.
///
/// A point that the key omits is the certificate's.
pub fn sec1(key: &SecretBytes, leaf: &[u8]) -> Result<SecretBytes, OtherAlgorithm> {
    let info = PrivateKeyInfo::from_der(key.expose()).map_err(|_| other_algorithm(None))?;
    if info.algorithm.oid != EC {
        return Err(other_algorithm(Some(info)));
    }
    with_curve_and_point(&info, leaf).map_err(|_| other_algorithm(Some(info)))
}

fn with_curve_and_point(info: &PrivateKeyInfo<'_>, leaf: &[u8]) -> Result<SecretBytes, MalformedKey> {
    let (key, _) = parse_ec(info.private_key)?;
    let certified = certified(leaf);
    let certified = match &certified {
        Some(PublicHalf::Ec { point, .. }) => Some(BitStringRef::from_bytes(&point.0)),
        _ => None,
    };
    let sec1 = NamedEcPrivateKey {
        version: 1,
        private_key: key.private_key,
        curve: info.algorithm.parameters_oid()?,
        public_key: key.public_key.map(Ok).or(certified).transpose()?,
    };
    Ok(SecretBytes::new(sec1.to_der()?))
}

/// The public half that a certificate is for.
fn certified(certificate: &[u8]) -> Option<PublicHalf> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    PublicHalf::from_spki(parsed.public_key().raw).ok()
}

fn other_algorithm(info: Option<PrivateKeyInfo<'_>>) -> OtherAlgorithm {
    let oid = info.map(|info| info.algorithm.oid);
    let name = match oid {
        Some(RSA) => "an RSA key",
        Some(RSA_PSS) => "an RSA-PSS key",
        Some(EC) => "an EC key",
        Some(ED25519) => "an Ed25519 key",
        _ => "a key of another algorithm",
    };
    OtherAlgorithm(match oid {
        Some(oid) => format!("{name} ({oid})"),
        None => name.to_owned(),
    })
}
