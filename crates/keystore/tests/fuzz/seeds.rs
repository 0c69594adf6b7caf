//! What mutation starts from: files that are kept, and values with private keys, which are made anew in each run.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keystore::{KeyEntry, SecretBytes, StorePassword, Strength, pkcs12};
use testing::certificates::{Authority, pem};
use testing::fuzz;

/// PEM, PFX with modern and with old encryption, and what is kept.
pub(crate) fn certificates() -> Vec<Vec<u8>> {
    let root = Authority::root("root");
    let intermediate = root.authority("intermediate");
    let leaf = intermediate.issue("leaf");
    let text = [
        pem("PRIVATE KEY", &leaf.key),
        pem("CERTIFICATE", &leaf.der),
        pem("CERTIFICATE", &intermediate.der),
        pem("CERTIFICATE", &root.der),
    ];
    let key = SecretBytes::new(leaf.key.to_vec());
    let entry = KeyEntry {
        key: &key,
        leaf: &leaf.der,
        chain: &[&intermediate.der, &root.der],
        alias: "seed",
    };
    let pfx = |strength| {
        let store = pkcs12::key_store(&entry, &StorePassword::empty(), strength);
        STANDARD.encode(store.expose()).into_bytes()
    };
    let mut seeds = vec![
        pfx(Strength::Modern),
        pfx(Strength::Legacy),
        text.concat().into_bytes(),
    ];
    seeds.extend(fuzz::seeds(env!("CARGO_MANIFEST_DIR"), &["tests/fuzz/seeds"]));
    seeds
}
