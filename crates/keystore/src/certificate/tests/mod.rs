//! Formats here, and other forms in `forms`; leaf and chain in `chain`, private keys in `keys`.

mod chain;
mod forms;
mod keys;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding::pem::{PemError, PemProblem};
use proptest::prelude::*;
use proptest::sample::Index;
use testing::certificates::{Authority, Issued, pem, self_signed};
use testing::pfx::{MODERN, Protection, RC2_40, Recipe, SHA1, TRIPLE_DES_3};

use super::*;

const PEM: Option<Form> = Some(Form::Pem);
const PFX: Option<Form> = Some(Form::Pfx);

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
        for (value, form) in [(&text, PFX), (&text, None), (&lines, PFX)] {
            let read = read(value.as_bytes(), form).expect("readable");
            assert_eq!(read.leaf, leaf.der);
            assert_eq!(read.intermediates, [&lower.der[..], &upper.der]);
            assert!(read.private_key.expect("a key").expose() == leaf.key.as_slice());
        }
    }
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

/// What editors, `cat` and copying leave in a text, from public reports of lost leaves.
#[test]
fn a_text_with_imperfect_markers_gives_its_leaf_or_an_error_with_the_line() {
    let Line {
        root, lower, leaf, ..
    } = line();
    let value = text(&[&leaf.der, &lower.der, &root.der], &[]);
    let glued = value.replace("CERTIFICATE-----\n-----BEGIN", "CERTIFICATE----------BEGIN");
    assert_ne!(glued, value);
    for (name, value) in [
        ("U+FEFF", format!("\u{feff}{value}")),
        ("indent", value.replace('\n', "\n  ")),
        ("tab", format!("\t{value}")),
        ("END and BEGIN glued", glued),
        ("CRLF and blanks", value.replace('\n', " \r\n")),
    ] {
        for form in [PEM, None] {
            let read = read(value.as_bytes(), form).expect("readable");
            assert_eq!(
                (read.leaf, read.intermediates.len()),
                (leaf.der.clone(), 1),
                "{name}"
            );
        }
    }
    for (name, value) in [
        ("quote", format!("\"{value}")),
        ("four dashes", value.replacen("-----BEGIN", "----BEGIN", 1)),
        (
            "lower case",
            value.replacen("-----BEGIN CERTIFICATE", "-----begin certificate", 1),
        ),
    ] {
        for form in [PEM, None] {
            let error = outcome(read(value.as_bytes(), form));
            let problem = PemProblem::Marker;
            assert_eq!(
                error,
                CertificateError::Pem(PemError { line: 1, problem }),
                "{name}"
            );
        }
    }
    // The key is first, and is not taken for one that is not exportable.
    let with_key = format!("\u{feff}{}", text(&[&leaf.der], &[&leaf.key]));
    assert!(
        read(with_key.as_bytes(), PEM)
            .expect("readable")
            .private_key
            .is_some()
    );
}

#[test]
fn a_leaf_that_is_an_authority_is_known() {
    let Line {
        root,
        upper,
        lower,
        leaf,
    } = line();
    let is_authority =
        |certificates: &[&[u8]]| read_pem(certificates, &[]).expect("readable").leaf_is_authority;
    assert!(is_authority(&[&upper.der, &root.der]));
    assert!(!is_authority(&[&leaf.der, &lower.der]));
}

#[test]
fn a_media_type_names_a_form_in_any_case_and_with_parameters() {
    for (media_type, form) in [
        ("application/x-pkcs12", PFX),
        ("Application/X-PKCS12; v=1", PFX),
        (" application/x-pem-file ", PEM),
        ("text/plain", None),
        ("", None),
    ] {
        assert_eq!(Form::of_media_type(media_type), form, "{media_type}");
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
            CertificateError::Pem(PemError {
                line: 1,
                problem: PemProblem::EncryptedKey
            })
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
    for (value, form, expected) in [
        ("hunter2", None, CertificateError::UnknownFormat),
        ("aHVudGVyMg==", None, CertificateError::UnknownFormat),
        (
            "",
            None,
            CertificateError::OtherForm {
                found: Found::Nothing,
            },
        ),
        ("hunter2", PEM, CertificateError::NotPem),
        (&key_only, PFX, CertificateError::OtherForm { found: Found::Pem }),
        ("changeit", PFX, CertificateError::NotBase64),
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
            CertificateError::Pem(PemError {
                line: 1,
                problem: PemProblem::NoEnd,
            }),
        ),
    ] {
        let error = outcome(read(value.as_bytes(), form));
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let many = text(&[&leaf.der[..]; 33], &[]);
    assert!(matches!(
        outcome(read(many.as_bytes(), None)),
        CertificateError::TooManyCertificates { found: 33, limit: 32 }
    ));
}

#[test]
fn a_form_that_is_not_declared_is_told_by_the_value() {
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
    fn no_value_makes_the_reader_panic(value in prop_oneof![
        any::<Vec<u8>>(),
        "(-----(BEGIN|END) (CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|X)-----(\r?\n)?|[A-Za-z0-9+/=\n]{0,9}){0,9}"
            .prop_map(String::into_bytes),
    ], form in prop_oneof![Just(None), Just(PEM), Just(PFX)]) {
        let _ = read(&value, form);
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
