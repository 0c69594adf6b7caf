//! A small encoder of PFX values of every sort, for tests. It shares no code with the reader but the cryptography.

use aes::{Aes128, Aes192, Aes256};
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipher, BlockEncryptMut, InnerIvInit, KeyInit, KeyIvInit};
use der::Encode;
use der::asn1::ObjectIdentifier;
use des::{TdesEde2, TdesEde3};
use hmac::{Hmac, Mac};
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

pub const NULL: &[u8] = &[];
pub const TERMINATED: &[u8] = &[0, 0];

pub const SHA1: &str = "1.3.14.3.2.26";
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub const SHA384: &str = "2.16.840.1.101.3.4.2.2";
pub const SHA512: &str = "2.16.840.1.101.3.4.2.3";
pub const HMAC_SHA256: &str = "1.2.840.113549.2.9";

pub const TRIPLE_DES_3: &str = "1.2.840.113549.1.12.1.3";
pub const TRIPLE_DES_2: &str = "1.2.840.113549.1.12.1.4";
pub const RC2_128: &str = "1.2.840.113549.1.12.1.5";
pub const RC2_40: &str = "1.2.840.113549.1.12.1.6";
pub const PBES2_3DES: &str = "1.2.840.113549.3.7";
pub const AES_128: &str = "2.16.840.1.101.3.4.1.2";
pub const AES_192: &str = "2.16.840.1.101.3.4.1.22";
pub const AES_256: &str = "2.16.840.1.101.3.4.1.42";

pub const KEY: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x2a];
pub const CERTIFICATE: &[u8] = b"any octets: certificates are not parsed here";
pub const KEY_ID: &[u8] = &[1, 0, 0, 0];
pub const SALT: &[u8] = b"saltsalt";

pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match content.len() {
        len @ 0..=0x7f => out.push(u8::try_from(len).expect("short")),
        len => {
            out.push(0x82);
            out.extend(u16::try_from(len).expect("below 64 KiB").to_be_bytes());
        }
    }
    [out, content].concat()
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

pub fn oid(dotted: &str) -> Vec<u8> {
    ObjectIdentifier::new(dotted)
        .expect("an identifier")
        .to_der()
        .expect("encodable")
}

pub fn integer(value: u32) -> Vec<u8> {
    value.to_der().expect("encodable")
}

