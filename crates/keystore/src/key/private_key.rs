//! A private key: read from any of its three structures, kept as PKCS#8, and matched against certificates.

use der::asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode, Sequence, Tag, TagNumber, Tagged};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfo};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use zeroize::Zeroizing;

use super::found::{FoundKey, KeySyntax};
use super::public_half::{EC, ED25519, P256, P384, Point, PublicHalf, RSA, RSA_PSS, is_explicit_curve};

/// A private key.
pub(crate) struct PrivateKey {
    /// `PrivateKeyInfo`, version 0, without attributes (RFC 5208): the form that every consumer reads.
    pkcs8: Zeroizing<Vec<u8>>,
    public: KnownPublic,
    /// The PFX attribute that its certificate has too.
    pub(crate) local_key_id: Option<Vec<u8>>,
}

/// What can be said of a private key's public half.
enum KnownPublic {
    /// It is this.
    Half(PublicHalf),
    /// The structure omits the point, and the scalar is for a curve on which it can be checked.
    EcScalar {
        curve: ObjectIdentifier,
        scalar: Zeroizing<Vec<u8>>,
    },
    /// Algorithm and curve only.
    Algorithm(ObjectIdentifier, Option<ObjectIdentifier>),
}

/// Whether a private and a public key belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// Same algorithm, and no way to tell.
    Unknown,
}

/// A private key is not the structure that its place says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedKey;

impl<E: Into<pkcs8::spki::Error>> From<E> for MalformedKey {
    fn from(_: E) -> Self {
        Self
    }
}

/// `ECPrivateKey` (RFC 5915, section 3) as PKCS#8 carries it: the curve is said outside.
#[derive(Sequence)]
pub(crate) struct EcPrivateKey<'a> {
    version: u8,
    /// The scalar.
    pub(crate) private_key: OctetStringRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    /// The point, which may be left out.
    pub(crate) public_key: Option<BitStringRef<'a>>,
}

impl PrivateKey {
    /// Parses what a PFX or PEM text held.
    pub(crate) fn parse(found: &FoundKey) -> Result<Self, MalformedKey> {
        let (pkcs8, public) = match found.syntax {
            KeySyntax::Pkcs8 => from_pkcs8(&found.der)?,
            KeySyntax::Pkcs1 => from_pkcs1(&found.der)?,
            KeySyntax::Sec1 => from_sec1(&found.der)?,
        };
        Ok(Self {
            pkcs8,
            public,
            local_key_id: found.local_key_id.clone(),
        })
    }

    /// The key as PKCS#8, DER.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Whether `public` is this key's public half.
    pub(crate) fn matches(&self, public: &PublicHalf) -> Match {
        match (&self.public, public) {
            (KnownPublic::Half(half), _) if half == public => Match::Yes,
            (KnownPublic::EcScalar { curve, scalar }, PublicHalf::Ec { curve: other, point })
                if curve == other =>
            {
                scalar_matches(*curve, scalar, &point.0)
            }
            (KnownPublic::Algorithm(algorithm, curve), _) if (*algorithm, *curve) == public.algorithm() => {
                Match::Unknown
            }
            _ => Match::No,
        }
    }
}

type Parsed = (Zeroizing<Vec<u8>>, KnownPublic);

fn from_pkcs8(der: &[u8]) -> Result<Parsed, MalformedKey> {
    let info = PrivateKeyInfo::from_der(der)?;
    let public = match info.algorithm.oid {
        RSA | RSA_PSS => KnownPublic::Half(rsa_public(info.private_key)?),
        EC => ec_public(&parse_ec(info.private_key)?.0, info.algorithm.parameters_oid()?),
        ED25519 => ed25519_public(info.private_key)?,
        other => KnownPublic::Algorithm(other, None),
    };
    // Attributes and a version 2 public key are left out: older readers refuse both.
    Ok((to_pkcs8(info.algorithm, info.private_key)?, public))
}

fn from_pkcs1(der: &[u8]) -> Result<Parsed, MalformedKey> {
    let public = rsa_public(der)?;
    let algorithm = AlgorithmIdentifierRef {
        oid: RSA,
        parameters: Some(AnyRef::NULL),
    };
    Ok((to_pkcs8(algorithm, der)?, KnownPublic::Half(public)))
}

fn from_sec1(der: &[u8]) -> Result<Parsed, MalformedKey> {
    let (key, curve) = parse_ec(der)?;
    let curve = curve.ok_or(MalformedKey)?;
    let inner = Zeroizing::new(key.to_der()?);
    let algorithm = AlgorithmIdentifierRef {
        oid: EC,
        parameters: Some(AnyRef::from(&curve)),
    };
    Ok((to_pkcs8(algorithm, &inner)?, ec_public(&key, curve)))
}

