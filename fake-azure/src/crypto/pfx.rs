//! PKCS #12 files (RFC 7292) as Key Vault has written them at different times.

use aes::Aes256;
use aes::cipher::{BlockEncryptMut as _, InnerIvInit as _, KeyIvInit as _, block_padding::Pkcs7};
use des::TdesEde3;
use rc2::Rc2;
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use ring::{hmac, pbkdf2};
use std::num::NonZeroU32;

use super::der;
use crate::ids;

/// How the fake writes a PFX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PfxEncoding {
    /// 2018: the key with 3DES, the certificates with RC2-40, one iteration for the MAC, the password NULL.
    Legacy2018,
    /// 2024: everything with 3DES, 2000 iterations, the password NULL.
    #[default]
    TripleDes2024,
    /// AES-256 and HMAC-SHA-256, the password an empty string.
    Modern,
}

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const SHROUDED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG: &str = "1.2.840.113549.1.12.10.1.3";
const X509_CERTIFICATE: &str = "1.2.840.113549.1.9.22.1";
const LOCAL_KEY_ID: &str = "1.2.840.113549.1.9.21";
const FRIENDLY_NAME: &str = "1.2.840.113549.1.9.20";
const CSP_NAME: &str = "1.3.6.1.4.1.311.17.1";
const ITERATIONS: u32 = 2000;

/// Encodes a key, if there is one, and certificates; the one equal to `leaf` belongs to the key.
pub(crate) fn encode(
    encoding: PfxEncoding,
    pkcs8: Option<&[u8]>,
    leaf: &[u8],
    certificates: &[Vec<u8>],
) -> Vec<u8> {
    let mut contents = Vec::new();
    if let Some(pkcs8) = pkcs8 {
        let bags = der::sequence(&[key_bag(encoding, pkcs8)]);
        contents.push(content(DATA, &der::octets(&bags)));
    }
    let bags: Vec<_> = certificates
        .iter()
        .map(|der| certificate_bag(der, der == leaf && pkcs8.is_some()))
        .collect();
    contents.push(encrypted(encoding, &der::sequence(&bags)));
    let safe = der::sequence(&contents);
    der::sequence(&[
        der::integer(3),
        content(DATA, &der::octets(&safe)),
        mac(encoding, &safe),
    ])
}

fn content(kind: &str, value: &[u8]) -> Vec<u8> {
    der::sequence(&[der::oid(kind), der::tagged(0, value)])
}

fn key_bag(encoding: PfxEncoding, pkcs8: &[u8]) -> Vec<u8> {
    let cipher = match encoding {
        PfxEncoding::Modern => Cipher::Aes256,
        _ => Cipher::TripleDes,
    };
    let (algorithm, bytes) = cipher.encrypt(pkcs8);
    let shrouded = der::sequence(&[algorithm, der::octets(&bytes)]);
    let provider = der::bmp("Microsoft Software Key Storage Provider");
    let attributes = der::set(&[
        local_key_id(),
        attribute(FRIENDLY_NAME, der::bmp("fake")),
        attribute(CSP_NAME, provider),
    ]);
    der::sequence(&[der::oid(SHROUDED_KEY_BAG), der::tagged(0, &shrouded), attributes])
}

fn certificate_bag(certificate: &[u8], has_key: bool) -> Vec<u8> {
    let value = der::sequence(&[
        der::oid(X509_CERTIFICATE),
        der::tagged(0, &der::octets(certificate)),
    ]);
    let mut parts = vec![der::oid(CERTIFICATE_BAG), der::tagged(0, &value)];
    if has_key {
        parts.push(der::set(&[local_key_id()]));
    }
    der::sequence(&parts)
}

fn local_key_id() -> Vec<u8> {
    attribute(LOCAL_KEY_ID, der::octets(&[1, 0, 0, 0]))
}

fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[der::oid(oid), der::set(&[value])])
}

fn encrypted(encoding: PfxEncoding, bags: &[u8]) -> Vec<u8> {
    let cipher = match encoding {
        PfxEncoding::Legacy2018 => Cipher::Rc2,
        PfxEncoding::TripleDes2024 => Cipher::TripleDes,
        PfxEncoding::Modern => Cipher::Aes256,
    };
    let (algorithm, bytes) = cipher.encrypt(bags);
    let info = der::sequence(&[der::oid(DATA), algorithm, der::implicit(0, &bytes)]);
    content(ENCRYPTED_DATA, &der::sequence(&[der::integer(0), info]))
}

enum Cipher {
    TripleDes,
    Rc2,
    Aes256,
}

