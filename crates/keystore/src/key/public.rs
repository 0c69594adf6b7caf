//! The public part of a key: `SubjectPublicKeyInfo` (RFC 5280) as PEM or DER, a JSON Web Key (RFC 7517), or a line of
//! OpenSSH.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Encode, Sequence};
use pkcs8::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::pem;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// Public part of a key, numbers as unsigned big-endian bytes (RFC 7518, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
    /// EC.
    Ec {
        /// The curve.
        curve: Curve,
        /// X coordinate, padded to the curve's size.
        x: Vec<u8>,
        /// Y coordinate, padded to the curve's size.
        y: Vec<u8>,
    },
}

/// Curves of EC keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, `prime256v1`.
    P256,
    /// NIST P-384, `secp384r1`.
    P384,
    /// NIST P-521, `secp521r1`.
    P521,
    /// SECG `secp256k1`, which Azure calls P-256K.
    Secp256k1,
}

impl Curve {
    /// Size of a coordinate, in bytes.
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// The numbers of a public key make no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{member} is {problem}")]
pub struct MalformedPublicKey {
    /// The member of a JSON Web Key: `n`, `e`, `x` or `y`.
    pub member: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl PublicKey {
    /// `SubjectPublicKeyInfo`, DER (RFC 3279 section 2.3.1, RFC 5480 section 2).
    pub fn spki(&self) -> Result<Vec<u8>, MalformedPublicKey> {
        CheckedKey::parse(self).map(|key| key.spki())
    }

    /// The same as PEM.
    pub fn pem(&self) -> Result<String, MalformedPublicKey> {
        Ok(pem::block(pem::PUBLIC_KEY, &self.spki()?))
    }

    /// A JSON Web Key with the members that RFC 7638 requires, in its order and without blanks, so that the SHA-256 of it is
    /// the key's thumbprint.
    pub fn jwk(&self) -> Result<String, MalformedPublicKey> {
        CheckedKey::parse(self).map(|key| key.jwk())
    }

    /// A line of OpenSSH without its line end; `None` if OpenSSH has no keys on the curve.
    pub fn ssh(&self, comment: &str) -> Result<Option<String>, MalformedPublicKey> {
        let encoded = CheckedKey::parse(self)?.ssh();
        Ok(encoded.map(|(algorithm, blob)| format!("{algorithm} {} {comment}", STANDARD.encode(blob))))
    }
}

/// A key whose numbers have the sizes that all forms require.
enum CheckedKey<'a> {
    /// Without leading zeros, and not zero.
    Rsa { n: &'a [u8], e: &'a [u8] },
    /// Of the curve's size, with leading zeros.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
}

/// `RSAPublicKey` of RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl<'a> CheckedKey<'a> {
    fn parse(key: &'a PublicKey) -> Result<Self, MalformedPublicKey> {
        Ok(match key {
            PublicKey::Rsa { n, e } => Self::Rsa {
                n: number("n", n)?,
                e: number("e", e)?,
            },
            PublicKey::Ec { curve, x, y } => Self::Ec {
                curve: *curve,
                x: coordinate("x", x, *curve)?,
                y: coordinate("y", y, *curve)?,
            },
        })
    }

    fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa { n, e } => {
                let key = UintRef::new(n).and_then(|modulus| {
                    RsaPublicKey {
                        modulus,
                        public_exponent: UintRef::new(e)?,
                    }
                    .to_der()
                });
                let algorithm = AlgorithmIdentifierRef {
                    oid: RSA_ENCRYPTION,
                    parameters: Some(AnyRef::NULL),
                };
                key.and_then(|key| spki(algorithm, &key))
            }
            Self::Ec { curve, x, y } => {
                let point = point(x, y);
                let curve = curve_oid(*curve);
                let parameters = Some(AnyRef::from(&curve));
                spki(
                    AlgorithmIdentifierRef {
                        oid: EC_PUBLIC_KEY,
                        parameters,
                    },
                    &point,
                )
            }
        }
        .expect("numbers of bounded size always have a DER encoding")
    }

    /// Its type and its encoding (RFC 4253, section 6.6; RFC 5656, section 3.1), if OpenSSH has such keys.
    fn ssh(&self) -> Option<(&'static str, Vec<u8>)> {
        let (algorithm, fields) = match self {
            Self::Rsa { n, e } => ("ssh-rsa", [ssh_number(e), ssh_number(n)].concat()),
            Self::Ec { curve, x, y } => {
                let (algorithm, curve) = match curve {
                    Curve::P256 => ("ecdsa-sha2-nistp256", "nistp256"),
                    Curve::P384 => ("ecdsa-sha2-nistp384", "nistp384"),
                    Curve::P521 => ("ecdsa-sha2-nistp521", "nistp521"),
                    Curve::Secp256k1 => return None,
                };
                let fields = [ssh_string(curve.as_bytes()), ssh_string(&point(x, y))];
                (algorithm, fields.concat())
            }
        };
        Some((algorithm, [ssh_string(algorithm.as_bytes()), fields].concat()))
    }

    fn jwk(&self) -> String {
        let base64url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(e), base64url(n)),
            Self::Ec { curve, x, y } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                curve_name(*curve),
                base64url(x),
                base64url(y)
            ),
        }
    }
}

/// Uncompressed (SEC 1, section 2.3.3).
fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// `string` of RFC 4251, section 5.
fn ssh_string(bytes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).expect("numbers of bounded size");
    [&len.to_be_bytes(), bytes].concat()
}

/// `mpint` of RFC 4251, section 5, of a positive number without leading zeros.
fn ssh_number(bytes: &[u8]) -> Vec<u8> {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    ssh_string(&[&[0][..usize::from(is_negative)], bytes].concat())
}

fn spki(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> der::Result<Vec<u8>> {
    SubjectPublicKeyInfoRef {
        algorithm,
        subject_public_key: BitStringRef::from_bytes(key)?,
    }
    .to_der()
}

fn number<'a>(member: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], MalformedPublicKey> {
    let leading = bytes.iter().take_while(|&&byte| byte == 0).count();
    match &bytes[leading..] {
        [] => Err(MalformedPublicKey {
            member,
            problem: "absent or zero",
        }),
        // Nobody has keys of 32,768 bits; this only keeps the DER lengths in their range.
        number if number.len() > 4096 => Err(MalformedPublicKey {
            member,
            problem: "too long",
        }),
        number => Ok(number),
    }
}

fn coordinate(member: &'static str, bytes: &[u8], curve: Curve) -> Result<Vec<u8>, MalformedPublicKey> {
    let leading = bytes.iter().take_while(|&&byte| byte == 0).count();
    let significant = &bytes[leading..];
    let padding = curve
        .coordinate_len()
        .checked_sub(significant.len())
        .ok_or(MalformedPublicKey {
            member,
            problem: "longer than its curve allows",
        })?;
    if bytes.is_empty() {
        return Err(MalformedPublicKey {
            member,
            problem: "absent",
        });
    }
    Ok([vec![0; padding].as_slice(), significant].concat())
}

/// RFC 5480, section 2.1.1.1, and SEC 2, section 2.4.1.
const fn curve_oid(curve: Curve) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(match curve {
        Curve::P256 => "1.2.840.10045.3.1.7",
        Curve::P384 => "1.3.132.0.34",
        Curve::P521 => "1.3.132.0.35",
        Curve::Secp256k1 => "1.3.132.0.10",
    })
}

/// RFC 7518, section 6.2.1.1, and RFC 8812, section 3.1.
const fn curve_name(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "P-256",
        Curve::P384 => "P-384",
        Curve::P521 => "P-521",
        Curve::Secp256k1 => "secp256k1",
    }
}
