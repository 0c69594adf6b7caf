use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::pfx::test_encoder::{MODERN, Protection, RC2_40, Recipe, SHA1, TRIPLE_DES_3};
use super::test_certificates::{Authority, Issued, RSA_PKCS8, ec_key, pem, rsa_key, self_signed};
use super::*;

const PEM: Option<&str> = Some("application/x-pem-file");

fn text(certificates: &[&[u8]], keys: &[&[u8]]) -> String {
    let keys = keys.iter().map(|der| pem("PRIVATE KEY", der));
    keys.chain(certificates.iter().map(|der| pem("CERTIFICATE", der)))
        .collect()
}

fn read_pem(certificates: &[&[u8]], keys: &[&[u8]]) -> Result<IssuedCertificate, CertificateError> {
    read(text(certificates, keys).as_bytes(), PEM)
}

/// What a wrong result shows: never the key.
fn outcome(result: Result<IssuedCertificate, CertificateError>) -> CertificateError {
    match result {
        Ok(_) => panic!("the value was read"),
        Err(error) => error,
    }
}

struct Line {
    root: Authority,
    upper: Authority,
    lower: Authority,
    leaf: Issued,
}

fn line() -> Line {
    let root = Authority::root("root");
    let upper = root.authority("upper");
    let lower = upper.authority("lower");
    let leaf = lower.issue("leaf");
    Line {
        root,
        upper,
        lower,
        leaf,
    }
}

#[test]
fn the_chain_runs_from_the_leaf_and_leaves_the_root_out() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(&[&root.der, &lower.der, &leaf.der, &upper.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!((read.missing_issuer, read.left_out), (None, 0));
    assert!(read.private_key.expect("a key").as_slice() == leaf.key.as_slice());
}

#[test]
fn a_pfx_gives_what_the_pem_text_of_the_same_parts_gives() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let certificates = [&leaf.der[..], &root.der, &lower.der, &upper.der];
    let legacy = Recipe {
        key: Protection::Pkcs12(TRIPLE_DES_3),
        certificates: Protection::Pkcs12(RC2_40),
        mac: Some(SHA1),
        ..MODERN
    };
    for recipe in [MODERN, legacy] {
        let text = STANDARD.encode(recipe.pfx_of(&leaf.key, &certificates));
        let lines = text.replace('A', "A\n");
        for (value, content_type) in [
            (&text, Some("application/x-pkcs12")),
            (&text, None),
            (&lines, Some("Application/X-PKCS12; v=1")),
        ] {
            let read = read(value.as_bytes(), content_type).expect("readable");
            assert_eq!(read.leaf, leaf.der);
            assert_eq!(read.intermediates, [&lower.der[..], &upper.der]);
            assert!(read.private_key.expect("a key").as_slice() == leaf.key.as_slice());
        }
    }
}

