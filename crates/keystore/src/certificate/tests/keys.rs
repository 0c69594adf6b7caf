//! Private keys of every form, and the certificates that they belong to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testing::certificates::{RSA_PKCS8, ec_key, on_a_rare_curve, rsa_key};

use super::*;
use crate::key::{OtherAlgorithm, pkcs1, sec1};

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

#[test]
fn a_key_whose_point_cannot_be_computed_goes_with_the_certificate_that_carries_its_mark() {
    let root = Authority::root("root");
    let (one, two) = (root.issue("one"), root.issue("two"));
    let (one_der, two_der) = (on_a_rare_curve(&one.der), on_a_rare_curve(&two.der));
    let key = on_a_rare_curve(&without_point(&one.key));
    let leaf = |certificates: &[&[u8]]| {
        let value = STANDARD.encode(MODERN.pfx_of(&key, certificates));
        read(value.as_bytes(), None).expect("readable").leaf
    };
    // The last one carries the mark of the key.
    assert_eq!(leaf(&[&two_der, &one_der]), one_der);
    assert_eq!(leaf(&[&one_der, &two_der]), two_der);
    assert_eq!(
        leaf(&[&one_der, &two_der, &one_der]),
        one_der,
        "of two copies one carries it"
    );

    // Without marks, as in PEM, there must be only one candidate, and the other curve's certificate is none.
    assert_eq!(
        read_pem(&[&two.der, &one_der, &root.der], &[&key])
            .expect("readable")
            .leaf,
        one_der
    );
    let error = outcome(read_pem(&[&one_der, &two_der], &[&key]));
    assert_eq!(
        error,
        CertificateError::KeyWithoutCertificate {
            keys: 1,
            certificates: 2
        }
    );
}

#[test]
fn of_two_certificates_of_the_key_the_one_that_is_no_authority_is_the_leaf() {
    let root = Authority::root("root");
    let authority = root.authority("authority");
    let longer_valid = root.cross_sign(&authority);
    let leaf = root.issue_for("leaf", authority.key());
    for certificates in [[&longer_valid[..], &leaf.der], [&leaf.der, &longer_valid]] {
        assert_eq!(
            read_pem(&certificates, &[&leaf.key]).expect("readable").leaf,
            leaf.der
        );
    }
    let both = read_pem(&[&authority.der, &longer_valid], &[&leaf.key]).expect("readable");
    assert_eq!(both.leaf, longer_valid, "the one that is valid longer");
}

#[test]
fn of_several_keys_the_one_with_a_certificate_is_taken() {
    let Line { lower, leaf, .. } = line();
    let read = read_pem(&[&leaf.der, &lower.der], &[&ec_key().serialize_der(), &leaf.key]).expect("readable");
    assert!(read.private_key.expect("a key").expose() == leaf.key.as_slice());
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let Line { leaf, .. } = line();
    let error = outcome(read_pem(&[&leaf.der], &[&ec_key().serialize_der(), &RSA_PKCS8]));
    assert_eq!(
        error,
        CertificateError::KeyWithoutCertificate {
            keys: 2,
            certificates: 1
        }
    );
}

#[test]
fn an_rsa_key_finds_its_certificate() {
    let root = Authority::root("root");
    let leaf = root.issue_for("leaf", &rsa_key());
    let read = read_pem(&[&root.der, &leaf.der], &[&RSA_PKCS8]).expect("readable");
    assert_eq!((read.leaf, read.left_out), (leaf.der, 0));
    assert!(read.private_key.expect("a key").expose() == RSA_PKCS8.as_slice());
}