/// What protects a part of a PFX.
#[derive(Debug, Clone, Copy)]
pub enum Protection {
    None,
    Pkcs12(&'static str),
    Pbes2(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub password: &'static [u8],
    pub key: Protection,
    pub certificates: Protection,
    pub mac: Option<&'static str>,
    pub mac_iterations: Option<u32>,
    pub iterations: u32,
}

pub const MODERN: Recipe = Recipe {
    password: NULL,
    key: Protection::Pbes2(AES_256),
    certificates: Protection::Pbes2(AES_256),
    mac: Some(SHA256),
    mac_iterations: Some(3),
    iterations: 3,
};

impl Recipe {
    /// A PFX with [`KEY`] and [`CERTIFICATE`], which nothing but the PFX reader takes for what they are called.
    pub fn pfx(self) -> Vec<u8> {
        self.pfx_of(KEY, &[CERTIFICATE])
    }

    /// A PFX with one key, PKCS#8, and certificates; the key and the last certificate carry the same mark.
    pub fn pfx_of(self, key: &[u8], certificates: &[&[u8]]) -> Vec<u8> {
        let key_bag = match self.encrypt(self.key, key) {
            None => marked_bag("1.2.840.113549.1.12.10.1.1", key),
            Some((algorithm, data)) => marked_bag(
                "1.2.840.113549.1.12.10.1.2",
                &sequence(&[&algorithm, &tlv(4, &[&data])]),
            ),
        };
        let bags = certificates.iter().enumerate().map(|(index, der)| {
            let bag_of = if index + 1 == certificates.len() {
                marked_bag
            } else {
                bag
            };
            bag_of("1.2.840.113549.1.12.10.1.3", &cert_value(der))
        });
        let certificates = sequence(&[&bags.collect::<Vec<_>>().concat()]);
        let certificates = match self.encrypt(self.certificates, &certificates) {
            None => data(&certificates),
            Some((algorithm, data)) => encrypted_data(&algorithm, &data),
        };
        self.wrap(&sequence(&[&data(&sequence(&[&key_bag])), &certificates]))
    }

    pub fn wrap(self, safe: &[u8]) -> Vec<u8> {
        let mac = self.mac.map(|digest| self.mac(digest, safe)).unwrap_or_default();
        sequence(&[&integer(3), &data(safe), &mac])
    }

    pub fn mac(self, digest: &str, safe: &[u8]) -> Vec<u8> {
        let rounds = i32::try_from(self.mac_iterations.unwrap_or(1)).expect("few");
        macro_rules! tag {
            ($D:ty, $len:literal) => {{
                let key = derive_key::<$D>(self.password, SALT, Pkcs12KeyType::Mac, rounds, $len);
                let mac = <Hmac<$D> as Mac>::new_from_slice(&key).expect("any length");
                mac.chain_update(safe).finalize().into_bytes().to_vec()
            }};
        }
        let tag = match digest {
            SHA1 => tag!(Sha1, 20),
            SHA256 => tag!(Sha256, 32),
            SHA384 => tag!(Sha384, 48),
            _ => tag!(Sha512, 64),
        };
        let iterations = self.mac_iterations.map(integer).unwrap_or_default();
        let info = sequence(&[&sequence(&[&oid(digest), &[5, 0]]), &tlv(4, &[&tag])]);
        sequence(&[&info, &tlv(4, &[SALT]), &iterations])
    }

    fn encrypt(self, protection: Protection, plain: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        match protection {
            Protection::None => None,
            Protection::Pkcs12(scheme) => {
                let rounds = i32::try_from(self.iterations).unwrap_or(i32::MAX).min(2000);
                let derive = |id, len| derive_key::<Sha1>(self.password, SALT, id, rounds, len);
                let key = |len| derive(Pkcs12KeyType::EncryptionKey, len);
                let iv = derive(Pkcs12KeyType::Iv, 8);
                let data = match scheme {
                    TRIPLE_DES_3 => cbc_encrypt::<TdesEde3>(&key(24), &iv, plain),
                    TRIPLE_DES_2 => cbc_encrypt::<TdesEde2>(&key(16), &iv, plain),
                    RC2_40 => cbc_encrypt::<Rc2>(&key(5), &iv, plain),
                    _ => cbc_encrypt::<Rc2>(&key(16), &iv, plain),
                };
                let parameters = sequence(&[&tlv(4, &[SALT]), &integer(self.iterations)]);
                Some((sequence(&[&oid(scheme), &parameters]), data))
            }
            Protection::Pbes2(cipher) => {
                let (key_len, iv): (_, &[u8]) = match cipher {
                    AES_128 => (16, &[7; 16]),
                    AES_192 => (24, &[7; 16]),
                    AES_256 => (32, &[7; 16]),
                    _ => (24, &[7; 8]),
                };
                let mut key = vec![0; key_len];
                pbkdf2::pbkdf2_hmac::<Sha256>(b"", SALT, self.iterations.min(2000), &mut key);
                let data = match cipher {
                    AES_128 => cbc_encrypt::<Aes128>(&key, iv, plain),
                    AES_192 => cbc_encrypt::<Aes192>(&key, iv, plain),
                    AES_256 => cbc_encrypt::<Aes256>(&key, iv, plain),
                    _ => cbc_encrypt::<TdesEde3>(&key, iv, plain),
                };
                let scheme = sequence(&[&oid(cipher), &tlv(4, &[iv])]);
                let parameters = sequence(&[&pbkdf2_identifier(self.iterations), &scheme]);
                Some((sequence(&[&oid("1.2.840.113549.1.5.13"), &parameters]), data))
            }
        }
    }
}

pub fn pbkdf2_identifier(iterations: u32) -> Vec<u8> {
    let prf = sequence(&[&oid(HMAC_SHA256), &[5, 0]]);
    let parameters = sequence(&[&tlv(4, &[SALT]), &integer(iterations), &prf]);
    sequence(&[&oid("1.2.840.113549.1.5.12"), &parameters])
}

pub fn cbc_encrypt<C>(key: &[u8], iv: &[u8], plain: &[u8]) -> Vec<u8>
where
    C: BlockEncryptMut + BlockCipher + KeyInit,
    Encryptor<C>: InnerIvInit<Inner = C>,
{
    let mut buffer = [plain, &[0; 16]].concat();
    let encryptor = Encryptor::<C>::new_from_slices(key, iv).expect("sizes of the cipher");
    encryptor
        .encrypt_padded_mut::<Pkcs7>(&mut buffer, plain.len())
        .expect("room for padding")
        .to_vec()
}

/// A bag without attributes.
pub fn bag(id: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(id), &tlv(0xa0, &[value])])
}

/// A bag with the attributes that Windows writes: out of order for a `SET OF`, and one unknown.
pub fn marked_bag(id: &str, value: &[u8]) -> Vec<u8> {
    let local_key_id = sequence(&[&oid("1.2.840.113549.1.9.21"), &tlv(0x31, &[&tlv(4, &[KEY_ID])])]);
    let provider = sequence(&[
        &oid("1.3.6.1.4.1.311.17.1"),
        &tlv(0x31, &[&tlv(0x1e, &[&[0, 65]])]),
    ]);
    sequence(&[
        &oid(id),
        &tlv(0xa0, &[value]),
        &tlv(0x31, &[&provider, &local_key_id]),
    ])
}

/// `CertBag` with an X.509 certificate.
pub fn cert_value(der: &[u8]) -> Vec<u8> {
    sequence(&[&oid("1.2.840.113549.1.9.22.1"), &tlv(0xa0, &[&tlv(4, &[der])])])
}

pub fn data(octets: &[u8]) -> Vec<u8> {
    sequence(&[&oid("1.2.840.113549.1.7.1"), &tlv(0xa0, &[&tlv(4, &[octets])])])
}

pub fn encrypted_data(algorithm: &[u8], octets: &[u8]) -> Vec<u8> {
    let info = sequence(&[&oid("1.2.840.113549.1.7.1"), algorithm, &tlv(0x80, &[octets])]);
    sequence(&[
        &oid("1.2.840.113549.1.7.6"),
        &tlv(0xa0, &[&sequence(&[&[2, 1, 0], &info])]),
    ])
}
