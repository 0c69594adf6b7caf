//! Values in other forms than those that are read: named, or decoded as declared.

use encoding::EncodingProblem;

use super::*;

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.concat()
}

fn found(value: &str, form: Option<Form>) -> Found {
    match outcome(read(value.as_bytes(), form)) {
        CertificateError::OtherForm { found } => found,
        other => panic!("{other}"),
    }
}

/// `ContentInfo` with `SignedData` (RFC 5652) that holds nothing.
fn pkcs7() -> Vec<u8> {
    [
        0x30, 0x0f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x02, 0x30, 0x00,
    ]
    .to_vec()
}

#[test]
fn a_leaf_or_key_in_a_block_of_another_name_is_named_and_no_authority_takes_its_place() {
    let Line { leaf, root, .. } = line();
    let authority = text(&[&root.der], &[]);
    let other = |from: &str, to: &str, text: String| text.replace(from, to);
    for (part, held) in [
        (
            other("CERTIFICATE", "SERVER CERTIFICATE", text(&[&leaf.der], &[])),
            "a certificate",
        ),
        (
            other("CERTIFICATE", "CRT", text(&[&leaf.der], &[])),
            "a certificate",
        ),
        (
            other("PRIVATE KEY", "SERVER KEY", text(&[], &[&leaf.key])),
            "a private key",
        ),
    ] {
        let error = outcome(read(format!("{authority}{part}").as_bytes(), None));
        let shown = error.to_string();
        assert!(shown.contains("line ") && shown.contains(held), "{shown}");
    }
}

/// As `openssl` prints bytes.
fn in_pairs(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).map(|line| {
        let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    });
    lines.collect::<Vec<_>>().join(":\n    ")
}

#[test]
fn what_is_called_hexadecimal_is_read_when_it_is_declared_so() {
    let Line { leaf, .. } = line();
    let pfx = MODERN.pfx_of(&leaf.key, &[&leaf.der]);
    for value in [
        hex(&pfx),
        hex(&pfx).replace('A', "A\n"),
        format!("0x{}\n", hex(&pfx)),
        in_pairs(&pfx),
    ] {
        assert_eq!(found(&value, None), Found::Hex, "{value}");
        let declared = read_encoded(value.as_bytes(), None, Some(TextEncoding::Hex));
        assert_eq!(declared.expect("readable").leaf, leaf.der, "{value}");
    }
}

#[test]
fn a_value_in_another_form_is_named_and_not_called_damaged() {
    let Line { leaf, .. } = line();
    let pfx = MODERN.pfx_of(&leaf.key, &[&leaf.der]);
    let pem = text(&[&leaf.der], &[&leaf.key]);
    for (name, value, expected) in [
        ("empty", String::new(), Found::Nothing),
        ("blanks", " \n".to_owned(), Found::Nothing),
        ("hex", hex(&pfx), Found::Hex),
        ("hex in lines", hex(&pfx).replace('A', "A\n"), Found::Hex),
        ("hex behind 0x", format!("0x{}", hex(&pfx)), Found::Hex),
        ("hex in pairs", in_pairs(&pfx), Found::Hex),
        (
            "base64 twice",
            STANDARD.encode(STANDARD.encode(&pfx)),
            Found::Base64Twice,
        ),
        ("base64 of PEM", STANDARD.encode(&pem), Found::Base64OfPem),
        ("PKCS#7", STANDARD.encode(pkcs7()), Found::Pkcs7),
        (
            "DER of a certificate",
            STANDARD.encode(&leaf.der),
            Found::Certificate,
        ),
        (
            "DER of a key",
            STANDARD.encode(leaf.key.as_slice()),
            Found::PrivateKey,
        ),
    ] {
        for form in [PFX, PEM, None] {
            assert_eq!(found(&value, form), expected, "{name} as {form:?}");
        }
    }
    assert!(matches!(
        outcome(read(STANDARD.encode(&pfx).as_bytes(), PEM)),
        CertificateError::NotPem
    ));
}

