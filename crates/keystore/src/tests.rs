//! What is written is read back: PKCS#12 by the reader of `certificate`, JKS by a reader of the tests' own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sha1::{Digest, Sha1};
use testing::certificates::{Authority, Issued};
use time::macros::datetime;

use super::*;
use crate::certificate::read;

struct Line {
    root: Authority,
    middle: Authority,
    leaf: Issued,
}

fn line() -> Line {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    Line { root, middle, leaf }
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

fn password(text: &str) -> StorePassword {
    StorePassword::parse(&SecretBytes::from(text.to_owned())).expect("text")
}

#[test]
fn a_pkcs12_store_with_the_empty_password_is_read_back() {
    let Line { root, middle, leaf } = line();
    let chain = [middle.der.as_slice(), &root.der];
    let entry = KeyEntry {
        key: &secret(&leaf.key),
        leaf: &leaf.der,
        chain: &chain,
        alias: "web",
    };
    for strength in [Strength::Modern, Strength::Legacy] {
        let store = pkcs12::key_store(&entry, &StorePassword::empty(), strength);
        let read = read(STANDARD.encode(store.expose()).as_bytes(), None).expect("readable");
        assert_eq!(read.leaf, leaf.der, "{strength:?}");
        assert_eq!(read.intermediates, [middle.der.as_slice()], "{strength:?}");
        assert_eq!(read.root.as_ref(), Some(&root.der), "{strength:?}");
        assert!(
            read.private_key.expect("a key").expose() == leaf.key.as_slice(),
            "{strength:?}"
        );
    }
    let store = pkcs12::trust_store(&root.der, "root", &StorePassword::empty());
    let read = read(STANDARD.encode(store.expose()).as_bytes(), None).expect("readable");
    assert_eq!((read.leaf, read.private_key), (root.der, None));
}

#[test]
fn a_pkcs12_trust_store_hides_its_certificate_only_behind_a_password() {
    let Line { root, .. } = line();
    let shown = |password: &StorePassword| {
        let store = pkcs12::trust_store(&root.der, "root", password);
        store
            .expose()
            .windows(root.der.len())
            .any(|part| part == root.der)
    };
    assert!(shown(&StorePassword::empty()), "Java reads it without a password");
    assert!(!shown(&password("changeit")));
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_every_other_input_gives_others() {
    let Line { root, middle, leaf } = line();
    let other = middle.issue("other");
    let chain = [middle.der.as_slice()];
    let longer = [middle.der.as_slice(), &root.der];
    let since = datetime!(2025-01-02 03:04:05 UTC);
    let entry = KeyEntry {
        key: &secret(&leaf.key),
        leaf: &leaf.der,
        chain: &chain,
        alias: "web",
    };
    let stores = |entry: &KeyEntry<'_>, text: &str| {
        let password = password(text);
        [
            pkcs12::key_store(entry, &password, Strength::Modern),
            pkcs12::key_store(entry, &password, Strength::Legacy),
            jks::key_store(entry, &password, since),
            pkcs12::trust_store(entry.leaf, entry.alias, &password),
            jks::trust_store(entry.leaf, entry.alias, &password, since),
            SecretBytes::new(key::encrypted(entry.key, &password)),
        ]
    };
    let reference = stores(&entry, "changeit");
    assert_eq!(stores(&entry, "changeit"), reference);
    for (index, (one, other)) in stores(&entry, "changed").iter().zip(&reference).enumerate() {
        assert_ne!(one, other, "password, {index}");
    }
    let renewed = KeyEntry {
        key: &secret(&other.key),
        leaf: &other.der,
        ..entry
    };
    for (index, (one, other)) in stores(&renewed, "changeit").iter().zip(&reference).enumerate() {
        assert_ne!(one, other, "key and leaf, {index}");
    }
    let renamed = KeyEntry {
        alias: "www",
        ..entry
    };
    for (index, (one, other)) in stores(&renamed, "changeit")[..5]
        .iter()
        .zip(&reference)
        .enumerate()
    {
        assert_ne!(one, other, "alias, {index}");
    }
    let rooted = KeyEntry {
        chain: &longer,
        ..entry
    };
    for (index, (one, other)) in stores(&rooted, "changeit")[..3]
        .iter()
        .zip(&reference)
        .enumerate()
    {
        assert_ne!(one, other, "chain, {index}");
    }
}

#[test]
fn the_key_is_never_encrypted_twice_under_one_salt() {
    // The PBES2 salt of the key bag stands in the clear, after the identifier of PBKDF2 and four bytes of headers.
    let salt = |der: &[u8]| {
        let pbkdf2 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
        let at = der.windows(9).rposition(|window| window == pbkdf2);
        der[at.expect("PBES2") + 9 + 4..][..16].to_vec()
    };
    let Line { middle, leaf, .. } = line();
    let chain = [middle.der.as_slice()];
    let store = |alias, chain| {
        let entry = KeyEntry {
            key: &secret(&leaf.key),
            leaf: &leaf.der,
            chain,
            alias,
        };
        salt(pkcs12::key_store(&entry, &password("x"), Strength::Modern).expose())
    };
    let mut salts = vec![
        store("web", &chain),
        store("www", &chain),
        store("web", &[]),
        salt(&key::encrypted(&secret(&leaf.key), &password("x"))),
        salt(&key::encrypted(
            &secret(&middle.issue("other").key),
            &password("x"),
        )),
    ];
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 5);
}

