//! Authorities, keys and stores: what each is made of, and what is refused. The bytes are for strangers to judge, in
//! `tests/rendering`.

use std::path::PathBuf;

use keystore::PasswordProblem;
use proptest::prelude::*;

use super::*;
use domain::desired::{Alias, PasswordSource, StoreFormat};

fn source() -> PasswordSource {
    PasswordSource::File(PathBuf::from("/run/password"))
}

fn alias() -> Alias {
    Alias::parse("web").expect("an alias")
}

fn value(certificates: &[&[u8]], key: &[u8]) -> String {
    let blocks = certificates.iter().map(|der| block("CERTIFICATE", der));
    blocks.chain([block("PRIVATE KEY", key)]).collect()
}

fn render(value: &str, wanted: &CertificateContent, passwords: &Passwords) -> Result<Vec<u8>, RenderError> {
    let wanted = [Content::Certificate(wanted.clone())];
    let rendered = render_with(secret_with(value, None), &wanted, passwords)?;
    Ok(rendered.files[0].1.expose().to_vec())
}

fn fault(value: &str, wanted: &CertificateContent, passwords: &Passwords) -> RenderFault {
    let error = render(value, wanted, passwords).expect_err("refused");
    assert!(
        !error.hint().is_empty() && error.to_string().contains("`dir/file-0`"),
        "{error}"
    );
    *error.fault
}

/// Each content that has a password.
fn with_password() -> Vec<CertificateContent> {
    let password = Some(source());
    let store = |format| CertificateContent::Truststore {
        format,
        password: Some(source()),
        alias: alias(),
    };
    vec![
        CertificateContent::PrivateKey {
            form: KeyForm::Pkcs8,
            password: password.clone(),
        },
        CertificateContent::Pkcs12 {
            password: password.clone(),
            alias: alias(),
            legacy: false,
            root: true,
        },
        CertificateContent::Jks {
            password,
            alias: alias(),
        },
        store(StoreFormat::Pkcs12),
        store(StoreFormat::Jks),
    ]
}

#[test]
fn the_authority_is_the_highest_certificate_that_the_value_holds() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let alone = self_signed("alone");
    for (value, expected) in [
        (value(&[&leaf.der, &middle.der, &root.der], &leaf.key), &root.der),
        (value(&[&leaf.der, &middle.der], &leaf.key), &middle.der),
        (value(&[&alone.der], &alone.key), &alone.der),
    ] {
        let authority = render(&value, &CertificateContent::Ca, &Passwords::new());
        assert_eq!(
            authority.expect("renderable"),
            block("CERTIFICATE", expected).into_bytes()
        );
    }
    let lonely = value(&[&leaf.der, &root.der], &leaf.key);
    for wanted in [&CertificateContent::Ca, &with_password()[3], &with_password()[4]] {
        let fault = fault(&lonely, wanted, &Passwords::new());
        assert!(
            matches!(&fault, RenderFault::NoAuthority { issuer, .. } if issuer == "CN=middle"),
            "{fault}"
        );
    }
}

#[test]
fn the_root_is_written_where_it_is_asked_for_and_there() {
    let root = Authority::root("root");
    let leaf = root.issue("leaf");
    let alone = self_signed("alone");
    let both = block("CERTIFICATE", &leaf.der) + &block("CERTIFICATE", &root.der);
    for (value, chain, full_chain) in [
        (
            value(&[&root.der, &leaf.der], &leaf.key),
            block("CERTIFICATE", &root.der),
            both,
        ),
        (
            value(&[&leaf.der], &leaf.key),
            String::new(),
            block("CERTIFICATE", &leaf.der),
        ),
        // Its own root, and not there twice.
        (
            value(&[&alone.der], &alone.key),
            String::new(),
            block("CERTIFICATE", &alone.der),
        ),
    ] {
        let of = |wanted| render(&value, &wanted, &Passwords::new()).expect("renderable");
        assert_eq!(of(CertificateContent::Chain { root: true }), chain.as_bytes());
        assert_eq!(
            of(CertificateContent::FullChain { root: true }),
            full_chain.as_bytes()
        );
    }
}

#[test]
fn a_form_that_is_not_for_the_key_is_refused_by_name() {
    let alone = self_signed("alone");
    let value = value(&[&alone.der], &alone.key);
    let key = |form, password| CertificateContent::PrivateKey { form, password };
    let none = Passwords::new();
    let other = fault(&value, &key(KeyForm::Pkcs1, None), &none).to_string();
    assert!(
        other.contains("`pkcs1`") && other.contains("an EC key (1.2.840.10045.2.1)"),
        "{other}"
    );
    for form in [KeyForm::Pkcs1, KeyForm::Sec1] {
        let encrypted = fault(&value, &key(form, Some(source())), &none);
        assert!(
            matches!(encrypted, RenderFault::EncryptedKeyForm { .. }),
            "{encrypted}"
        );
    }
}

