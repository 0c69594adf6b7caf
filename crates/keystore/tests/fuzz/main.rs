//! Fuzzing of what reads bytes from outside; `testing::fuzz` says how.

mod seeds;

use encoding::TextEncoding;
use keystore::certificate::{Form, IssuedCertificate, read_encoded};
use keystore::key::{Curve, PublicKey, encrypted, pkcs1, sec1};
use keystore::{KeyEntry, SecretBytes, StorePassword, Strength, jks, pkcs12};
use testing::fuzz::fuzz;

#[test]
fn a_pfx_or_pem_value_of_any_bytes_is_decided() {
    fuzz("certificate", &seeds::certificates(), |value| {
        for form in [None, Some(Form::Pfx), Some(Form::Pem)] {
            for encoding in [None, Some(TextEncoding::Base64), Some(TextEncoding::Hex)] {
                // Refusing is as good as reading.
                if let Ok(read) = read_encoded(value, form, encoding) {
                    write_all(&read);
                }
            }
        }
    });
}

/// What was read can be written in every form that costs no derivation of a key.
fn write_all(read: &IssuedCertificate) {
    let password = StorePassword::empty();
    if let Some(authority) = read.authority() {
        jks::trust_store(authority, "a", &password, read.top_not_before);
    }
    let Some(key) = &read.private_key else { return };
    let chain: Vec<_> = read.intermediates.iter().map(Vec::as_slice).collect();
    let entry = KeyEntry {
        key,
        leaf: &read.leaf,
        chain: &chain,
        alias: "a",
    };
    jks::key_store(&entry, &password, read.not_before);
    // A key of another algorithm is told.
    let _ = (pkcs1(key), sec1(key, &read.leaf));
}

#[test]
fn stores_of_any_bytes_are_written() {
    fuzz("store", &seeds::certificates(), |bytes| {
        let key = SecretBytes::new(bytes.to_vec());
        let entry = KeyEntry {
            key: &key,
            leaf: bytes,
            chain: &[bytes],
            alias: "a",
        };
        let Ok(password) = StorePassword::parse(&key) else {
            return;
        };
        pkcs12::key_store(&entry, &password, Strength::Modern);
        encrypted(&key, &password);
    });
}

#[test]
fn a_public_key_of_any_numbers_is_written_or_refused() {
    fuzz("public-key", &[vec![1, 0, 1, 7, 7]], |bytes| {
        let (one, other) = bytes.split_at(bytes.len() / 2);
        let (one, other) = (one.to_vec(), other.to_vec());
        let ec = |curve| PublicKey::Ec {
            curve,
            x: one.clone(),
            y: other.clone(),
        };
        let rsa = PublicKey::Rsa {
            n: one.clone(),
            e: other.clone(),
        };
        for key in [rsa, ec(Curve::P256), ec(Curve::P521), ec(Curve::Secp256k1)] {
            let refused = key.spki().is_err();
            assert_eq!(refused, key.jwk().is_err());
            assert_eq!(refused, key.ssh("a").is_err());
        }
    });
}
