//! Asymmetric keys: generated, encoded, used to sign certificates.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k256::elliptic_curve::sec1::ToEncodedPoint as _;
use p521::ecdsa::signature::RandomizedSigner as _;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};

use super::der;
use crate::ids;

const ED25519: &str = "1.3.101.112";

/// The kinds of keys that a vault makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the algorithms'")]
pub enum KeyType {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    P521,
    /// secp256k1; not for certificates.
    P256K,
    /// Not for keys of a vault, which makes none; for certificates that are stored as a plain secret.
    Ed25519,
    /// Symmetric, and only in a Managed HSM (`oct-HSM`): its answers have no public part.
    Oct256,
}

/// A key pair.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) key_type: KeyType,
    /// `PrivateKeyInfo` (PKCS #8).
    pub(crate) pkcs8: Vec<u8>,
    public: PublicKey,
}

#[derive(Debug, Clone)]
enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// `04 || x || y`.
    Ec {
        point: Vec<u8>,
    },
    Ed25519([u8; 32]),
    None,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair")
            .field("key_type", &self.key_type)
            .finish_non_exhaustive()
    }
}

impl KeyType {
    /// The type of `kty` with `key_size` or `crv`, with the service's defaults; `None` for what it does not make.
    pub(crate) fn parse(kty: &str, size: Option<u64>, curve: Option<&str>) -> Option<Self> {
        match (kty.trim_end_matches("-HSM"), size, curve) {
            ("RSA", None | Some(2048), _) => Some(Self::Rsa2048),
            ("RSA", Some(3072), _) => Some(Self::Rsa3072),
            ("RSA", Some(4096), _) => Some(Self::Rsa4096),
            ("EC", _, None | Some("P-256")) => Some(Self::P256),
            ("EC", _, Some("P-384")) => Some(Self::P384),
            ("EC", _, Some("P-521")) => Some(Self::P521),
            ("EC", _, Some("P-256K")) => Some(Self::P256K),
            ("oct", None | Some(256), _) if kty == "oct-HSM" => Some(Self::Oct256),
            _ => None,
        }
    }

    /// `kty` of a software key.
    pub(crate) fn kty(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => "RSA",
            Self::P256 | Self::P384 | Self::P521 | Self::P256K => "EC",
            Self::Ed25519 => "OKP",
            Self::Oct256 => "oct",
        }
    }

    pub(crate) fn rsa_bits(self) -> Option<usize> {
        match self {
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            _ => None,
        }
    }

    /// `crv`; `None` for RSA.
    pub(crate) fn curve(self) -> Option<&'static str> {
        match self {
            Self::P256 => Some("P-256"),
            Self::P384 => Some("P-384"),
            Self::P521 => Some("P-521"),
            Self::P256K => Some("P-256K"),
            Self::Ed25519 => Some("Ed25519"),
            _ => None,
        }
    }

    fn curve_oid(self) -> &'static str {
        match self {
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
            Self::P256K => "1.3.132.0.10",
            _ => "1.2.840.10045.3.1.7",
        }
    }
}

