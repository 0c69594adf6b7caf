//! The public half of a key, in a form in which a certificate's and a private key's can be compared.

use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode, Reader, Tag, Tagged};
use pkcs8::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(crate) const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(crate) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicHalf {
    /// RSA, whatever padding it is meant for.
    Rsa {
        /// Modulus, big-endian, without leading zeros.
        n: Vec<u8>,
        /// Public exponent, likewise.
        e: Vec<u8>,
    },
    /// A point on a named curve.
    Ec {
        /// The curve.
        curve: ObjectIdentifier,
        /// The point as found (SEC 1, section 2.3.3).
        point: Point,
    },
    /// Anything else, compared as it is.
    Other {
        /// The algorithm.
        algorithm: ObjectIdentifier,
        /// Its bits.
        bits: Vec<u8>,
    },
}

/// A point, equal to its compressed form.
#[derive(Debug, Clone)]
pub(crate) struct Point(pub(crate) Vec<u8>);

impl Point {
    /// Parity of Y and the X coordinate; the bytes as they are when they are not a point.
    fn compressed(&self) -> (u8, &[u8]) {
        match self.0.split_first() {
            Some((4, coordinates)) if coordinates.len().is_multiple_of(2) => {
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                (2 | (y.last().copied().unwrap_or(0) & 1), x)
            }
            Some((&form, rest)) => (form, rest),
            None => (0, &[]),
        }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.compressed() == other.compressed()
    }
}

impl Eq for Point {}

impl PublicHalf {
    /// Takes `SubjectPublicKeyInfo` in DER.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, pkcs8::spki::Error> {
        let spki = SubjectPublicKeyInfoRef::from_der(der)?;
        let algorithm = spki.algorithm.oid;
        let bits = spki.subject_public_key.raw_bytes();
        Ok(match algorithm {
            RSA | RSA_PSS => Self::from_rsa_public_key(bits)?,
            EC => Self::Ec {
                curve: spki.algorithm.parameters_oid()?,
                point: Point(bits.to_vec()),
            },
            _ => Self::Other {
                algorithm,
                bits: bits.to_vec(),
            },
        })
    }

    /// Takes `RSAPublicKey` (RFC 8017, appendix A.1.1) in DER.
    fn from_rsa_public_key(der: &[u8]) -> der::Result<Self> {
        AnyRef::from_der(der)?.sequence(Self::read_rsa)
    }

    /// Reads modulus and public exponent, which `RSAPrivateKey` also begins with.
    pub(crate) fn read_rsa<'a, R: Reader<'a>>(fields: &mut R) -> der::Result<Self> {
        let n = UintRef::decode(fields)?.as_bytes().to_vec();
        let e = UintRef::decode(fields)?.as_bytes().to_vec();
        Ok(Self::Rsa { n, e })
    }

    /// Algorithm, and curve if it has one: what two halves that cannot be compared must at least share.
    pub(crate) fn algorithm(&self) -> (ObjectIdentifier, Option<ObjectIdentifier>) {
        match self {
            Self::Rsa { .. } => (RSA, None),
            Self::Ec { curve, .. } => (EC, Some(*curve)),
            Self::Other { algorithm, .. } => (*algorithm, None),
        }
    }
}

/// Whether an algorithm is EC with the parameters of a curve in place of its name.
pub(crate) fn is_explicit_curve(algorithm: AlgorithmIdentifierRef<'_>) -> bool {
    algorithm.oid == EC
        && algorithm
            .parameters
            .is_some_and(|parameters| parameters.tag() == Tag::Sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_its_compressed_form_of_the_same_parity() {
        let point = Point(vec![4, 0xaa, 0xbb, 0xcc, 0xdd]);
        assert_eq!(point, Point(vec![3, 0xaa, 0xbb]));
        assert_ne!(point, Point(vec![2, 0xaa, 0xbb]));
        assert_ne!(point, Point(vec![3, 0xaa, 0xbc]));
        assert_ne!(Point(Vec::new()), Point(vec![4]));
    }
}
