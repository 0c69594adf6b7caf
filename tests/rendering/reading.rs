//! Values that OpenSSL writes are read.

use std::fs;

use akv_sync::domain::desired::CertificateContent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::openssl::{OpenSsl, RSA, ec};
use super::render::{PKCS8, certificate};

#[test]
fn every_pfx_that_openssl_writes_without_a_password_is_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), RSA);
    for options in [
        "",
        "-legacy",
        "-descert",
        "-nomac",
        "-keypbe NONE -certpbe NONE",
        "-keypbe NONE -certpbe NONE -nomac",
        "-legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40",
        "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128",
        "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES",
        "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -nomac",
        "-keypbe aes-128-cbc -certpbe aes-128-cbc",
        "-keypbe aes-192-cbc -certpbe aes-192-cbc",
        "-keypbe des-ede3-cbc -certpbe des-ede3-cbc",
        "-macalg sha1",
        "-macalg sha224",
        "-macalg sha384",
        "-macalg sha512",
        "-nomaciter -noiter",
        "-iter 100000",
        "-LMK -CSP x -keyex",
    ] {
        match openssl.try_pfx(&format!("{options} -passout pass:")) {
            Ok(value) => openssl.assert_parts(&value, "application/x-pkcs12", options),
            // Distributions leave the legacy provider out.
            Err(error) if options.contains("legacy") => println!("SKIPPED: {error}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_openssl_can_write_and_we_do_not_read_is_refused_by_name() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    for (options, expected) in [
        ("-passout pass:secret", "password that is not empty"),
        ("-passout pass:secret -nomac", "password that is not empty"),
        (
            "-passout pass: -legacy -keypbe PBE-SHA1-RC4-128",
            "pbeWithSHAAnd128BitRC4",
        ),
        (
            "-passout pass: -legacy -keypbe PBE-MD5-DES",
            "pbeWithMD5AndDES-CBC",
        ),
        ("-passout pass: -keypbe camellia-256-cbc", "CAMELLIA-256-CBC"),
        ("-passout pass: -macalg md5", "MD5"),
        ("-passout pass: -macalg sha3-256", "SHA3-256"),
        ("-passout pass: -iter 2500000", "rounds of key derivation"),
    ] {
        let value = match openssl.try_pfx(options) {
            Ok(value) => value,
            Err(error) => {
                println!("SKIPPED: {error}");
                continue;
            }
        };
        let error = certificate(value, "application/x-pkcs12", PKCS8);
        let error = error.expect_err(options).to_string();
        assert!(error.contains(expected), "{options}: {error}");
    }
}

#[test]
fn keys_and_signatures_of_every_algorithm_are_matched() {
    let Some(openssl) = OpenSsl::find() else { return };
    let small = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    let pss = "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048";
    for (authorities, leaf) in [
        (RSA.to_owned(), ec("P-256")),
        (ec("P-384"), ec("P-384")),
        (ec("P-521"), ec("P-521")),
        (ec("secp256k1"), ec("secp256k1")),
        ("-algorithm ED25519".to_owned(), "-algorithm ED25519".to_owned()),
        ("-algorithm ED448".to_owned(), "-algorithm ED448".to_owned()),
        (small.to_owned(), small.to_owned()),
        (pss.to_owned(), pss.to_owned()),
    ] {
        let context = format!("{authorities} / {leaf}");
        openssl.make_line(&authorities, &leaf);
        let pfx = openssl.try_pfx("-passout pass:").expect("exportable");
        openssl.assert_parts(&pfx, "application/x-pkcs12", &context);

        let parts = ["root.pem", "leaf.key", "middle.pem", "leaf.pem"].map(|name| openssl.read(name));
        let pem = String::from_utf8(parts.concat()).expect("PEM is ASCII");
        openssl.assert_parts(&pem, "application/x-pem-file", &context);
    }
}

#[test]
fn keys_in_their_own_older_formats_come_out_as_openssl_converts_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    for algorithm in [
        RSA.to_owned(),
        ec("P-256"),
        ec("P-384"),
        ec("P-521"),
        ec("secp256k1"),
    ] {
        openssl.make_line(&ec("P-256"), &algorithm);
        let traditional = openssl.run("pkey -in leaf.key -traditional");
        assert!(!traditional.starts_with(b"-----BEGIN PRIVATE"), "{algorithm}");
        let certificates = [openssl.read("leaf.pem"), openssl.read("others.pem")].concat();
        let pem = String::from_utf8([traditional, certificates].concat()).expect("PEM is ASCII");
        openssl.assert_parts(&pem, "application/x-pem-file", &algorithm);
    }
    for curve in ["P-256", "P-384", "P-521", "secp256k1"] {
        openssl.make_line(&ec("P-256"), &ec(curve));
        // Without its public point, the key has to be matched by other means.
        openssl.run("ec -in leaf.key -no_public -out bare.key");
        fs::copy(openssl.path("bare.key"), openssl.path("leaf.key")).expect("writable");
        let parts = ["leaf.key", "others.pem", "leaf.pem"].map(|name| openssl.read(name));
        assert!(parts[0].starts_with(b"-----BEGIN"), "{curve}");
        let pem = String::from_utf8(parts.concat()).expect("PEM is ASCII");
        let leaf = certificate(pem, "application/x-pem-file", CertificateContent::Leaf);
        assert_eq!(
            leaf.unwrap_or_else(|error| panic!("{curve}: {error}")),
            openssl.read("leaf.pem"),
            "{curve}"
        );
    }
    openssl.make_line(&ec("P-256"), &ec("P-256"));
    let encrypted = openssl.run("pkey -in leaf.key -aes256 -passout pass:secret");
    let error = certificate(
        String::from_utf8(encrypted).expect("PEM is ASCII"),
        "application/x-pem-file",
        PKCS8,
    );
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("private key that is encrypted")
    );
}

#[test]
fn a_certificate_without_its_key_still_has_its_public_parts() {
    let Some(openssl) = OpenSsl::find() else { return };
    openssl.make_line(&ec("P-256"), RSA);
    openssl.run("pkcs12 -export -nokeys -in leaf.pem -certfile others.pem -out leaf.pfx -passout pass:");
    let value = STANDARD.encode(openssl.read("leaf.pfx"));
    let part = |wanted| certificate(value.clone(), "application/x-pkcs12", wanted);
    let full_chain = [openssl.read("leaf.pem"), openssl.read("middle.pem")].concat();
    assert_eq!(
        part(CertificateContent::FullChain { root: false }).expect("public"),
        full_chain
    );
    let error = part(PKCS8).expect_err("no key");
    assert!(error.to_string().contains("not exportable"), "{error}");
}
