//! Certificates with their private keys, and the files that programs read them from.
//!
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod appendix_b;
mod asn1;
pub mod certificate;
mod encryption;
pub mod jks;
pub mod key;
mod password;
pub mod pem;
pub mod pkcs12;
mod salts;
#[cfg(test)]
mod tests;

pub use encoding::SecretBytes;

pub use self::password::{PasswordProblem, StorePassword};

/// Rounds of each key derivation of a PKCS#12 store and of an encrypted PKCS#8 key, as Java 17 writes them.
///
/// OpenSSL 3 writes 2,048.
pub const ITERATIONS: u32 = 10_000;

/// What a key store holds: one key and the certificates that show whose it is.
#[derive(Debug, Clone, Copy)]
pub struct KeyEntry<'a> {
    /// `PrivateKeyInfo` (RFC 5208), DER.
    pub key: &'a SecretBytes,
    /// Its certificate.
    pub leaf: &'a [u8],
    /// The certificates above, nearest first.
    pub chain: &'a [&'a [u8]],
    /// Name of the entry, of fewer than 10,000 characters.
    pub alias: &'a str,
}

impl<'a> KeyEntry<'a> {
    /// Leaf and chain.
    fn certificates(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        [self.leaf].into_iter().chain(self.chain.iter().copied())
    }
}

/// Algorithms of a PKCS#12 store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, HMAC-SHA-256: what OpenSSL 3 and Java 17 write.
    Modern,
    /// pbeWithSHAAnd3-KeyTripleDES-CBC and HMAC-SHA-1: what everything since 1999 reads.
    Legacy,
}
