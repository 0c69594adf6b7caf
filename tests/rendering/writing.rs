//! What is written is what OpenSSL writes, or reads.

use std::fs;

use akv_sync::domain::desired::{BundleOrder, CertificateContent, KeyForm};

use super::openssl::{OpenSsl, RSA, ec};
use super::render::{alias, certificate, password_source, with_password};

/// The leaf and all that is above it, as PEM text.
fn value(openssl: &OpenSsl) -> String {
    let parts = ["leaf.key", "root.pem", "middle.pem", "leaf.pem"].map(|name| openssl.read(name));
    String::from_utf8(parts.concat()).expect("PEM is ASCII")
}

fn part(openssl: &OpenSsl, wanted: CertificateContent) -> Vec<u8> {
    certificate(value(openssl), "application/x-pem-file", wanted).expect("renderable")
}

const fn key(form: KeyForm) -> CertificateContent {
    CertificateContent::PrivateKey { form, password: None }
}

#[test]
fn older_forms_of_a_key_are_what_openssl_writes_and_finds_valid() {
    let Some(openssl) = OpenSsl::find() else { return };
    let rsa = |bits| format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}");
    for (algorithm, form, other, check) in [
        (rsa(2048), KeyForm::Pkcs1, KeyForm::Sec1, "rsa"),
        (rsa(3072), KeyForm::Pkcs1, KeyForm::Sec1, "rsa"),
        (ec("P-256"), KeyForm::Sec1, KeyForm::Pkcs1, "ec"),
        (ec("P-384"), KeyForm::Sec1, KeyForm::Pkcs1, "ec"),
        (ec("P-521"), KeyForm::Sec1, KeyForm::Pkcs1, "ec"),
        (ec("secp256k1"), KeyForm::Sec1, KeyForm::Pkcs1, "ec"),
    ] {
        openssl.make_line(&ec("P-256"), &algorithm);
        let traditional = openssl.run("pkey -in leaf.key -traditional");
        assert!(part(&openssl, key(form)) == traditional, "{algorithm}");
        fs::write(openssl.path("ours.key"), part(&openssl, key(form))).expect("writable");
        openssl.run(&format!("{check} -in ours.key -check -noout"));

        let refusal = certificate(value(&openssl), "application/x-pem-file", key(other));
        let refusal = refusal.expect_err("another algorithm").to_string();
        assert!(refusal.contains("key (1.2.840."), "{algorithm}: {refusal}");

        if form == KeyForm::Sec1 {
            // Its point comes from the certificate.
            openssl.run("ec -in leaf.key -no_public -out bare.key");
            fs::copy(openssl.path("bare.key"), openssl.path("leaf.key")).expect("writable");
            assert!(
                part(&openssl, key(form)) == traditional,
                "{algorithm} without its point"
            );
        }
    }
}

#[test]
fn a_key_that_is_neither_rsa_nor_ec_has_no_older_form() {
    let Some(openssl) = OpenSsl::find() else { return };
    for (algorithm, name) in [
        ("-algorithm ED25519", "an Ed25519 key (1.3.101.112)"),
        ("-algorithm ED448", "a key of another algorithm (1.3.101.113)"),
        (
            "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
            "an RSA-PSS key (1.2.840.113549.1.1.10)",
        ),
    ] {
        openssl.make_line(&ec("P-256"), algorithm);
        for form in [KeyForm::Pkcs1, KeyForm::Sec1] {
            let refusal = certificate(value(&openssl), "application/x-pem-file", key(form));
            let refusal = refusal.expect_err("another algorithm").to_string();
            assert!(refusal.contains(name), "{refusal}");
        }
    }
}

#[test]
fn certificates_are_written_up_to_the_root_where_it_is_asked_for() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    let [leaf, middle, root] = ["leaf.pem", "middle.pem", "root.pem"].map(|name| openssl.read(name));
    let sec1 = openssl.run("pkey -in leaf.key -traditional");
    let bundle = |order| CertificateContent::Bundle {
        order,
        form: KeyForm::Sec1,
        root: true,
    };
    for (wanted, expected) in [
        (
            CertificateContent::FullChain { root: true },
            [&leaf[..], &middle, &root].concat(),
        ),
        (
            CertificateContent::Chain { root: true },
            [&middle[..], &root].concat(),
        ),
        (CertificateContent::Ca, root.clone()),
        (
            bundle(BundleOrder::KeyFirst),
            [&sec1[..], &leaf, &middle, &root].concat(),
        ),
        (
            bundle(BundleOrder::KeyLast),
            [&leaf[..], &middle, &root, &sec1].concat(),
        ),
    ] {
        assert!(part(&openssl, wanted.clone()) == expected, "{wanted:?}");
    }
    fs::write(
        openssl.path("chain.pem"),
        part(&openssl, CertificateContent::Chain { root: false }),
    )
    .expect("writable");
    fs::write(openssl.path("ca.pem"), part(&openssl, CertificateContent::Ca)).expect("writable");
    openssl.run("verify -CAfile ca.pem -untrusted chain.pem leaf.pem");
}