/// A reader of the format of `JavaKeyStore`, as its `engineLoad` and `KeyProtector.recover` do it.
struct Jks<'a> {
    left: &'a [u8],
    password: Vec<u8>,
}

impl<'a> Jks<'a> {
    fn open(store: &'a [u8], password: &str) -> Self {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let (content, digest) = store.split_last_chunk::<20>().expect("a digest");
        let expected = Sha1::digest([&password, b"Mighty Aphrodite".as_slice(), content].concat());
        assert_eq!(digest, expected.as_slice());
        let mut jks = Self {
            left: content,
            password,
        };
        assert_eq!([jks.number(), jks.number(), jks.number()], [0xfeed_feed, 2, 1]);
        jks
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, left) = self.left.split_at(len);
        self.left = left;
        taken
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().expect("four bytes"))
    }

    fn text(&mut self) -> &'a [u8] {
        let len = u16::from_be_bytes(self.take(2).try_into().expect("two bytes"));
        self.take(len.into())
    }

    fn block(&mut self) -> &'a [u8] {
        let len = self.number();
        self.take(len.try_into().expect("short"))
    }

    fn certificate(&mut self) -> &'a [u8] {
        assert_eq!(self.text(), b"X.509");
        self.block()
    }

    fn key(&mut self) -> Vec<u8> {
        // SEQUENCE, AlgorithmIdentifier of 16 bytes, OCTET STRING; both long lengths take three bytes.
        let protected = &self.block()[4 + 16 + 4..];
        let (salt, rest) = protected.split_at(20);
        let (encrypted, check) = rest.split_at(rest.len() - 20);
        let mut pad = salt.to_vec();
        let mut key = Vec::new();
        for chunk in encrypted.chunks(20) {
            pad = Sha1::digest([self.password.clone(), pad].concat()).to_vec();
            key.extend(chunk.iter().zip(&pad).map(|(byte, pad)| byte ^ pad));
        }
        let expected = Sha1::digest([self.password.as_slice(), &key].concat());
        assert_eq!(check, expected.as_slice());
        key
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_java_store_is_read_back(
        alias in "[ -~]{1,20}",
        text in "[^\0]{0,30}",
        key in prop::collection::vec(any::<u8>(), 260..400),
        certificates in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..4),
    ) {
        let since = datetime!(2025-01-02 03:04:05 UTC);
        let key = SecretBytes::new(key);
        let slices: Vec<_> = certificates.iter().map(Vec::as_slice).collect();
        let entry = KeyEntry { key: &key, leaf: slices[0], chain: &slices[1..], alias: &alias };
        let store = jks::key_store(&entry, &password(&text), since);
        let mut jks = Jks::open(store.expose(), &text);
        prop_assert_eq!(jks.number(), 1);
        let lower = alias.to_ascii_lowercase();
        prop_assert_eq!(jks.text(), lower.as_bytes());
        prop_assert_eq!(jks.take(8), 1_735_787_045_000_u64.to_be_bytes());
        prop_assert!(jks.key() == key.expose());
        prop_assert_eq!(usize::try_from(jks.number()), Ok(certificates.len()));
        for certificate in &slices {
            prop_assert_eq!(jks.certificate(), *certificate);
        }
        prop_assert_eq!(jks.left, b"");

        let store = jks::trust_store(slices[0], &alias, &password(&text), since);
        let mut jks = Jks::open(store.expose(), &text);
        prop_assert_eq!(jks.number(), 2);
        prop_assert_eq!(jks.text(), lower.as_bytes());
        jks.take(8);
        prop_assert_eq!(jks.certificate(), slices[0]);
        prop_assert_eq!(jks.left, b"");
    }

    #[test]
    fn every_pkcs12_store_with_the_empty_password_is_read_back(
        alias in "\\PC{1,128}",
        legacy: bool,
        with_chain: bool,
    ) {
        let Line { middle, leaf, .. } = line();
        let chain = [middle.der.as_slice()];
        let entry = KeyEntry {
            key: &secret(&leaf.key),
            leaf: &leaf.der,
            chain: &chain[..usize::from(with_chain)],
            alias: &alias,
        };
        let strength = if legacy { Strength::Legacy } else { Strength::Modern };
        let store = pkcs12::key_store(&entry, &StorePassword::empty(), strength);
        let read = read(STANDARD.encode(store.expose()).as_bytes(), None).expect("readable");
        prop_assert_eq!((read.leaf, read.intermediates.len()), (leaf.der, usize::from(with_chain)));
        prop_assert!(read.private_key.expect("a key").expose() == leaf.key.as_slice());
    }

    #[test]
    fn no_value_makes_the_reader_of_passwords_panic(value: Vec<u8>) {
        let _ = StorePassword::parse(&SecretBytes::new(value)).map(|password| password.terminated_utf16());
    }
}
