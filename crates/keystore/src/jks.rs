//! Java key stores: the format of `sun.security.provider.JavaKeyStore`, version 2, and of its `KeyProtector`.
//!
//! Both protect as little as they did in 1996: one pass of SHA-1 stands between a guess and its answer. The format is
//! for programs that read nothing else.

use der::asn1::ObjectIdentifier;
use encoding::SecretBytes;
use sha1::{Digest, Sha1};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::KeyEntry;
use super::asn1::{algorithm, octets, sequence};
use super::password::StorePassword;
use super::salts::Salts;

const MAGIC: u32 = 0xfeed_feed;
const VERSION: u32 = 2;
const PRIVATE_KEY_ENTRY: u32 = 1;
const TRUSTED_CERTIFICATE_ENTRY: u32 = 2;
const CERTIFICATE_TYPE: &str = "X.509";
/// What the digest of a store begins with after the password.
const WHITENER: &str = "Mighty Aphrodite";
/// `KeyProtector.KEY_PROTECTOR_OID`.
const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");

/// Gives a store with one key and its certificates, the key under the store's password.
///
/// `created` is the entry's date: a time that belongs to the content, so that the same content gives the same bytes.
pub fn key_store(entry: &KeyEntry<'_>, password: &StorePassword, created: OffsetDateTime) -> SecretBytes {
    let alias = canonical(entry.alias);
    let parts = [alias.as_bytes()].into_iter().chain(entry.certificates());
    let salt = Salts::new(entry.key.expose(), "jks", parts).derive("key salt");
    let key = sequence(&[
        &algorithm(KEY_PROTECTOR),
        &octets(&protect(entry.key.expose(), password, &salt)),
    ]);

    let mut store = Store::new(PRIVATE_KEY_ENTRY, &alias, created);
    store.block(&key);
    store.number(u32::try_from(entry.chain.len() + 1).expect("a chain is short"));
    entry.certificates().for_each(|der| store.certificate(der));
    store.finish(password)
}

/// Gives a store with one certificate that Java trusts. `created` as for [`key_store`].
pub fn trust_store(
    certificate: &[u8],
    alias: &str,
    password: &StorePassword,
    created: OffsetDateTime,
) -> SecretBytes {
    let mut store = Store::new(TRUSTED_CERTIFICATE_ENTRY, &canonical(alias), created);
    store.certificate(certificate);
    store.finish(password)
}

/// `JavaKeyStore.JKS` keeps aliases in lower case, and looks them up so.
fn canonical(alias: &str) -> String {
    alias.to_lowercase()
}

/// `KeyProtector.protect`: salt, the key under a stream of SHA-1 digests, and a digest of the key.
fn protect(key: &[u8], password: &StorePassword, salt: &[u8; 20]) -> Vec<u8> {
    let password = password.utf16();
    let mut protected = Vec::with_capacity(salt.len() + key.len() + 20);
    protected.extend_from_slice(salt);
    let mut pad = Zeroizing::new(*salt);
    for chunk in key.chunks(pad.len()) {
        *pad = Sha1::new()
            .chain_update(&password)
            .chain_update(pad.as_slice())
            .finalize()
            .into();
        protected.extend(chunk.iter().zip(pad.iter()).map(|(byte, pad)| byte ^ pad));
    }
    let check = Sha1::new().chain_update(&password).chain_update(key).finalize();
    protected.extend_from_slice(&check);
    protected
}

/// A store with one entry, as `java.io.DataOutputStream` would write it.
struct Store(Vec<u8>);

impl Store {
    fn new(entry: u32, alias: &str, created: OffsetDateTime) -> Self {
        let mut store = Self(Vec::new());
        for number in [MAGIC, VERSION, 1, entry] {
            store.number(number);
        }
        store.text(alias);
        // Of a certificate's date, whose year has four digits: it fits.
        let milliseconds = i64::try_from(created.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        store.0.extend(milliseconds.to_be_bytes());
        store
    }

    fn number(&mut self, number: u32) {
        self.0.extend(number.to_be_bytes());
    }

    /// Length in four bytes, then the bytes.
    fn block(&mut self, bytes: &[u8]) {
        self.number(u32::try_from(bytes.len()).expect("keys and certificates are small"));
        self.0.extend_from_slice(bytes);
    }

    /// `writeUTF`: length in two bytes, then each UTF-16 unit by itself in the manner of UTF-8.
    fn text(&mut self, text: &str) {
        let encoded: Vec<u8> = text.encode_utf16().flat_map(modified_utf8).collect();
        let len = u16::try_from(encoded.len()).expect("an alias has fewer than 10,000 characters");
        self.0.extend(len.to_be_bytes());
        self.0.extend(encoded);
    }

    fn certificate(&mut self, der: &[u8]) {
        self.text(CERTIFICATE_TYPE);
        self.block(der);
    }

    /// The digest over all at the end, which also is the check of the password.
    fn finish(mut self, password: &StorePassword) -> SecretBytes {
        let digest = Sha1::new()
            .chain_update(password.utf16())
            .chain_update(WHITENER)
            .chain_update(&self.0)
            .finalize();
        self.0.extend_from_slice(&digest);
        SecretBytes::new(self.0)
    }
}

/// `java.io.DataInput`, "modified UTF-8": surrogates are encoded like any other unit.
fn modified_utf8(unit: u16) -> Vec<u8> {
    let [high, low] = unit.to_be_bytes();
    let last = 0x80 | (low & 0x3f);
    let middle = 0x80 | ((high & 0x0f) << 2) | (low >> 6);
    match unit {
        0x01..=0x7f => vec![low],
        0..=0x7ff => vec![0xc0 | ((high & 0x07) << 2) | (low >> 6), last],
        _ => vec![0xe0 | (high >> 4), middle, last],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_java_does() {
        let mut store = Store(Vec::new());
        store.text("a\u{e4}\u{20ac}\u{1f511}");
        let expected = [
            0, 12, b'a', 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0xbd, 0xed, 0xb4, 0x91,
        ];
        assert_eq!(store.0, expected);
    }

    #[test]
    fn aliases_are_in_lower_case() {
        assert_eq!(canonical("Web-TLS \u{c4}"), "web-tls \u{e4}");
    }
}