#[test]
fn a_key_whose_point_cannot_be_computed_goes_with_the_certificate_that_carries_its_mark() {
    let root = Authority::root("root");
    let (one, two) = (root.issue("one"), root.issue("two"));
    let (one_der, two_der) = (on_a_rare_curve(&one.der), on_a_rare_curve(&two.der));
    let key = on_a_rare_curve(&without_point(&one.key));
    let marked_first = |certificates: &[&[u8]]| STANDARD.encode(MODERN.pfx_of(&key, certificates));
    assert_eq!(
        read(marked_first(&[&one_der, &two_der]).as_bytes(), None)
            .expect("readable")
            .leaf,
        one_der
    );
    assert_eq!(
        read(marked_first(&[&two_der, &one_der]).as_bytes(), None)
            .expect("readable")
            .leaf,
        two_der
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

/// Puts another curve's identifier, of the same length, in the place of P-256's.
fn on_a_rare_curve(der: &[u8]) -> Vec<u8> {
    const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let at = der
        .windows(P256.len())
        .position(|window| window == P256)
        .expect("a P-256 key");
    let mut der = der.to_vec();
    der[at + 7] = 6;
    der
}

#[test]
fn a_self_signed_leaf_is_its_own_chain() {
    let alone = self_signed("alone");
    let read = read_pem(&[&alone.der], &[&alone.key]).expect("readable");
    assert_eq!(read.leaf, alone.der);
    assert_eq!(
        (read.intermediates.len(), read.missing_issuer, read.left_out),
        (0, None, 0)
    );
}

#[test]
fn a_missing_intermediate_is_named() {
    let Line {
        root, lower, leaf, ..
    } = line();
    let read = read_pem(&[&leaf.der, &lower.der, &root.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, [lower.der]);
    assert_eq!(read.missing_issuer.as_deref(), Some("CN=upper"));
    assert_eq!(read.left_out, 1, "the root is not on the way any more");
}

#[test]
fn an_impostor_with_the_issuers_name_is_left_out() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let impostor = Authority::root("elsewhere").authority("lower");
    let read = read_pem(
        &[&leaf.der, &impostor.der, &lower.der, &upper.der, &root.der],
        &[&leaf.key],
    );
    let read = read.expect("readable");
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!(read.left_out, 1);
}

#[test]
fn of_two_cross_signed_issuers_the_one_whose_root_is_there_is_taken() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let other_root = Authority::root("other root");
    let crossed = other_root.cross_sign(&lower);
    let read = read_pem(&[&leaf.der, &lower.der, &crossed, &other_root.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, std::slice::from_ref(&crossed));

    let read = read_pem(&[&leaf.der, &crossed, &lower.der, &upper.der], &[&leaf.key]).expect("readable");
    assert_eq!(
        read.intermediates,
        [lower.der.clone(), upper.der.clone()],
        "without roots the longer way is taken"
    );

    let read = read_pem(
        &[
            &leaf.der,
            &crossed,
            &lower.der,
            &upper.der,
            &root.der,
            &other_root.der,
        ],
        &[&leaf.key],
    );
    assert_eq!(
        read.expect("readable").intermediates,
        [crossed],
        "with both roots the shorter way is taken"
    );
}

#[test]
fn authorities_that_signed_each_other_make_no_endless_chain() {
    let (one, other) = (Authority::root("one"), Authority::root("other"));
    let (one_by_other, other_by_one) = (other.cross_sign(&one), one.cross_sign(&other));
    let leaf = one.issue("leaf");
    let read = read_pem(&[&other_by_one, &leaf.der, &one_by_other], &[&leaf.key]).expect("readable");
    assert_eq!(read.intermediates, [one_by_other, other_by_one]);
}

#[test]
fn a_certificate_that_is_there_twice_counts_once() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(
        &[
            &leaf.der, &lower.der, &leaf.der, &upper.der, &lower.der, &root.der,
        ],
        &[&leaf.key],
    );
    let read = read.expect("readable");
    assert_eq!(read.intermediates, [lower.der, upper.der]);
    assert_eq!(read.left_out, 0);
}

#[test]
fn without_a_key_the_leaf_is_the_one_that_issued_nothing() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let read = read_pem(&[&upper.der, &root.der, &leaf.der, &lower.der], &[]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    assert!(read.private_key.is_none());

    let stranger = Authority::root("stranger");
    let read = read_pem(&[&stranger.der, &leaf.der, &lower.der], &[]).expect("an authority is no leaf");
    assert_eq!((read.leaf, read.left_out), (leaf.der.clone(), 1));

    let second = lower.issue("second leaf");
    let error = outcome(read_pem(&[&leaf.der, &second.der, &lower.der], &[]));
    assert_eq!(error, CertificateError::LeafUnclear { certificates: 3 });
}

#[test]
fn the_leaf_is_the_certificate_of_the_key_and_not_the_first() {
    let Line { lower, leaf, .. } = line();
    let second = lower.issue("second leaf");
    let read = read_pem(&[&second.der, &leaf.der, &lower.der], &[&leaf.key]).expect("readable");
    assert_eq!((read.leaf, read.left_out), (leaf.der, 1));
}

#[test]
fn of_several_keys_the_one_with_a_certificate_is_taken() {
    let Line { lower, leaf, .. } = line();
    let read = read_pem(&[&leaf.der, &lower.der], &[&ec_key().serialize_der(), &leaf.key]).expect("readable");
    assert!(read.private_key.expect("a key").as_slice() == leaf.key.as_slice());
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
    assert!(read.private_key.expect("a key").as_slice() == RSA_PKCS8.as_slice());
}

#[test]
fn an_ed25519_key_finds_its_certificate() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("randomness");
    let leaf = Authority::root("root").issue_for("leaf", &key);
    let read = read_pem(&[&leaf.der], &[&leaf.key]).expect("readable");
    assert_eq!(read.leaf, leaf.der);
    // Version 1 and no public key, whatever came in.
    assert_eq!(
        read.private_key.expect("a key")[..5],
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
    assert!(read.private_key.expect("a key").as_slice() == RSA_PKCS8.as_slice());

    let ec = root.issue("ec");
    let sec1 = with_curve(&ec.key);
    let value = pem("EC PRIVATE KEY", &sec1) + &pem("CERTIFICATE", &ec.der);
    let read = super::read(value.as_bytes(), PEM).expect("readable");
    assert!(read.private_key.expect("a key").as_slice() == ec.key.as_slice());
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

fn without_point(pkcs8: &[u8]) -> Vec<u8> {
    let info = pkcs8::PrivateKeyInfo::try_from(pkcs8).expect("PKCS#8");
    let content = &info.private_key[2..2 + 3 + 2 + 32];
    let inner = [&[0x30, u8::try_from(content.len()).expect("short")], content].concat();
    der::Encode::to_der(&pkcs8::PrivateKeyInfo::new(info.algorithm, &inner)).expect("encodable")
}

#[test]
fn text_around_blocks_and_windows_line_ends_are_accepted() {
    let Line { lower, leaf, .. } = line();
    let value = format!(
        "Bag Attributes\n  friendlyName: web\n{}subject=CN = leaf\n{}{}trailing",
        pem("CERTIFICATE", &leaf.der),
        pem("PRIVATE KEY", &leaf.key),
        pem("CERTIFICATE", &lower.der)
    );
    for value in [value.replace('\n', "\r\n"), value] {
        let read = read(value.as_bytes(), PEM).expect("readable");
        assert_eq!((read.leaf, read.intermediates.len()), (leaf.der.clone(), 1));
    }
}

#[test]
fn encrypted_keys_in_pem_are_refused_by_name() {
    let Line { leaf, .. } = line();
    let pkcs8 = pem("ENCRYPTED PRIVATE KEY", &leaf.key) + &pem("CERTIFICATE", &leaf.der);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for value in [pkcs8.as_str(), old] {
        assert_eq!(
            outcome(read(value.as_bytes(), PEM)),
            CertificateError::Pem(PemError::EncryptedKey)
        );
    }
}

#[test]
fn what_is_no_certificate_is_refused_by_name() {
    let Line { leaf, .. } = line();
    let key_only = text(&[], &[&leaf.key]);
    let damaged = text(&[b"not DER", &leaf.der], &[]);
    let damaged_key = text(&[&leaf.der], &[&leaf.key[..20]]);
    let unended = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    for (value, content_type, expected) in [
        ("hunter2", None, CertificateError::UnknownFormat),
        (
            "aHVudGVyMg==",
            Some("text/plain"),
            CertificateError::UnknownFormat,
        ),
        ("", None, CertificateError::UnknownFormat),
        ("hunter2", PEM, CertificateError::NotPem),
        (
            &key_only,
            Some("application/x-pkcs12"),
            CertificateError::NotBase64,
        ),
        (&key_only, PEM, CertificateError::NoCertificate { keys: 1 }),
        (
            &damaged,
            PEM,
            CertificateError::MalformedCertificate { number: 1, of: 2 },
        ),
        (
            &damaged_key,
            PEM,
            CertificateError::MalformedKey { number: 1, of: 1 },
        ),
        (
            unended,
            PEM,
            CertificateError::Pem(PemError::Malformed { number: 1 }),
        ),
    ] {
        let error = outcome(read(value.as_bytes(), content_type));
        assert_eq!(error, expected);
        assert!(
            !error.hint().is_empty() && !error.to_string().contains("hunter2"),
            "{error}"
        );
    }
    let many = text(&[&leaf.der[..]; 33], &[]);
    assert!(matches!(
        outcome(read(many.as_bytes(), None)),
        CertificateError::TooManyCertificates { found: 33, limit: 32 }
    ));
}

#[test]
fn an_absent_content_type_is_made_up_for_by_the_value() {
    let Line { leaf, .. } = line();
    let value = text(&[&leaf.der], &[&leaf.key]);
    assert_eq!(read(value.as_bytes(), None).expect("PEM").leaf, leaf.der);
    // A SEQUENCE that is no PFX shows that the value was taken for one.
    let error = outcome(read(
        STANDARD.encode([0x30, 0x03, 0x02, 0x01, 0x03]).as_bytes(),
        None,
    ));
    assert!(
        matches!(error, CertificateError::Pfx(PfxError::Malformed { .. })),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_the_value_does_not_matter(
        chosen in subsequence((0..8_usize).collect::<Vec<_>>(), 0..=8).prop_shuffle(),
        leaf_at: Index,
    ) {
        let Line { root, upper, lower, leaf } = line();
        let other_root = Authority::root("other root");
        let pool = [
            other_root.cross_sign(&lower), other_root.cross_sign(&root), root.cross_sign(&other_root),
            root.der, upper.der, lower.der, other_root.der, leaf.der.clone(),
        ];
        let mut shuffled: Vec<&[u8]> = chosen.iter().map(|&index| pool[index].as_slice()).collect();
        shuffled.insert(leaf_at.index(shuffled.len() + 1), &leaf.der);
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();

        let one = read_pem(&shuffled, &[&leaf.key]).expect("readable");
        let other = read_pem(&sorted, &[&leaf.key]).expect("readable");
        prop_assert_eq!(&one.leaf, &leaf.der);
        prop_assert_eq!(one.intermediates, other.intermediates);
        prop_assert_eq!((one.missing_issuer, one.left_out), (other.missing_issuer, other.left_out));
    }

    #[test]
    fn no_value_makes_the_reader_panic(value in prop_oneof![
        any::<Vec<u8>>(),
        "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|X)-----(\r?\n)?|[A-Za-z0-9+/=\n]{0,9}){0,9}"
            .prop_map(String::into_bytes),
    ], content_type in prop_oneof![Just(None), Just(PEM), Just(Some("application/x-pkcs12"))]) {
        let _ = read(&value, content_type);
    }

    #[test]
    fn no_altered_pem_makes_the_reader_panic(at: Index, byte: u8) {
        let Issued { der, key } = self_signed("alone");
        let mut blocks = [der, key.to_vec()].concat();
        let at = at.index(blocks.len());
        blocks[at] = byte;
        let (der, key) = blocks.split_at(blocks.len() - key.len());
        let _ = read_pem(&[der], &[key]);
    }
}