/// What people and generators use: one of them with characters of every length in UTF-8.
const PASSWORDS: [&str; 2] = ["changeit", "p\u{e4}\u{20ac}\u{1f511} ss"];

#[test]
fn a_key_under_a_password_is_opened_by_openssl_with_it_and_with_no_other() {
    let Some(openssl) = OpenSsl::find() else { return };
    for algorithm in [RSA, &ec("P-384"), "-algorithm ED25519"] {
        openssl.make_line(&ec("P-256"), algorithm);
        let wanted = CertificateContent::PrivateKey {
            form: KeyForm::Pkcs8,
            password: Some(password_source()),
        };
        for password in PASSWORDS {
            let ours = with_password(
                value(&openssl),
                "application/x-pem-file",
                wanted.clone(),
                password,
            );
            fs::write(openssl.path("ours.key"), ours.expect("renderable")).expect("writable");
            fs::write(openssl.path("password"), password).expect("writable");
            let plain = openssl.run("pkcs8 -in ours.key -passin file:password");
            assert!(plain == openssl.run("pkey -in leaf.key"), "{algorithm}");
            assert!(openssl.try_run("pkcs8 -in ours.key -passin pass:other").is_err());
        }
        let parameters = String::from_utf8(openssl.run("asn1parse -in ours.key")).expect("ASCII");
        for name in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", ":2710"] {
            assert!(parameters.contains(name), "{name}: {parameters}");
        }
        let empty = with_password(value(&openssl), "application/x-pem-file", wanted, "");
        assert!(empty.expect_err("no password").to_string().contains("is empty"));
    }
}

#[test]
fn a_pkcs12_store_is_opened_by_openssl_with_its_password_and_with_no_other() {
    const MODERN: [&str; 2] = [
        "MAC: sha256, Iteration 10000",
        "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
    ];
    const LEGACY: [&str; 2] = [
        "MAC: sha1, Iteration 10000",
        "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000",
    ];
    let Some(openssl) = OpenSsl::find() else { return };
    for algorithm in [RSA, &ec("P-256"), "-algorithm ED25519"] {
        openssl.make_line(&ec("P-256"), algorithm);
        let key = openssl.run("pkcs8 -topk8 -nocrypt -in leaf.key");
        for (password, legacy, root) in [
            ("", false, false),
            ("", true, true),
            (PASSWORDS[0], false, true),
            (PASSWORDS[0], true, false),
            (PASSWORDS[1], false, false),
            (PASSWORDS[1], true, false),
        ] {
            let wanted = CertificateContent::Pkcs12 {
                password: Some(password_source()),
                alias: alias("Web-TLS \u{e4}"),
                legacy,
                root,
            };
            let store = with_password(value(&openssl), "application/x-pem-file", wanted, password);
            fs::write(openssl.path("ours.p12"), store.expect("renderable")).expect("writable");
            // OpenSSL takes a file without a line for no password at all.
            fs::write(openssl.path("password"), format!("{password}\n")).expect("writable");

            let opened = openssl.run("pkcs12 -in ours.p12 -passin file:password -noenc");
            // It prints names in Latin-1.
            let opened = String::from_utf8_lossy(&opened);
            assert_eq!(
                opened.matches("BEGIN CERTIFICATE").count(),
                2 + usize::from(root),
                "{algorithm}"
            );
            assert!(
                opened.contains(std::str::from_utf8(&key).expect("ASCII")),
                "{algorithm}"
            );
            assert_eq!(opened.matches("friendlyName: Web-TLS").count(), 2, "{opened}");
            assert_eq!(opened.matches("localKeyID:").count(), 2, "{opened}");
            let leaf = openssl.run("pkcs12 -in ours.p12 -passin file:password -clcerts -nokeys");
            let leaf = String::from_utf8_lossy(&leaf);
            let expected = String::from_utf8(openssl.read("leaf.pem")).expect("PEM is ASCII");
            assert!(leaf.contains(&expected), "{leaf}");

            let info = openssl.messages("pkcs12 -in ours.p12 -passin file:password -noenc -info -noout");
            for name in if legacy { LEGACY } else { MODERN } {
                assert!(info.contains(name), "{name}: {info}");
            }
            assert!(
                openssl
                    .try_run("pkcs12 -in ours.p12 -passin pass:other -noout")
                    .is_err()
            );
        }
    }
}
