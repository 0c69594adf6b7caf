//! Salts and initialisation vectors that depend on what they protect, and on nothing else.
//!
//! A salt must differ wherever the protected content does, so that neither a derivation nor an encryption key serves
//! twice; it need not be unpredictable. Each is an HMAC-SHA-256, keyed with the private key of the store, over a label,
//! the alias and all content. So:
//!
//! - other content, another alias or another format gives other salts, and with them other encryption keys; an
//!   initialisation vector meets the same key and another text never;
//! - who lacks the private key cannot tell the salts from random ones, nor work out anything ahead of time;
//! - the password plays no part: a salt that depended on it would let guesses be tested faster than by the derivation
//!   itself. Two passwords give two keys under one salt, as they may.
//!
//! A trust store has no private key. Its salts come from the certificate and the alias alone, which are public, and so is
//! everything in it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The names of salt and vector of a private key.
pub(crate) const KEY_SALTS: [&str; 2] = ["key salt", "key iv"];

/// Where the salts of one store come from.
pub(crate) struct Salts([u8; 32]);

impl Salts {
    /// Takes the private key of the store, or nothing, what sort of store it is, and all that is in it.
    pub(crate) fn new<'a>(key: &[u8], sort: &'a str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        // The name of whom it was written for stays: another one would be other salts, and other bytes in every store.
        let mut seed = hmac(key).chain_update("akv-sync salts 1\0");
        // With their lengths, so that no two lists of parts are the same text.
        for part in [sort.as_bytes()].into_iter().chain(parts) {
            let len = u64::try_from(part.len()).unwrap_or(u64::MAX);
            seed = seed.chain_update(len.to_be_bytes()).chain_update(part);
        }
        Self(seed.finalize().into_bytes().into())
    }

    /// The `N` bytes called `label`, which each use has its own of. At most 32.
    pub(crate) fn derive<const N: usize>(&self, label: &str) -> [u8; N] {
        let bytes = hmac(&self.0).chain_update(label).finalize().into_bytes();
        *bytes.first_chunk().expect("no salt is longer than 32 bytes")
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_changes_every_salt_and_parts_do_not_run_into_each_other() {
        let salts = |label| {
            let of = |key: &str, sort, parts: &[&str]| {
                let parts = parts.iter().map(|part| part.as_bytes());
                Salts::new(key.as_bytes(), sort, parts).derive::<16>(label)
            };
            [
                of("key", "pkcs12", &["ab", "c"]),
                of("other", "pkcs12", &["ab", "c"]),
                of("key", "jks", &["ab", "c"]),
                of("key", "pkcs12", &["a", "bc"]),
                of("key", "pkcs12", &["abc"]),
                of("key", "pkcs12", &["ab", "c", ""]),
            ]
        };
        let mut all = [salts("one"), salts("two")].concat();
        assert_eq!(salts("one"), salts("one"));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}