#[test]
fn an_ed25519_key_finds_its_certificate() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("randomness");
    let leaf = Authority::root("root").issue_for("leaf", &key);
    let read = read_pem(&[&leaf.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    // Version 1 and no public key, whatever came in.
    assert_eq!(
        read.private_key.expect("a key").expose()[..5],
        [0x30, 0x2e, 0x02, 0x01, 0x00]
    );
}

#[test]
fn pkcs1_and_sec1_keys_come_out_as_pkcs8() {
    let root = Authority::root("root");
    let rsa = root.issue_for("rsa", &rsa_key());
    let info = pkcs8::PrivateKeyInfo::try_from(RSA_PKCS8.as_slice()).expect("PKCS#8");
    let value = pem("RSA PRIVATE KEY", info.private_key) + &pem("CERTIFICATE", &rsa.der);
    let read = super::read(value.as_bytes(), PEM).expect("readable");
    assert!(read.private_key.expect("a key").expose() == RSA_PKCS8.as_slice());

    let ec = root.issue("ec");
    let sec1 = with_curve(&ec.key);
    let value = pem("EC PRIVATE KEY", &sec1) + &pem("CERTIFICATE", &ec.der);
    let read = super::read(value.as_bytes(), PEM).expect("readable");
    assert!(read.private_key.expect("a key").expose() == ec.key.as_slice());
}

#[test]
fn pkcs8_goes_back_to_the_older_forms() {
    let info = pkcs8::PrivateKeyInfo::try_from(RSA_PKCS8.as_slice()).expect("PKCS#8");
    assert!(pkcs1(&secret(&RSA_PKCS8)).expect("RSA").expose() == info.private_key);

    let ec = Authority::root("root").issue("ec");
    let expected = with_curve(&ec.key);
    assert!(sec1(&secret(&ec.key), &ec.der).expect("EC").expose() == expected);
    // The certificate has the point that the key lacks.
    assert!(
        sec1(&secret(&without_point(&ec.key)), &ec.der)
            .expect("EC")
            .expose()
            == expected
    );

    let other = |result: Result<_, OtherAlgorithm>| result.map(drop).expect_err("another").to_string();
    assert_eq!(
        other(sec1(&secret(&RSA_PKCS8), &ec.der)),
        "an RSA key (1.2.840.113549.1.1.1)"
    );
    assert_eq!(other(pkcs1(&secret(&ec.key))), "an EC key (1.2.840.10045.2.1)");
}

proptest! {
    #[test]
    fn no_bytes_make_the_older_forms_panic(bytes: Vec<u8>, at: Index, byte: u8) {
        let Issued { der, mut key } = self_signed("alone");
        let _ = (pkcs1(&secret(&bytes)).is_ok(), sec1(&secret(&bytes), &der).is_ok(), sec1(&secret(&key), &bytes).is_ok());
        let at = at.index(key.len());
        key[at] = byte;
        let _ = (pkcs1(&secret(&key)).is_ok(), sec1(&secret(&key), &der).is_ok());
    }
}

/// The `ECPrivateKey` of a PKCS#8 P-256 key, with the curve inside, as SEC 1 files have it.
fn with_curve(pkcs8: &[u8]) -> Vec<u8> {
    const CURVE: [u8; 12] = [
        0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ];
    let inner = pkcs8::PrivateKeyInfo::try_from(pkcs8)
        .expect("PKCS#8")
        .private_key;
    // SEQUENCE, version, OCTET STRING of 32 bytes; then the curve, then the point.
    let (before, point) = inner[2..].split_at(3 + 2 + 32);
    let content = [before, &CURVE, point].concat();
    [
        &[0x30, u8::try_from(content.len()).expect("short")],
        content.as_slice(),
    ]
    .concat()
}

#[test]
fn an_ec_key_without_its_public_point_finds_its_certificate() {
    let root = Authority::root("root");
    let (leaf, other) = (root.issue("leaf"), root.issue("other"));
    let bare = without_point(&leaf.key);
    let read = read_pem(&[&other.der, &leaf.der], &[&bare]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    assert!(matches!(
        read_pem(&[&other.der], &[&bare]),
        Err(CertificateError::KeyWithoutCertificate { .. })
    ));
}

/// The key as PKCS#8 with the scalar alone.
fn without_point(pkcs8: &[u8]) -> Vec<u8> {
    with_scalar(pkcs8, scalar(pkcs8))
}

/// The scalar of a P-256 key: after SEQUENCE, version and the octet string's tag and length.
fn scalar(pkcs8: &[u8]) -> &[u8] {
    let info = pkcs8::PrivateKeyInfo::try_from(pkcs8).expect("PKCS#8");
    &info.private_key[7..7 + 32]
}

fn with_scalar(pkcs8: &[u8], scalar: &[u8]) -> Vec<u8> {
    let info = pkcs8::PrivateKeyInfo::try_from(pkcs8).expect("PKCS#8");
    let len = u8::try_from(scalar.len()).expect("short");
    let inner = [&[0x30, len + 5, 2, 1, 1, 4, len], scalar].concat();
    der::Encode::to_der(&pkcs8::PrivateKeyInfo::new(info.algorithm, &inner)).expect("encodable")
}

#[test]
fn an_ec_key_whose_leading_zeros_were_left_out_finds_its_certificate() {
    let root = Authority::root("root");
    // One key in 256 begins with a zero.
    let key = (0..20_000)
        .map(|_| ec_key())
        .find(|key| scalar(key.serialized_der())[0] == 0);
    let leaf = root.issue_for("leaf", &key.expect("chance is on our side"));
    let short = with_scalar(&leaf.key, &scalar(&leaf.key)[1..]);
    assert_eq!(
        read_pem(&[&leaf.der], &[&short]).expect("readable").leaf,
        leaf.der
    );
}

#[test]
fn the_leaf_is_the_certificate_of_the_key_and_not_the_first() {
    let Line { lower, leaf, .. } = line();
    let second = lower.issue("second leaf");
    let read = read_pem(&[&second.der, &leaf.der, &lower.der], &[&leaf.key]).expect("readable");
    assert_eq!((read.leaf, read.left_out), (leaf.der, 1));
}
