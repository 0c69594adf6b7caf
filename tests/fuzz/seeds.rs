//! What mutation starts from: files that are kept, and values with private keys, which are made anew in each run.

use std::fs;
use std::path::Path;

use akv_sync::domain::desired::{Alias, CertificateContent};
use akv_sync::render::Passwords;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::targets::rendered;

/// The kept seeds of a target, and every file of other folders of the repository.
pub(crate) fn of(target: &str, folders: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = format!("tests/fuzz/seeds/{target}");
    let mut seeds = Vec::new();
    for folder in folders.iter().copied().chain([own.as_str()]) {
        let entries = fs::read_dir(root.join(folder)).expect("the folder is there");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_none_or(|extension| extension != "snap"));
        paths.sort();
        seeds.extend(paths.iter().map(|path| fs::read(path).expect("readable")));
    }
    seeds
}

/// Values of certificates: PEM in its three forms of keys, PFX with modern and with old encryption, and what is kept.
pub(crate) fn certificates() -> Vec<Vec<u8>> {
    let pem = chain();
    let pfx = |legacy| {
        let content = CertificateContent::Pkcs12 {
            password: None,
            alias: Alias::parse("seed").expect("an alias"),
            legacy,
            root: true,
        };
        let bytes = rendered(pem.as_bytes(), &[content], &Passwords::new()).expect("rendered");
        STANDARD.encode(bytes[0].expose()).into_bytes()
    };
    let mut seeds = vec![pfx(false), pfx(true), pem.clone().into_bytes()];
    seeds.extend(of("certificate", &[]));
    seeds
}

/// A leaf with its key, an intermediate and a root, PEM.
fn chain() -> String {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).expect("no names to refuse");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let keys = [(); 3].map(|()| KeyPair::generate().expect("randomness"));
    let root = authority("root").self_signed(&keys[0]).expect("signed");
    let intermediate = authority("intermediate")
        .signed_by(&keys[1], &Issuer::new(authority("root"), &keys[0]))
        .expect("signed");
    let leaf = CertificateParams::new(vec!["app.example.com".to_owned()])
        .expect("a name")
        .signed_by(&keys[2], &Issuer::new(authority("intermediate"), &keys[1]))
        .expect("signed");
    [
        keys[2].serialize_pem(),
        leaf.pem(),
        intermediate.pem(),
        root.pem(),
    ]
    .concat()
}