impl Cipher {
    /// Encrypts with a fresh salt; gives the `AlgorithmIdentifier` and the bytes.
    fn encrypt(&self, plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::TripleDes => {
                let salt = ids::random_bytes::<8>();
                let (key, iv) = pbe_key_and_iv(&salt, 24);
                let cipher = cbc::Encryptor::<TdesEde3>::new_from_slices(&key, &iv).expect("24 and 8 bytes");
                let bytes = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
                (pbe_algorithm("1.2.840.113549.1.12.1.3", &salt), bytes)
            }
            Self::Rc2 => {
                let salt = ids::random_bytes::<8>();
                let (key, iv) = pbe_key_and_iv(&salt, 5);
                let cipher = Rc2::new_with_eff_key_len(&key, 40);
                let cipher = cbc::Encryptor::inner_iv_slice_init(cipher, &iv).expect("8 bytes");
                let bytes = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
                (pbe_algorithm("1.2.840.113549.1.12.1.6", &salt), bytes)
            }
            Self::Aes256 => {
                let (salt, iv) = (ids::random_bytes::<16>(), ids::random_bytes::<16>());
                let iterations = NonZeroU32::new(ITERATIONS).expect("not zero");
                let mut key = [0; 32];
                pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, b"", &mut key);
                let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, &iv).expect("32 and 16 bytes");
                let bytes = cipher.encrypt_padded_vec_mut::<Pkcs7>(plain);
                (pbes2_algorithm(&salt, &iv), bytes)
            }
        }
    }
}

fn pbe_algorithm(oid: &str, salt: &[u8]) -> Vec<u8> {
    let parameters = der::sequence(&[der::octets(salt), der::integer(ITERATIONS)]);
    der::sequence(&[der::oid(oid), parameters])
}

fn pbes2_algorithm(salt: &[u8], iv: &[u8]) -> Vec<u8> {
    let prf = der::sequence(&[der::oid("1.2.840.113549.2.9"), der::null()]);
    let parameters = der::sequence(&[der::octets(salt), der::integer(ITERATIONS), prf]);
    let derivation = der::sequence(&[der::oid("1.2.840.113549.1.5.12"), parameters]);
    let cipher = der::sequence(&[der::oid("2.16.840.1.101.3.4.1.42"), der::octets(iv)]);
    der::sequence(&[
        der::oid("1.2.840.113549.1.5.13"),
        der::sequence(&[derivation, cipher]),
    ])
}

/// The keys of the PKCS #12 ciphers: always with the NULL password, as Key Vault's are.
fn pbe_key_and_iv(salt: &[u8], key_length: usize) -> (Vec<u8>, Vec<u8>) {
    let derive = |purpose, length| derive(&SHA1_FOR_LEGACY_USE_ONLY, &[], salt, ITERATIONS, purpose, length);
    (derive(1, key_length), derive(2, 8))
}

fn mac(encoding: PfxEncoding, safe: &[u8]) -> Vec<u8> {
    let salt = ids::random_bytes::<8>();
    // The empty password is a terminator of two bytes, the NULL password nothing at all.
    let (hash, hash_oid, method, password, iterations): (_, _, _, &[u8], _) = match encoding {
        PfxEncoding::Modern => (
            &SHA256,
            "2.16.840.1.101.3.4.2.1",
            hmac::HMAC_SHA256,
            &[0, 0],
            ITERATIONS,
        ),
        PfxEncoding::TripleDes2024 => (
            &SHA1_FOR_LEGACY_USE_ONLY,
            "1.3.14.3.2.26",
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            &[],
            ITERATIONS,
        ),
        PfxEncoding::Legacy2018 => (
            &SHA1_FOR_LEGACY_USE_ONLY,
            "1.3.14.3.2.26",
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            &[],
            1,
        ),
    };
    let key = derive(hash, password, &salt, iterations, 3, hash.output_len());
    let tag = hmac::sign(&hmac::Key::new(method, &key), safe);
    let algorithm = der::sequence(&[der::oid(hash_oid), der::null()]);
    let mut parts = vec![
        der::sequence(&[algorithm, der::octets(tag.as_ref())]),
        der::octets(&salt),
    ];
    // DEFAULT 1: DER leaves it out.
    if iterations != 1 {
        parts.push(der::integer(iterations));
    }
    der::sequence(&parts)
}

/// Derives key material (RFC 7292, appendix B.2) for hashes with blocks of 64 bytes.
fn derive(
    hash: &'static digest::Algorithm,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    purpose: u8,
    length: usize,
) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut input = filled::<BLOCK>(salt);
    input.extend(filled::<BLOCK>(password));
    let mut derived = Vec::new();
    while derived.len() < length {
        let mut block = digest::digest(hash, &[&[purpose; BLOCK], input.as_slice()].concat());
        for _ in 1..iterations {
            block = digest::digest(hash, block.as_ref());
        }
        derived.extend(block.as_ref());
        let addend: Vec<u8> = block.as_ref().iter().copied().cycle().take(BLOCK).collect();
        input
            .chunks_mut(BLOCK)
            .for_each(|chunk| add_with_one(chunk, &addend));
    }
    derived.truncate(length);
    derived
}

/// The bytes, repeated to fill whole blocks.
fn filled<const BLOCK: usize>(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().div_ceil(BLOCK) * BLOCK;
    bytes.iter().copied().cycle().take(length).collect()
}

/// `number = number + addend + 1`, big-endian, without what overflows.
fn add_with_one(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1u16;
    for (digit, add) in number.iter_mut().zip(addend).rev() {
        let [high, low] = (u16::from(*digit) + u16::from(*add) + carry).to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}