impl KeyPair {
    /// Makes a key. RSA takes seconds without optimisation, so there is one RSA key of each size in a process.
    pub(crate) fn generate(key_type: KeyType) -> Self {
        match key_type {
            KeyType::P256 => Self::from_ring(key_type, &ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyType::P384 => Self::from_ring(key_type, &ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyType::P521 => {
                let secret = p521::SecretKey::random(&mut OsRng);
                let point = secret.public_key().to_encoded_point(false);
                Self::from_rust_crypto(key_type, &secret, point.as_bytes())
            }
            KeyType::P256K => {
                let secret = k256::SecretKey::random(&mut OsRng);
                let point = secret.public_key().to_encoded_point(false);
                Self::from_rust_crypto(key_type, &secret, point.as_bytes())
            }
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => Self::cached_rsa(key_type),
            KeyType::Ed25519 => Self::generate_ed25519(),
            KeyType::Oct256 => Self {
                key_type,
                pkcs8: Vec::new(),
                public: PublicKey::None,
            },
        }
    }

    /// Without the public key in the PKCS #8 (RFC 8410, section 7), which not every reader takes.
    fn generate_ed25519() -> Self {
        let seed = ids::random_bytes::<32>();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes");
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        let algorithm = der::sequence(&[der::oid(ED25519)]);
        let key = der::octets(&der::octets(&seed));
        Self {
            key_type: KeyType::Ed25519,
            pkcs8: der::sequence(&[der::integer(0), algorithm, key]),
            public: PublicKey::Ed25519(public),
        }
    }

    fn from_ring(key_type: KeyType, algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("the system has random bytes");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .expect("a key just made can be read");
        Self {
            key_type,
            pkcs8: pkcs8.as_ref().to_vec(),
            public: PublicKey::Ec {
                point: pair.public_key().as_ref().to_vec(),
            },
        }
    }

    fn from_rust_crypto(key_type: KeyType, secret: &impl EncodePrivateKey, point: &[u8]) -> Self {
        let pkcs8 = secret.to_pkcs8_der().expect("a key just made can be encoded");
        Self {
            key_type,
            pkcs8: pkcs8.as_bytes().to_vec(),
            public: PublicKey::Ec {
                point: point.to_vec(),
            },
        }
    }

    fn cached_rsa(key_type: KeyType) -> Self {
        static MADE: Mutex<BTreeMap<KeyType, KeyPair>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(key_type)
            .or_insert_with(|| Self::generate_rsa(key_type))
            .clone()
    }

    fn generate_rsa(key_type: KeyType) -> Self {
        let bits = key_type.rsa_bits().unwrap_or(2048);
        let key = RsaPrivateKey::new(&mut OsRng, bits).expect("RSA keys of this size can be made");
        let pkcs8 = key.to_pkcs8_der().expect("a key just made can be encoded");
        let public = RsaPublicKey::from(&key);
        Self {
            key_type,
            pkcs8: pkcs8.as_bytes().to_vec(),
            public: PublicKey::Rsa {
                modulus: public.n().to_bytes_be(),
                exponent: public.e().to_bytes_be(),
            },
        }
    }

    /// Signs with the algorithm of [`KeyPair::signature_algorithm`].
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let ecdsa = |algorithm| {
            let pair =
                EcdsaKeyPair::from_pkcs8(algorithm, &self.pkcs8, &random).expect("the key is of this curve");
            let signature = pair.sign(&random, message);
            signature.expect("the system has random bytes").as_ref().to_vec()
        };
        match self.key_type {
            KeyType::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyType::P521 => self.sign_p521(message),
            KeyType::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.pkcs8);
                let pair = pair.expect("the key was made for this curve");
                pair.sign(message).as_ref().to_vec()
            }
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
                let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).expect("the key is RSA of a usual size");
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("the buffer has the size of the modulus");
                signature
            }
            _ => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        }
    }

    fn sign_p521(&self, message: &[u8]) -> Vec<u8> {
        let secret = p521::SecretKey::from_pkcs8_der(&self.pkcs8).expect("the key was made for this curve");
        let key =
            p521::ecdsa::SigningKey::from_bytes(&secret.to_bytes()).expect("the key was made for this curve");
        let signature: p521::ecdsa::Signature = key.sign_with_rng(&mut OsRng, message);
        signature.to_der().as_bytes().to_vec()
    }

    /// `AlgorithmIdentifier` of the signatures of this key.
    pub(crate) fn signature_algorithm(&self) -> Vec<u8> {
        match self.key_type {
            KeyType::P384 => der::sequence(&[der::oid("1.2.840.10045.4.3.3")]),
            KeyType::P521 => der::sequence(&[der::oid("1.2.840.10045.4.3.4")]),
            KeyType::Ed25519 => der::sequence(&[der::oid(ED25519)]),
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
                der::sequence(&[der::oid("1.2.840.113549.1.1.11"), der::null()])
            }
            _ => der::sequence(&[der::oid("1.2.840.10045.4.3.2")]),
        }
    }

    /// `SubjectPublicKeyInfo`.
    pub(crate) fn public_key_info(&self) -> Vec<u8> {
        match &self.public {
            PublicKey::Rsa { modulus, exponent } => {
                let algorithm = der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]);
                let key = der::sequence(&[der::unsigned(modulus), der::unsigned(exponent)]);
                der::sequence(&[algorithm, der::bits(&key)])
            }
            PublicKey::Ec { point } => der::sequence(&[ec_algorithm(self.key_type), der::bits(point)]),
            PublicKey::Ed25519(public) => {
                der::sequence(&[der::sequence(&[der::oid(ED25519)]), der::bits(public)])
            }
            PublicKey::None => Vec::new(),
        }
    }

    /// The public members of a JSON Web Key besides `kty`: `n` and `e`, or `crv`, `x` and `y`; none of a symmetric one.
    pub(crate) fn jwk_members(&self) -> BTreeMap<&'static str, String> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.public {
            PublicKey::Rsa { modulus, exponent } => {
                BTreeMap::from([("n", text(modulus)), ("e", text(exponent))])
            }
            PublicKey::Ec { point } => {
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = self.key_type.curve().unwrap_or_default();
                BTreeMap::from([("crv", curve.to_owned()), ("x", text(x)), ("y", text(y))])
            }
            PublicKey::Ed25519(public) => {
                BTreeMap::from([("crv", "Ed25519".to_owned()), ("x", text(public))])
            }
            PublicKey::None => BTreeMap::new(),
        }
    }
}

fn ec_algorithm(key_type: KeyType) -> Vec<u8> {
    der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid(key_type.curve_oid())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_have_the_size_of_the_curve() {
        for (key_type, characters) in [
            (KeyType::P256, 43),
            (KeyType::P384, 64),
            (KeyType::P521, 88),
            (KeyType::P256K, 43),
        ] {
            let members = KeyPair::generate(key_type).jwk_members();
            assert_eq!(
                (members["x"].len(), members["y"].len()),
                (characters, characters),
                "{key_type:?}"
            );
        }
    }

    #[test]
    fn every_key_for_certificates_can_sign() {
        for key_type in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519] {
            assert!(!KeyPair::generate(key_type).sign(b"message").is_empty());
        }
    }

    #[test]
    fn key_types_are_read_as_the_service_names_them() {
        assert_eq!(
            KeyType::parse("RSA-HSM", Some(3072), None),
            Some(KeyType::Rsa3072)
        );
        assert_eq!(KeyType::parse("EC", None, Some("P-256K")), Some(KeyType::P256K));
        assert_eq!(KeyType::parse("RSA", Some(1024), None), None);
        assert_eq!(KeyType::parse("oct", None, None), None);
        assert_eq!(KeyType::parse("oct-HSM", None, None), Some(KeyType::Oct256));
    }
}