#[test]
fn a_key_that_is_not_there_refuses_all_files_of_the_object_and_only_a_policy_is_blamed_that_there_is() {
    let value = block("CERTIFICATE", &self_signed("alone").der);
    let public = [
        CertificateContent::FullChain { root: false },
        CertificateContent::Der,
    ]
    .map(Content::Certificate);
    assert_eq!(
        render_all(secret_with(value.clone(), None), &public)
            .expect("public")
            .files
            .len(),
        2
    );

    for wanted in [
        CertificateContent::PrivateKey {
            form: KeyForm::Pkcs8,
            password: None,
        },
        CertificateContent::Bundle {
            order: BundleOrder::KeyLast,
            form: KeyForm::Pkcs8,
            root: false,
        },
    ] {
        let wanted = [CertificateContent::FullChain { root: false }, wanted].map(Content::Certificate);
        let told = |backs_certificate| {
            let content = FetchedContent::Secret(SecretContent {
                value: SecretBytes::from(value.clone()),
                content_type: None,
                backs_certificate,
            });
            let error = render_all(content, &wanted).expect_err("there is no key");
            assert!(error.to_string().contains("`dir/file-1`"), "{error}");
            format!("{error}: {}", error.hint())
        };
        let (of_vault, plain) = (told(true), told(false));
        assert!(
            of_vault.contains("is not exportable") && of_vault.contains("exportable: true"),
            "{of_vault}"
        );
        let expected =
            "the secret holds a certificate without one: store the private key beside the certificate";
        assert!(
            plain.contains(expected) && !plain.contains("exportable"),
            "{plain}"
        );
    }
}

#[test]
fn a_certificate_without_its_key_makes_no_key_store_but_a_trust_store() {
    let alone = self_signed("alone");
    let value = block("CERTIFICATE", &alone.der);
    let passwords = Passwords::from([(source(), "changeit".to_owned().into())]);
    for (index, wanted) in with_password().iter().enumerate() {
        if index < 3 {
            let fault = fault(&value, wanted, &passwords);
            assert!(matches!(fault, RenderFault::NoPrivateKey { .. }), "{fault}");
        } else {
            assert!(render(&value, wanted, &passwords).is_ok(), "{wanted:?}");
        }
    }
}

#[test]
fn a_password_that_was_not_handed_over_is_a_fault_and_no_panic() {
    let alone = self_signed("alone");
    let value = value(&[&alone.der], &alone.key);
    for wanted in with_password() {
        let fault = fault(&value, &wanted, &Passwords::new());
        assert!(
            matches!(fault, RenderFault::PasswordAbsent { .. }),
            "{wanted:?}: {fault}"
        );
    }
}

#[test]
fn a_password_that_no_reader_could_give_is_refused_without_being_shown() {
    let alone = self_signed("alone");
    let value = value(&[&alone.der], &alone.key);
    let problem = |wanted: &CertificateContent, password: &[u8]| {
        let passwords = Passwords::from([(source(), SecretBytes::new(password.to_vec()))]);
        let fault = fault(&value, wanted, &passwords);
        let shown = format!("{fault} {fault:?}");
        assert!(!shown.contains(MARKER), "{shown}");
        match fault {
            RenderFault::Password { problem, .. } => problem,
            other => panic!("{other}"),
        }
    };
    let marked = |tail: &[u8]| [MARKER.as_bytes(), tail].concat();
    for wanted in with_password() {
        assert_eq!(problem(&wanted, &marked(&[0xff])), PasswordProblem::NotText);
        assert_eq!(problem(&wanted, &marked(&[0])), PasswordProblem::Nul);
    }
    let [key, .., java, _] = &with_password()[..] else {
        panic!("there are five");
    };
    assert_eq!(problem(key, b""), PasswordProblem::Empty);
    assert_eq!(
        problem(java, &marked("\u{e4}".as_bytes())),
        PasswordProblem::NotForJava
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_value_and_no_password_make_a_content_panic(
        value: Vec<u8>,
        password in prop_oneof![any::<Vec<u8>>(), ".{0,20}".prop_map(String::into_bytes)],
    ) {
        let alone = self_signed("alone");
        let certificate = block("CERTIFICATE", &alone.der) + &block("PRIVATE KEY", &alone.key);
        let passwords = Passwords::from([(source(), SecretBytes::new(password))]);
        for wanted in with_password() {
            let wanted = [Content::Certificate(wanted)];
            let _ = render_with(secret_with(value.clone(), None), &wanted, &passwords);
            let _ = render_with(secret_with(certificate.clone(), None), &wanted, &passwords);
        }
    }
}

#[test]
fn stores_are_rendered_again_to_the_same_bytes() {
    let alone = self_signed("alone");
    let value = value(&[&alone.der], &alone.key);
    let passwords = Passwords::from([(source(), "changeit".to_owned().into())]);
    let all = || {
        let wanted: Vec<_> = with_password().into_iter().map(Content::Certificate).collect();
        render_with(secret_with(value.clone(), None), &wanted, &passwords)
            .expect("renderable")
            .files
    };
    assert_eq!(all(), all());
}
