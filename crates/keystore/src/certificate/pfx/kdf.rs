//! From the empty password to keys: the two forms it has, the two derivations, and the bound on their work.

use std::num::NonZeroU32;

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader, Tag, Tagged};
use hmac::{Mac, SimpleHmac};
use pkcs8::AlgorithmIdentifierRef;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::error::{PfxError, name_of};
use crate::appendix_b;
pub(super) use crate::appendix_b::Purpose;

/// Rounds of hashing that one value may cost in all: some hundred times what exporters ask for.
const MAX_WORK: u64 = 2_000_000;

const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");

/// The two forms of "no password" (RFC 7292, appendix B.1 and what came of it).
///
/// Azure Key Vault writes the first, most others the second. They differ in the PKCS#12 derivation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyPassword {
    /// No bytes at all.
    Null,
    /// An empty `BMPString` with its terminator.
    Terminated,
}

impl EmptyPassword {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 2] = [Self::Null, Self::Terminated];

    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Null => &[],
            Self::Terminated => &[0, 0],
        }
    }
}

/// What is left of the work that one value may cost.
#[derive(Debug)]
pub(super) struct Work(u64);

impl Work {
    /// The whole allowance.
    pub(super) const fn new() -> Self {
        Self(MAX_WORK)
    }

    fn spend(&mut self, iterations: u32, bytes: usize, hash: Hash) -> Result<(), PfxError> {
        let outputs = u64::try_from(bytes.div_ceil(hash.len())).unwrap_or(u64::MAX);
        let cost = u64::from(iterations).saturating_mul(outputs);
        self.0 = self
            .0
            .checked_sub(cost)
            .ok_or(PfxError::TooMuchWork { limit: MAX_WORK })?;
        Ok(())
    }
}

/// Hash functions that a derivation or a MAC is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Runs `$body` with `$D` as the type that implements `$hash`.
macro_rules! with_digest {
    ($hash:expr, $D:ident => $body:expr) => {
        match $hash {
            Hash::Sha1 => {
                type $D = Sha1;
                $body
            }
            Hash::Sha224 => {
                type $D = Sha224;
                $body
            }
            Hash::Sha256 => {
                type $D = Sha256;
                $body
            }
            Hash::Sha384 => {
                type $D = Sha384;
                $body
            }
            Hash::Sha512 => {
                type $D = Sha512;
                $body
            }
        }
    };
}

impl Hash {
    /// By the identifier of the hash itself.
    pub(super) fn from_digest_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::find(
            oid,
            [
                "1.3.14.3.2.26",
                "2.16.840.1.101.3.4.2.4",
                "2.16.840.1.101.3.4.2.1",
                "2.16.840.1.101.3.4.2.2",
                "2.16.840.1.101.3.4.2.3",
            ],
        )
    }

    /// By the identifier of the HMAC over it.
    pub(super) fn from_hmac_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::find(
            oid,
            [
                "1.2.840.113549.2.7",
                "1.2.840.113549.2.8",
                "1.2.840.113549.2.9",
                "1.2.840.113549.2.10",
                "1.2.840.113549.2.11",
            ],
        )
    }

    fn find(oid: ObjectIdentifier, identifiers: [&str; 5]) -> Option<Self> {
        let all = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];
        let dotted = oid.to_string();
        identifiers
            .iter()
            .position(|known| *known == dotted)
            .map(|at| all[at])
    }

    /// Size of the output, in bytes.
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether `tag` is the HMAC of `message` under `key`.
    pub(super) fn verifies(self, key: &[u8], message: &[u8], tag: &[u8]) -> bool {
        with_digest!(self, D => {
            SimpleHmac::<D>::new_from_slice(key).is_ok_and(|hmac| hmac.chain_update(message).verify_slice(tag).is_ok())
        })
    }
}

/// Salt and rounds of the PKCS#12 derivation (RFC 7292, appendix B.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Pkcs12Kdf<'a> {
    /// The hash.
    pub(super) hash: Hash,
    /// The salt.
    pub(super) salt: &'a [u8],
    /// Rounds, at least one.
    pub(super) iterations: u32,
}

