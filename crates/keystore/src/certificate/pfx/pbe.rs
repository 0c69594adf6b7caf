//! Password-based decryption: the schemes of PKCS#12 itself (RFC 7292, appendix C) and PBES2 (RFC 8018, section 6.2).

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockDecryptMut, InnerIvInit, KeyInit, KeyIvInit};
use der::Decode;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use des::{TdesEde2, TdesEde3};
use pkcs8::AlgorithmIdentifierRef;
use rc2::Rc2;
use zeroize::Zeroizing;

use super::error::{PfxError, name_of};
use super::kdf::{EmptyPassword, Hash, Pbkdf2, Pkcs12Kdf, Purpose, Work, iterations};

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");

const SUPPORTED: &str = "PBES2 with AES-CBC or 3DES-CBC, and the SHA-1 schemes of PKCS#12 with 3DES or RC2";

/// Block ciphers, all in CBC mode.
#[derive(Debug, Clone, Copy)]
enum Cipher {
    TripleDes3,
    TripleDes2,
    Rc2Bits128,
    Rc2Bits40,
    Aes128,
    Aes192,
    Aes256,
}

/// Decrypts `data`, which `part` names in errors, as `algorithm` says.
pub(super) fn decrypt(
    algorithm: AlgorithmIdentifierRef<'_>,
    data: &[u8],
    part: &'static str,
    password: EmptyPassword,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, PfxError> {
    let (cipher, key, iv) = if algorithm.oid == PBES2 {
        pbes2(algorithm, part, work)?
    } else {
        pkcs12_pbe(algorithm, part, password, work)?
    };
    cipher
        .decrypt(&key, &iv, data)
        .ok_or(PfxError::Undecryptable { part })
}

type KeyAndIv = (Cipher, Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

fn pkcs12_pbe(
    algorithm: AlgorithmIdentifierRef<'_>,
    part: &'static str,
    password: EmptyPassword,
    work: &mut Work,
) -> Result<KeyAndIv, PfxError> {
    let cipher = Cipher::of_pkcs12_scheme(algorithm.oid).ok_or_else(|| unsupported(part, algorithm.oid))?;
    let (salt, iterations) = algorithm
        .parameters
        .unwrap_or(AnyRef::NULL)
        .sequence(|fields| {
            Ok((
                OctetStringRef::decode(fields)?.as_bytes(),
                iterations(AnyRef::decode(fields)?)?,
            ))
        })
        .map_err(|_| damaged_parameters())?;
    let kdf = Pkcs12Kdf {
        hash: Hash::Sha1,
        salt,
        iterations,
    };
    let key = kdf.derive(password, Purpose::Key, cipher.key_len(), work)?;
    let iv = kdf.derive(password, Purpose::Iv, cipher.block_len(), work)?;
    Ok((cipher, key, iv))
}

fn pbes2(
    algorithm: AlgorithmIdentifierRef<'_>,
    part: &'static str,
    work: &mut Work,
) -> Result<KeyAndIv, PfxError> {
    let (kdf, encryption) = algorithm
        .parameters
        .unwrap_or(AnyRef::NULL)
        .sequence(|fields| {
            Ok((
                AlgorithmIdentifierRef::decode(fields)?,
                AlgorithmIdentifierRef::decode(fields)?,
            ))
        })
        .map_err(|_| damaged_parameters())?;
    let kdf = Pbkdf2::parse(kdf, part)?;
    let cipher = Cipher::of_pbes2(encryption.oid).ok_or_else(|| unsupported(part, encryption.oid))?;
    let iv = encryption
        .parameters
        .and_then(|parameters| parameters.decode_as::<OctetStringRef<'_>>().ok())
        .filter(|iv| iv.as_bytes().len() == cipher.block_len())
        .ok_or_else(damaged_parameters)?;
    let expected = u32::try_from(cipher.key_len()).ok();
    if kdf.key_len.is_some() && kdf.key_len != expected {
        return Err(damaged_parameters());
    }
    let key = kdf.derive(cipher.key_len(), work)?;
    Ok((cipher, key, Zeroizing::new(iv.as_bytes().to_vec())))
}

impl Cipher {
    /// By the identifier of a scheme of RFC 7292, appendix C.
    fn of_pkcs12_scheme(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid.to_string().as_str() {
            "1.2.840.113549.1.12.1.3" => Self::TripleDes3,
            "1.2.840.113549.1.12.1.4" => Self::TripleDes2,
            "1.2.840.113549.1.12.1.5" => Self::Rc2Bits128,
            "1.2.840.113549.1.12.1.6" => Self::Rc2Bits40,
            _ => return None,
        })
    }

    /// By the identifier of an encryption scheme of PBES2.
    fn of_pbes2(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid.to_string().as_str() {
            "1.2.840.113549.3.7" => Self::TripleDes3,
            "2.16.840.1.101.3.4.1.2" => Self::Aes128,
            "2.16.840.1.101.3.4.1.22" => Self::Aes192,
            "2.16.840.1.101.3.4.1.42" => Self::Aes256,
            _ => return None,
        })
    }

    const fn key_len(self) -> usize {
        match self {
            Self::Rc2Bits40 => 5,
            Self::TripleDes2 | Self::Rc2Bits128 | Self::Aes128 => 16,
            Self::TripleDes3 | Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    const fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::TripleDes3 | Self::TripleDes2 | Self::Rc2Bits128 | Self::Rc2Bits40 => 8,
        }
    }

    /// `None` when length or padding is wrong.
    fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::TripleDes3 => cbc_decrypt::<TdesEde3>(key, iv, data),
            Self::TripleDes2 => cbc_decrypt::<TdesEde2>(key, iv, data),
            // The effective key length of the `Rc2` type is that of the key it is given.
            Self::Rc2Bits128 | Self::Rc2Bits40 => cbc_decrypt::<Rc2>(key, iv, data),
            Self::Aes128 => cbc_decrypt::<Aes128>(key, iv, data),
            Self::Aes192 => cbc_decrypt::<Aes192>(key, iv, data),
            Self::Aes256 => cbc_decrypt::<Aes256>(key, iv, data),
        }
    }
}

fn cbc_decrypt<C>(key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>>
where
    C: BlockDecryptMut + BlockCipher + KeyInit,
    Decryptor<C>: InnerIvInit<Inner = C>,
{
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let len = decryptor.decrypt_padded_mut::<Pkcs7>(&mut buffer).ok()?.len();
    buffer.truncate(len);
    Some(buffer)
}

fn unsupported(part: &'static str, oid: ObjectIdentifier) -> PfxError {
    PfxError::Unsupported {
        part,
        found: name_of(oid),
        supported: SUPPORTED,
    }
}

fn damaged_parameters() -> PfxError {
    PfxError::Malformed {
        part: "the parameters of its encryption",
    }
}