/// The structure of a request that asks for nothing (RFC 2986): version, subject, key of the certificate, attributes.
fn request(leaf: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer;
    let sequence = |tag: u8, body: Vec<u8>| {
        let len = u16::try_from(body.len()).expect("short").to_be_bytes();
        [vec![tag, 0x82, len[0], len[1]], body].concat()
    };
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(leaf).expect("a certificate");
    let info = [
        &[2, 1, 0, 0x30, 0],
        parsed.tbs_certificate.subject_pki.raw,
        &[0xa0, 0],
    ]
    .concat();
    let algorithm = [
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
    ];
    let signature = [3, 2, 0, 1];
    sequence(
        0x30,
        [sequence(0x30, info), algorithm.to_vec(), signature.to_vec()].concat(),
    )
}

#[test]
fn what_people_store_under_the_type_of_a_pfx_is_named_and_not_called_damaged() {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    let Line { leaf, .. } = line();
    let mut longer = (0..200).map(|more| MODERN.pfx_of(&leaf.key, &[&leaf.der, &vec![0; more]]));
    // One whose base64 needs padding and both of its signs, whatever the key of this run is.
    let pfx = longer
        .find(|pfx| !pfx.len().is_multiple_of(3) && URL_SAFE.encode(pfx).contains(['-', '_']))
        .expect("one of them is so");
    let base64 = STANDARD.encode(&pfx);
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    for (name, value, expected) in [
        ("JKS", STANDARD.encode(b"\xfe\xed\xfe\xed\0\0\0\x02"), Found::Jks),
        (
            "zip",
            STANDARD.encode(b"PK\x03\x04\x14\0"),
            Found::File("a zip archive"),
        ),
        (
            "gzip",
            STANDARD.encode(b"\x1f\x8b\x08\0"),
            Found::File("gzip data"),
        ),
        (
            "PNG",
            STANDARD.encode(b"\x89PNG\r\n\x1a\n"),
            Found::File("a PNG image"),
        ),
        (
            "UTF-16",
            STANDARD.encode([b"\xff\xfe".to_vec(), utf16(&base64)].concat()),
            Found::Utf16,
        ),
        (
            "UTF-16 without a mark",
            STANDARD.encode(utf16(&base64)),
            Found::Utf16,
        ),
        (
            "text with NUL characters",
            String::from_utf8(utf16(&base64)).expect("ASCII"),
            Found::Utf16,
        ),
        ("unpadded", STANDARD_NO_PAD.encode(&pfx), Found::Unpadded),
        ("URL-safe", URL_SAFE.encode(&pfx), Found::UrlSafe),
        (
            "URL-safe and unpadded",
            URL_SAFE_NO_PAD.encode(&pfx),
            Found::UrlSafe,
        ),
        ("quoted", format!("\"{base64}\""), Found::Quoted),
        ("single quotes", format!("'{base64}'\n"), Found::Quoted),
        (
            "data URL",
            format!("data:application/x-pkcs12;base64,{base64}"),
            Found::DataUrl,
        ),
        ("a request", STANDARD.encode(request(&leaf.der)), Found::Request),
        (
            "a request in PEM",
            pem("CERTIFICATE REQUEST", &request(&leaf.der)),
            Found::Request,
        ),
        ("PEM", text(&[&leaf.der], &[&leaf.key]), Found::Pem),
    ] {
        assert_eq!(found(&value, PFX), expected, "{name}");
        if expected != Found::Pem {
            assert_eq!(found(&value, None), expected, "{name}");
        }
    }
    for word in [
        "changeit",
        "hunter2",
        "my-password",
        "correct horse battery staple",
        "{\"a\": 1}",
    ] {
        assert_eq!(
            outcome(read(word.as_bytes(), PFX)),
            CertificateError::NotBase64,
            "{word}"
        );
    }
    assert_eq!(
        found(&pem("CERTIFICATE REQUEST", &request(&leaf.der)), PEM),
        Found::Request
    );
    assert_eq!(found(&pem("PUBLIC KEY", b"0"), PEM), Found::PublicKey);
}

