//! Writes key stores: PKCS#12 (RFC 7292), Java key stores, and PKCS#8 keys under a password.
//!
//! The same inputs give the same bytes. A restart then finds the file as it would write it again, nothing is published
//! and nobody is told of a change that is none; and rendering stays free of randomness. What is random elsewhere,
//! salts and initialisation vectors, is derived: see `salts`, which also says why that is safe.

pub(in crate::render) mod appendix_b;
mod encoding;
mod encryption;
mod jks;
mod password;
mod pkcs12;
mod salts;
#[cfg(test)]
mod tests;

pub use self::jks::{java_key_store, java_trust_store};
pub use self::password::{PasswordProblem, StorePassword};
pub use self::pkcs12::{encrypted_private_key, pkcs12_key_store, pkcs12_trust_store};

/// Rounds of each key derivation of a PKCS#12 store and of an encrypted PKCS#8 key, as Java 17 writes them.
///
/// OpenSSL 3 writes 2,048. `examples/rendering.rs` measures what they cost.
pub const ITERATIONS: u32 = 10_000;

/// What a key store holds: one key and the certificates that show whose it is.
#[derive(Clone, Copy)]
pub struct KeyEntry<'a> {
    /// `PrivateKeyInfo` (RFC 5208), DER.
    pub key: &'a [u8],
    /// Its certificate.
    pub leaf: &'a [u8],
    /// The certificates above, nearest first.
    pub chain: &'a [&'a [u8]],
    /// Name of the entry.
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
