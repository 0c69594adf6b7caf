//! Certificates and keys as files: every encoding of the vault, every part of the manifest, one version for all parts.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fake_azure::{
    CallKind, CertificateFormat, CertificateIssuer, CertificateOptions, ChainOrder, KeyOptions, KeyType,
    PfxEncoding,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::DecodePrivateKey;
use serde_json::Value;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};

use crate::support::{World, stderr};

const BY_HAND: &str = "refresh: { interval: 24h }";
const PARTS: &str = "certificates:
  - name: web-tls
    files:
      - { path: tls/full.crt, content: fullChain }
      - { path: tls/leaf.crt, content: leaf }
      - { path: tls/chain.crt, content: chain }
      - { path: tls/tls.key, content: privateKey, mode: \"0400\" }
      - { path: tls/first.pem, content: bundle, order: keyFirst }
      - { path: tls/last.pem, content: bundle, order: keyLast }
      - { path: tls/leaf.der, content: der }
";

const AUTHORITY: CertificateIssuer = CertificateIssuer::Authority;

fn world(options: &CertificateOptions) -> World {
    let world = World::new();
    world.fake.vault("app").create_certificate("web-tls", options);
    world.manifest_with(BY_HAND, PARTS);
    world
}

fn synced(world: &World) {
    let output = world.once();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn blocks(world: &World, path: &str) -> Vec<Pem> {
    let bytes = fs::read(world.path("volume").join(path)).expect("published");
    Pem::iter_from_buffer(&bytes)
        .map(|block| block.expect("PEM"))
        .collect()
}

fn labels(world: &World, path: &str) -> Vec<String> {
    blocks(world, path).into_iter().map(|block| block.label).collect()
}

/// The public key as the certificate has it.
fn public_of_certificate(der: &[u8]) -> Vec<u8> {
    let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
    certificate.public_key().subject_public_key.data.to_vec()
}

fn public_of_private(pkcs8: &[u8]) -> Vec<u8> {
    if let Ok(key) = rsa::RsaPrivateKey::from_pkcs8_der(pkcs8) {
        let public = key.to_public_key().to_pkcs1_der().expect("encoded");
        return public.as_bytes().to_vec();
    }
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new());
    key.expect("a P-256 key").public_key().as_ref().to_vec()
}

/// Leaf and key of the published files, when they belong together.
fn pair(world: &World) -> Vec<u8> {
    let leaf = &blocks(world, "tls/leaf.crt")[0].contents;
    let key = &blocks(world, "tls/tls.key")[0].contents;
    assert_eq!(public_of_certificate(leaf), public_of_private(key));
    leaf.clone()
}

/// All parts of a leaf with one intermediate.
fn check_parts(world: &World) {
    const KEY: &str = "PRIVATE KEY";
    const CERTIFICATE: &str = "CERTIFICATE";
    let leaf = pair(world);
    let full = blocks(world, "tls/full.crt");
    assert_eq!(labels(world, "tls/full.crt"), [CERTIFICATE, CERTIFICATE]);
    assert_eq!(full[0].contents, leaf, "the leaf comes first");
    let chain = blocks(world, "tls/chain.crt");
    assert_eq!(chain.len(), 1, "the chain is what stands above the leaf");
    assert_eq!(chain[0].contents, full[1].contents);
    let names = |der: &[u8]| {
        let (_, certificate) = X509Certificate::from_der(der).expect("a certificate");
        (
            certificate.subject().to_string(),
            certificate.issuer().to_string(),
        )
    };
    assert_eq!(names(&leaf).1, names(&chain[0].contents).0);
    assert_eq!(labels(world, "tls/tls.key"), [KEY]);
    assert_eq!(labels(world, "tls/first.pem"), [KEY, CERTIFICATE, CERTIFICATE]);
    assert_eq!(labels(world, "tls/last.pem"), [CERTIFICATE, CERTIFICATE, KEY]);
    let der = fs::read(world.path("volume/tls/leaf.der")).expect("published");
    assert_eq!(der, leaf);
}

#[test]
fn every_encoding_of_the_vault_gives_the_same_parts() {
    let formats = [
        CertificateFormat::Pfx(PfxEncoding::Legacy2018),
        CertificateFormat::Pfx(PfxEncoding::TripleDes2024),
        CertificateFormat::Pfx(PfxEncoding::Modern),
        CertificateFormat::Pem,
    ];
    for format in formats {
        for key_type in [KeyType::Rsa2048, KeyType::P256] {
            let options = CertificateOptions {
                format,
                key_type,
                issuer: AUTHORITY,
                ..CertificateOptions::default()
            };
            let world = world(&options);
            synced(&world);
            check_parts(&world);
            let calls = world.fake.calls();
            assert_eq!(calls.of(CallKind::GetSecret), 1, "all parts come from one answer");
            assert_eq!(calls.of(CallKind::GetCertificate), 0);
        }
    }
}

#[test]
fn a_chain_that_was_uploaded_upside_down_or_with_its_root_comes_out_in_order() {
    for (order, issuer) in [
        (ChainOrder::LeafLast, AUTHORITY),
        (ChainOrder::LeafLast, CertificateIssuer::AuthorityWithRoot),
        (ChainOrder::LeafFirst, CertificateIssuer::AuthorityWithRoot),
    ] {
        for format in [
            CertificateFormat::Pfx(PfxEncoding::Modern),
            CertificateFormat::Pem,
        ] {
            let world = world(&CertificateOptions {
                order,
                issuer,
                format,
                ..CertificateOptions::default()
            });
            synced(&world);
            check_parts(&world);
        }
    }
}

#[test]
fn after_a_renewal_every_part_is_of_the_new_version() {
    let world = world(&CertificateOptions {
        issuer: AUTHORITY,
        ..CertificateOptions::default()
    });
    let mut running = world.run();
    running.event("Ready");
    let mut before = pair(&world);
    for _ in 0..3 {
        let version = world.fake.vault("app").renew_certificate("web-tls");
        running.sync();
        let after = pair(&world);
        check_parts(&world);
        assert_ne!(after, before);
        assert!(version.is_some());
        before = after;
    }
    assert_eq!(running.stop().0.code(), Some(0));
}

#[test]
fn a_key_that_is_not_exportable_is_refused_by_name_and_the_public_parts_of_another_entry_are_written() {
    let options = CertificateOptions {
        exportable: false,
        ..CertificateOptions::default()
    };
    let world = World::new();
    world.fake.vault("app").create_certificate("web-tls", &options);
    world.manifest_with(
        BY_HAND,
        "certificates:
  - { name: web-tls, files: [{ path: public.crt, content: fullChain }] }
  - { name: web-tls, files: [{ path: own/tls.crt, content: fullChain }, { path: own/tls.key, content: privateKey }] }
",
    );
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert_eq!(labels(&world, "public.crt"), ["CERTIFICATE"]);
    assert_eq!(world.text("own/tls.key"), None, "never an empty key");
    assert_eq!(world.text("own/tls.crt"), None, "all files of an entry or none");
    assert!(
        log.contains("app/certificates/web-tls")
            && log.contains("reason=unrenderable")
            && log.contains("exportable"),
        "{log}"
    );
}

#[test]
fn a_certificate_without_key_parts_needs_no_exportable_key() {
    let options = CertificateOptions {
        exportable: false,
        format: CertificateFormat::Pem,
        ..CertificateOptions::default()
    };
    let world = World::new();
    world.fake.vault("app").create_certificate("web-tls", &options);
    world.manifest_with(
        BY_HAND,
        "certificates: [{ name: web-tls, files: [{ path: leaf.der, content: der }] }]",
    );
    synced(&world);
    let der = fs::read(world.path("volume/leaf.der")).expect("published");
    assert!(!public_of_certificate(&der).is_empty());
}

#[test]
fn a_secret_that_is_no_certificate_is_refused_as_one() {
    let world = World::new();
    world
        .fake
        .vault("app")
        .set_secret("web-tls", "marker of a plain value");
    world.manifest_with(
        BY_HAND,
        "certificates: [{ name: web-tls, files: [{ path: tls.crt, content: fullChain }] }]",
    );
    let output = world.once();
    let log = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{log}");
    assert!(!log.contains("marker of"), "{log}");
    assert_eq!(world.text("tls.crt"), None);
}

#[test]
fn a_key_is_published_as_pem_der_and_jwk_and_follows_its_rotation() {
    for key_type in [
        KeyType::Rsa2048,
        KeyType::P256,
        KeyType::P384,
        KeyType::P521,
        KeyType::P256K,
    ] {
        let world = World::new();
        let vault = world.fake.vault("app");
        let options = KeyOptions {
            key_type,
            ..KeyOptions::default()
        };
        vault.create_key("signing", &options);
        world.manifest_with(
            BY_HAND,
            "keys: [{ name: signing, path: k.pem }, { name: signing, path: k.der, format: der }, \
             { name: signing, path: k.jwk, format: jwk }]",
        );
        synced(&world);
        assert_eq!(world.fake.calls().of(CallKind::GetKey), 1, "{key_type:?}");
        let before = world.text("k.pem");
        vault.rotate_key("signing").expect("there");
        synced(&world);
        // The fake has one RSA key for each size.
        assert_eq!(world.text("k.pem") == before, key_type == KeyType::Rsa2048);
        let pem = blocks(&world, "k.pem");
        assert_eq!(pem[0].label, "PUBLIC KEY", "{key_type:?}");
        let der = fs::read(world.path("volume/k.der")).expect("published");
        assert_eq!(der, pem[0].contents, "{key_type:?}");
        let (_, public) = SubjectPublicKeyInfo::from_der(&der).expect("a public key");
        let jwk: Value = serde_json::from_str(&world.text("k.jwk").expect("published")).expect("JSON");
        let bytes = |member: &str| {
            let text = jwk[member].as_str().expect("text");
            URL_SAFE_NO_PAD.decode(text).expect("base64url")
        };
        let point = public.subject_public_key.data.to_vec();
        match jwk["kty"].as_str() {
            Some("EC") => assert_eq!(point, [vec![4], bytes("x"), bytes("y")].concat()),
            Some("RSA") => {
                let modulus = bytes("n");
                assert!(point.windows(modulus.len()).any(|part| part == modulus));
            }
            other => panic!("{other:?}"),
        }
        assert!(jwk["d"].is_null(), "{key_type:?}");
    }
}