impl Pkcs12Kdf<'_> {
    /// Derives `len` bytes for `purpose`.
    pub(super) fn derive(
        &self,
        password: EmptyPassword,
        purpose: Purpose,
        len: usize,
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        work.spend(self.iterations, len, self.hash)?;
        Ok(
            with_digest!(self.hash, D => appendix_b::derive::<D>(password.bytes(), self.salt, purpose, self.iterations, len)),
        )
    }
}

/// Parameters of PBKDF2 (RFC 8018, appendix A.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Pbkdf2<'a> {
    salt: &'a [u8],
    iterations: u32,
    /// Size of the key, when the parameters name one.
    pub(super) key_len: Option<u32>,
    prf: Hash,
}

impl<'a> Pbkdf2<'a> {
    /// Takes an algorithm identifier that should be PBKDF2's; `part` says whose it is.
    pub(super) fn parse(algorithm: AlgorithmIdentifierRef<'a>, part: &'static str) -> Result<Self, PfxError> {
        if algorithm.oid != PBKDF2 {
            return Err(PfxError::Unsupported {
                part,
                found: name_of(algorithm.oid),
                supported: "PBKDF2",
            });
        }
        let parameters = algorithm.parameters.unwrap_or(AnyRef::NULL);
        let (salt, iterations, key_len, prf) = parameters
            .sequence(|fields| {
                let salt = OctetStringRef::decode(fields)?.as_bytes();
                let iterations = iterations(AnyRef::decode(fields)?)?;
                let has_key_len = fields.peek_byte() == Some(u8::from(Tag::Integer));
                let key_len = has_key_len.then(|| u32::decode(fields)).transpose()?;
                let prf = Option::<AlgorithmIdentifierRef<'a>>::decode(fields)?;
                Ok((salt, iterations, key_len, prf))
            })
            .map_err(|_| PfxError::Malformed {
                part: "the parameters of its key derivation",
            })?;
        let prf = match prf {
            None => Hash::Sha1,
            Some(prf) => Hash::from_hmac_oid(prf.oid).ok_or_else(|| PfxError::Unsupported {
                part,
                found: format!("PBKDF2 with {}", name_of(prf.oid)),
                supported: "PBKDF2 with HMAC-SHA-1, -224, -256, -384 or -512",
            })?,
        };
        Ok(Self {
            salt,
            iterations,
            key_len,
            prf,
        })
    }

    /// Derives `len` bytes from the empty password; both of its forms are the same here.
    pub(super) fn derive(&self, len: usize, work: &mut Work) -> Result<Zeroizing<Vec<u8>>, PfxError> {
        work.spend(self.iterations, len, self.prf)?;
        let mut key = Zeroizing::new(vec![0; len]);
        // `ring` takes half the time, and has no SHA-224.
        let algorithm = match self.prf {
            Hash::Sha1 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA1),
            Hash::Sha224 => None,
            Hash::Sha256 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA256),
            Hash::Sha384 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA384),
            Hash::Sha512 => Some(ring::pbkdf2::PBKDF2_HMAC_SHA512),
        };
        match (algorithm, NonZeroU32::new(self.iterations)) {
            (Some(algorithm), Some(rounds)) => {
                ring::pbkdf2::derive(algorithm, rounds, self.salt, &[], &mut key);
            }
            _ => pbkdf2::pbkdf2_hmac::<Sha224>(&[], self.salt, self.iterations, &mut key),
        }
        Ok(key)
    }
}

/// A count of rounds: at least one; what does not fit is more than [`Work`] allows anyway.
pub(super) fn iterations(integer: AnyRef<'_>) -> der::Result<u32> {
    integer.tag().assert_eq(Tag::Integer)?;
    if integer.value().first().is_none_or(|first| first & 0x80 != 0) {
        return Err(Tag::Integer.value_error());
    }
    match integer.decode_as::<u32>() {
        Ok(0) => Err(Tag::Integer.value_error()),
        Ok(count) => Ok(count),
        Err(_) => Ok(u32::MAX),
    }
}