#[test]
fn a_trusted_certificate_and_pkcs7_in_pem_are_named() {
    let Line { leaf, .. } = line();
    for (name, problem) in [
        ("TRUSTED CERTIFICATE", PemProblem::TrustedCertificate),
        ("PKCS7", PemProblem::Pkcs7),
    ] {
        let value = pem(name, &leaf.der) + &text(&[], &[&leaf.key]);
        let error = outcome(read(value.as_bytes(), PEM));
        assert_eq!(error, CertificateError::Pem(PemError { line: 1, problem }));
    }
}

#[test]
fn a_declared_encoding_is_heeded() {
    let Line { leaf, .. } = line();
    let pfx = MODERN.pfx_of(&leaf.key, &[&leaf.der]);
    let pem = text(&[&leaf.der], &[&leaf.key]);
    let in_lines = STANDARD.encode(&pem).replace('M', "M\n");
    let (base64, hexadecimal) = (Some(TextEncoding::Base64), Some(TextEncoding::Hex));
    for (name, value, encoding) in [
        ("base64 of PEM", in_lines, base64),
        ("base64 of PFX", STANDARD.encode(&pfx), base64),
        (
            "base64 twice of PFX",
            STANDARD.encode(STANDARD.encode(&pfx)),
            base64,
        ),
        ("hex of PFX", hex(&pfx), hexadecimal),
        ("hex of PEM", hex(pem.as_bytes()), hexadecimal),
        (
            "base64 of PFX that was stored as text",
            STANDARD.encode(&pfx),
            None,
        ),
        ("PEM whose declared encoding is not true", pem.clone(), base64),
    ] {
        let forms = if name.contains("PFX") {
            [PFX, None]
        } else {
            [PEM, None]
        };
        for form in forms {
            let read = read_encoded(value.as_bytes(), form, encoding);
            assert_eq!(read.expect("readable").leaf, leaf.der, "{name}");
        }
    }
    let error = outcome(read_encoded(b"no base64!", None, base64));
    assert_eq!(
        error,
        CertificateError::TextEncoding {
            encoding: TextEncoding::Base64,
            problem: EncodingProblem::Character {
                position: 10,
                len: 10
            },
        }
    );
}

/// The key with the parameters of a curve in place of its name, as `openssl ecparam -param_enc explicit` writes it:
/// whatever they are, they are a SEQUENCE.
fn with_explicit_curve(pkcs8: &[u8]) -> Vec<u8> {
    let info = pkcs8::PrivateKeyInfo::try_from(pkcs8).expect("PKCS#8");
    let algorithm = pkcs8::AlgorithmIdentifierRef {
        oid: info.algorithm.oid,
        parameters: Some(der::asn1::AnyRef::new(der::Tag::Sequence, &[2, 1, 1]).expect("short")),
    };
    der::Encode::to_der(&pkcs8::PrivateKeyInfo::new(algorithm, info.private_key)).expect("encodable")
}

#[test]
fn explicit_ec_parameters_are_named() {
    let Line { leaf, .. } = line();
    let pkcs8 = with_explicit_curve(&leaf.key);
    // SEC 1: version, scalar, and the same parameters under the tag 0.
    let mut sec1 = vec![0x30, 0x2c, 2, 1, 1, 4, 32];
    sec1.extend([7; 32]);
    sec1.extend([0xa0, 5, 0x30, 3, 2, 1, 1]);
    for value in [
        text(&[&leaf.der], &[&pkcs8]),
        pem("EC PRIVATE KEY", &sec1) + &text(&[&leaf.der], &[]),
    ] {
        let error = outcome(read(value.as_bytes(), PEM));
        assert_eq!(
            error,
            CertificateError::ExplicitCurve {
                part: "private key",
                number: 1,
                of: 1
            }
        );
    }
}

#[test]
fn a_certificate_with_explicit_ec_parameters_is_named() {
    const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let Line { leaf, .. } = line();
    let at = leaf.der.windows(P256.len()).position(|window| window == P256);
    let at = at.expect("a P-256 key");
    let mut der = leaf.der.clone();
    // A SEQUENCE of the same length: what is in it does not matter.
    der[at] = 0x30;
    let error = outcome(read_pem(&[&der], &[]));
    assert_eq!(
        error,
        CertificateError::ExplicitCurve {
            part: "certificate",
            number: 1,
            of: 1
        }
    );
}
