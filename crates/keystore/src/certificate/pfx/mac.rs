//! The integrity check of a PFX: HMAC under a key of the PKCS#12 derivation, or PBMAC1 (RFC 9579).

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Reader};
use pkcs8::AlgorithmIdentifierRef;

use super::error::{PfxError, name_of};
use super::kdf::{EmptyPassword, Hash, Pbkdf2, Pkcs12Kdf, Purpose, Work, iterations};

const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");

const PART: &str = "its MAC";

/// `MacData` of RFC 7292, section 4.
#[derive(Debug, Clone, Copy)]
pub(super) struct MacData<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    tag: &'a [u8],
    salt: &'a [u8],
    /// One when absent, as in values that Azure Key Vault wrote in 2018.
    iterations: u32,
}

impl<'a> MacData<'a> {
    /// Takes the `MacData` sequence.
    pub(super) fn parse(sequence: AnyRef<'a>) -> Result<Self, PfxError> {
        sequence
            .sequence(|fields| {
                let (algorithm, tag) = fields.sequence(|digest_info| {
                    let algorithm = AlgorithmIdentifierRef::decode(digest_info)?;
                    Ok((algorithm, OctetStringRef::decode(digest_info)?.as_bytes()))
                })?;
                let salt = OctetStringRef::decode(fields)?.as_bytes();
                let iterations = if fields.is_finished() {
                    1
                } else {
                    iterations(AnyRef::decode(fields)?)?
                };
                Ok(Self {
                    algorithm,
                    tag,
                    salt,
                    iterations,
                })
            })
            .map_err(|_| PfxError::Malformed { part: PART })
    }

    /// The form of the empty password under which the MAC of `content` fits.
    pub(super) fn password(&self, content: &[u8], work: &mut Work) -> Result<EmptyPassword, PfxError> {
        for password in EmptyPassword::ALL {
            if self.fits(content, password, work)? {
                return Ok(password);
            }
        }
        Err(PfxError::Password)
    }

    fn fits(&self, content: &[u8], password: EmptyPassword, work: &mut Work) -> Result<bool, PfxError> {
        if self.algorithm.oid == PBMAC1 {
            return self.fits_pbmac1(content, work);
        }
        let hash = Hash::from_digest_oid(self.algorithm.oid).ok_or_else(|| PfxError::Unsupported {
            part: PART,
            found: name_of(self.algorithm.oid),
            supported: "SHA-1, SHA-224, SHA-256, SHA-384, SHA-512 and PBMAC1",
        })?;
        let kdf = Pkcs12Kdf {
            hash,
            salt: self.salt,
            iterations: self.iterations,
        };
        let key = kdf.derive(password, Purpose::Mac, hash.len(), work)?;
        Ok(hash.verifies(&key, content, self.tag))
    }

    fn fits_pbmac1(&self, content: &[u8], work: &mut Work) -> Result<bool, PfxError> {
        let (kdf, scheme) = self
            .algorithm
            .parameters
            .unwrap_or(AnyRef::NULL)
            .sequence(|fields| {
                Ok((
                    AlgorithmIdentifierRef::decode(fields)?,
                    AlgorithmIdentifierRef::decode(fields)?,
                ))
            })
            .map_err(|_| PfxError::Malformed { part: PART })?;
        let hash = Hash::from_hmac_oid(scheme.oid).ok_or_else(|| PfxError::Unsupported {
            part: PART,
            found: format!("PBMAC1 with {}", name_of(scheme.oid)),
            supported: "PBMAC1 with HMAC-SHA-1, -224, -256, -384 or -512",
        })?;
        let kdf = Pbkdf2::parse(kdf, PART)?;
        // RFC 9579, section 5: the length must be there; longer than a hash block it would only cost work.
        let len = kdf
            .key_len
            .and_then(|len| usize::try_from(len).ok())
            .filter(|len| (20..=128).contains(len));
        let key = kdf.derive(len.ok_or(PfxError::Malformed { part: PART })?, work)?;
        Ok(hash.verifies(&key, content, self.tag))
    }
}
