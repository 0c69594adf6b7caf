//! Encryption under a password: PBES2 (RFC 8018, section 6.2), and the 3DES scheme of PKCS#12 (RFC 7292, appendix C).

use std::num::NonZeroU32;

use aes::Aes256;
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockEncryptMut, InnerIvInit, KeyInit, KeyIvInit};
use der::asn1::ObjectIdentifier;
use des::TdesEde3;
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::appendix_b::{self, Purpose};
use super::asn1::{algorithm, integer, octets, oid, sequence};
use super::password::StorePassword;
use super::salts::Salts;
use super::{ITERATIONS, Strength};

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");
const SHA_AND_3_KEY_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");

/// What was encrypted, and how.
pub(crate) struct Encrypted {
    /// `AlgorithmIdentifier`, DER.
    pub(crate) algorithm: Vec<u8>,
    /// The bytes.
    pub(crate) data: Vec<u8>,
}

impl Encrypted {
    /// `EncryptedPrivateKeyInfo` (RFC 5208, section 6), DER, of a private key that was encrypted.
    pub(crate) fn key_info(&self) -> Vec<u8> {
        sequence(&[&self.algorithm, &octets(&self.data)])
    }
}

/// Encrypts `plain` with salt and vector of the given names.
pub(crate) fn encrypt(
    strength: Strength,
    password: &StorePassword,
    plain: &[u8],
    salts: &Salts,
    [salt, iv]: [&str; 2],
) -> Encrypted {
    match strength {
        Strength::Modern => pbes2(password, plain, &salts.derive(salt), &salts.derive(iv)),
        // Its vector is derived from the password too.
        Strength::Legacy => triple_des(password, plain, salts.derive(salt)),
    }
}

fn pbes2(password: &StorePassword, plain: &[u8], salt: &[u8; 16], iv: &[u8; 16]) -> Encrypted {
    const ROUNDS: NonZeroU32 = NonZeroU32::new(ITERATIONS).expect("there are rounds");
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(
        PBKDF2_HMAC_SHA256,
        ROUNDS,
        salt,
        password.utf8(),
        key.as_mut_slice(),
    );

    let parameters = sequence(&[&octets(salt), &integer(ITERATIONS), &algorithm(HMAC_SHA256)]);
    let derivation = sequence(&[&oid(PBKDF2), &parameters]);
    let cipher = sequence(&[&oid(AES_256_CBC), &octets(iv)]);
    Encrypted {
        algorithm: sequence(&[&oid(PBES2), &sequence(&[&derivation, &cipher])]),
        data: cbc_encrypt::<Aes256>(key.as_slice(), iv, plain),
    }
}

fn triple_des(password: &StorePassword, plain: &[u8], salt: [u8; 8]) -> Encrypted {
    let password = password.terminated_utf16();
    let derive = |purpose, len| appendix_b::derive::<Sha1>(&password, &salt, purpose, ITERATIONS, len);
    let parameters = sequence(&[&octets(&salt), &integer(ITERATIONS)]);
    Encrypted {
        algorithm: sequence(&[&oid(SHA_AND_3_KEY_TRIPLE_DES), &parameters]),
        data: cbc_encrypt::<TdesEde3>(&derive(Purpose::Key, 24), &derive(Purpose::Iv, 8), plain),
    }
}

/// In place, so that no copy of the text stays behind.
fn cbc_encrypt<C>(key: &[u8], iv: &[u8], plain: &[u8]) -> Vec<u8>
where
    C: BlockEncryptMut + BlockCipher + KeyInit,
    Encryptor<C>: InnerIvInit<Inner = C>,
{
    let block = C::block_size();
    let mut buffer = vec![0; (plain.len() / block + 1) * block];
    buffer[..plain.len()].copy_from_slice(plain);
    let encryptor = Encryptor::<C>::new_from_slices(key, iv).expect("key and vector have the cipher's sizes");
    encryptor
        .encrypt_padded_mut::<Pkcs7>(&mut buffer, plain.len())
        .expect("the buffer has room for the padding");
    buffer
}