fn to_pkcs8(algorithm: AlgorithmIdentifierRef<'_>, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, MalformedKey> {
    Ok(Zeroizing::new(PrivateKeyInfo::new(algorithm, key).to_der()?))
}

/// Modulus and exponent of an `RSAPrivateKey` (RFC 8017, appendix A.1.2).
fn rsa_public(der: &[u8]) -> Result<PublicHalf, MalformedKey> {
    let key = AnyRef::from_der(der)?.sequence(|fields| {
        let _version = u8::decode(fields)?;
        let public = PublicHalf::read_rsa(fields)?;
        // d, p, q, dP, dQ, qInv; a multi-prime key, which has more, is not for TLS.
        for _ in 0..6 {
            UintRef::decode(fields)?;
        }
        Ok(public)
    });
    Ok(key?)
}

/// The parts of an `ECPrivateKey`, and its curve when it is there.
pub(crate) fn parse_ec(der: &[u8]) -> Result<(EcPrivateKey<'_>, Option<ObjectIdentifier>), MalformedKey> {
    let parts = AnyRef::from_der(der)?.sequence(|fields| {
        let version = u8::decode(fields)?;
        let private_key = OctetStringRef::decode(fields)?;
        let curve = ContextSpecific::<ObjectIdentifier>::decode_explicit(fields, TagNumber::N0)?;
        let public_key = ContextSpecific::<BitStringRef<'_>>::decode_explicit(fields, TagNumber::N1)?;
        let key = EcPrivateKey {
            version,
            private_key,
            public_key: public_key.map(|tagged| tagged.value),
        };
        Ok((key, curve.map(|tagged| tagged.value)))
    });
    Ok(parts?)
}

/// Whether a key that cannot be parsed is an EC key with parameters in place of the name of its curve.
pub(crate) fn has_explicit_curve(found: &FoundKey) -> bool {
    match found.syntax {
        KeySyntax::Pkcs8 => {
            PrivateKeyInfo::from_der(&found.der).is_ok_and(|info| is_explicit_curve(info.algorithm))
        }
        KeySyntax::Pkcs1 => false,
        KeySyntax::Sec1 => sec1_parameters(&found.der).is_ok_and(|tag| tag == Tag::Sequence),
    }
}

/// What the parameters of an `ECPrivateKey` are; the name of a curve is an object identifier.
fn sec1_parameters(der: &[u8]) -> Result<Tag, MalformedKey> {
    let parameters = AnyRef::from_der(der)?.sequence(|fields| {
        u8::decode(fields)?;
        OctetStringRef::decode(fields)?;
        let parameters = ContextSpecific::<AnyRef<'_>>::decode_explicit(fields, TagNumber::N0)?;
        ContextSpecific::<BitStringRef<'_>>::decode_explicit(fields, TagNumber::N1)?;
        Ok(parameters.map(|tagged| tagged.value.tag()))
    });
    parameters?.ok_or(MalformedKey)
}

fn ec_public(key: &EcPrivateKey<'_>, curve: ObjectIdentifier) -> KnownPublic {
    let len = match (key.public_key, curve) {
        (Some(point), _) => {
            return KnownPublic::Half(PublicHalf::Ec {
                curve,
                point: Point(point.raw_bytes().to_vec()),
            });
        }
        (None, P256) => 32,
        (None, P384) => 48,
        (None, _) => return KnownPublic::Algorithm(EC, Some(curve)),
    };
    // Some writers leave leading zeros out.
    let scalar = key.private_key.as_bytes();
    let mut padded = Zeroizing::new(vec![0; len]);
    match len.checked_sub(scalar.len()) {
        Some(padding) => padded[padding..].copy_from_slice(scalar),
        None => return KnownPublic::Algorithm(EC, Some(curve)),
    }
    KnownPublic::EcScalar {
        curve,
        scalar: padded,
    }
}

/// RFC 8410, section 7: the seed is an octet string inside the octet string.
fn ed25519_public(private_key: &[u8]) -> Result<KnownPublic, MalformedKey> {
    let seed = OctetStringRef::from_der(private_key)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).map_err(|_| MalformedKey)?;
    let bits = pair.public_key().as_ref().to_vec();
    Ok(KnownPublic::Half(PublicHalf::Other {
        algorithm: ED25519,
        bits,
    }))
}

/// Multiplies the scalar out and compares; `ring` does so before it takes a pair.
fn scalar_matches(curve: ObjectIdentifier, scalar: &[u8], point: &[u8]) -> Match {
    let algorithm = if curve == P256 {
        &ECDSA_P256_SHA256_ASN1_SIGNING
    } else {
        &ECDSA_P384_SHA384_ASN1_SIGNING
    };
    if point.first() != Some(&4) {
        return Match::Unknown;
    }
    // The random source only blinds signatures, of which none is made; the result does not depend on it.
    match EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &SystemRandom::new()) {
        Ok(_) => Match::Yes,
        Err(_) => Match::No,
    }
}
