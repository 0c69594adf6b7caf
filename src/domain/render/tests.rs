use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::domain::certificate::MODERN;
use crate::domain::certificate::test_certificates::{
    Authority, RSA_PKCS8, pem as block, rsa_key, self_signed,
};
use crate::domain::certificate::{CertificateError, PemError};
use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{Attributes, Curve, PublicKey, SecretContent};
use crate::domain::mode::FileMode;
use crate::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultName, VersionId, VersionSelector,
};
use crate::domain::spec::{BundleOrder, CertificateContent, KeyFormat, SecretEncoding};

const MARKER: &str = "cGFzc3dvcmQhISEh";

fn spec(wanted: &[Content]) -> ObjectSpec {
    let file = |(index, content): (usize, &Content)| FileSpec {
        path: RelativePath::parse(&format!("dir/file-{index}")).expect("a path"),
        content: content.clone(),
        mode: FileMode::from_bits(0o440),
    };
    ObjectSpec {
        source: Source {
            object: object_id(),
            version: VersionSelector::Latest,
        },
        required: true,
        files: wanted.iter().enumerate().map(file).collect(),
    }
}

fn object_id() -> ObjectId {
    ObjectId {
        vault: VaultName::parse("app").expect("a name"),
        kind: ObjectKind::Secret,
        name: ObjectName::parse("thing").expect("a name"),
    }
}

fn render_all(content: FetchedContent, wanted: &[Content]) -> Result<Rendered, RenderError> {
    let version = VersionId::parse(&"0".repeat(32)).expect("a version");
    let object = FetchedObject {
        object: object_id(),
        version,
        attributes: Attributes::default(),
        content,
    };
    render(&spec(wanted), &object)
}

fn secret_with(value: impl Into<Vec<u8>>, content_type: Option<&str>) -> FetchedContent {
    FetchedContent::Secret(SecretContent {
        value: SecretBytes::new(value.into()),
        content_type: content_type.map(str::to_owned),
        backs_certificate: false,
    })
}

fn secret(value: &str, encoding: SecretEncoding) -> Result<Vec<u8>, RenderFault> {
    let rendered = render_all(secret_with(value, None), &[Content::Secret(encoding)]);
    rendered
        .map(|rendered| rendered.files[0].1.expose().to_vec())
        .map_err(|error| *error.fault)
}

fn key(key: PublicKey, format: KeyFormat) -> Result<Vec<u8>, RenderFault> {
    let rendered = render_all(FetchedContent::Key(key), &[Content::Key(format)]);
    rendered
        .map(|rendered| rendered.files[0].1.expose().to_vec())
        .map_err(|error| *error.fault)
}

fn problem(result: Result<Vec<u8>, RenderFault>) -> EncodingProblem {
    match result {
        Err(RenderFault::Encoding { problem, .. }) => problem,
        other => panic!("expected a problem with the encoding: {other:?}"),
    }
}

#[test]
fn a_utf8_secret_is_written_as_it_is() {
    for value in ["", "no newline", "a newline\n", "\u{feff}Grüße\r\n"] {
        assert_eq!(
            secret(value, SecretEncoding::Utf8).expect("any text"),
            value.as_bytes()
        );
    }
}

#[test]
fn base64_is_the_padded_standard_alphabet_and_nothing_else() {
    assert_eq!(
        secret("+/8=", SecretEncoding::Base64).expect("valid"),
        [0xfb, 0xff]
    );
    assert_eq!(secret("", SecretEncoding::Base64).expect("valid"), b"");
    for (value, expected) in [
        ("-_8=", EncodingProblem::Character { position: 1, len: 4 }),
        ("AAAA\n", EncodingProblem::Character { position: 5, len: 5 }),
        ("AA A", EncodingProblem::Character { position: 3, len: 4 }),
        ("AAB=", EncodingProblem::Character { position: 3, len: 4 }),
        ("AAA", EncodingProblem::Padding),
        ("AAAAA", EncodingProblem::Length { len: 5 }),
    ] {
        assert_eq!(
            problem(secret(value, SecretEncoding::Base64)),
            expected,
            "{value:?}"
        );
    }
}

#[test]
fn hex_is_pairs_of_digits_in_either_case() {
    assert_eq!(
        secret("00fFa9", SecretEncoding::Hex).expect("valid"),
        [0, 0xff, 0xa9]
    );
    for (value, expected) in [
        ("0x00", EncodingProblem::Character { position: 2, len: 4 }),
        ("00\n", EncodingProblem::Character { position: 3, len: 3 }),
        ("+1", EncodingProblem::Character { position: 1, len: 2 }),
        ("000", EncodingProblem::Length { len: 3 }),
    ] {
        assert_eq!(problem(secret(value, SecretEncoding::Hex)), expected, "{value:?}");
    }
}

#[test]
fn a_certificate_has_the_bytes_that_the_documentation_shows() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let (key, certificate) = (block("PRIVATE KEY", &leaf.key), block("CERTIFICATE", &leaf.der));
    let issuer = block("CERTIFICATE", &middle.der);
    let value = [&block("CERTIFICATE", &root.der), &issuer, &key, &certificate]
        .map(String::as_str)
        .concat();

    let wanted = [
        CertificateContent::FullChain,
        CertificateContent::Leaf,
        CertificateContent::Chain,
        CertificateContent::PrivateKey,
        CertificateContent::Bundle(BundleOrder::KeyFirst),
        CertificateContent::Bundle(BundleOrder::KeyLast),
        CertificateContent::Der,
    ];
    let rendered =
        render_all(secret_with(value, None), &wanted.map(Content::Certificate)).expect("renderable");
    let full_chain = certificate.clone() + &issuer;
    let expected = [
        full_chain.clone().into_bytes(),
        certificate.into_bytes(),
        issuer.into_bytes(),
        key.clone().into_bytes(),
        (key.clone() + &full_chain).into_bytes(),
        (full_chain + &key).into_bytes(),
        leaf.der,
    ];
    for (index, expected) in expected.iter().enumerate() {
        let (path, bytes) = &rendered.files[index];
        assert_eq!(path.as_str(), format!("dir/file-{index}"));
        assert!(bytes.expose() == expected, "{:?}", wanted[index]);
    }
    assert_eq!(rendered.notices, []);
}

#[test]
fn a_pfx_in_a_plain_secret_is_a_certificate_where_the_manifest_says_so() {
    // App Service Certificates are stored so: with this content type or none, and without `kid`.
    let alone = self_signed("alone");
    let value = STANDARD.encode(MODERN.pfx_of(&alone.key, &[&alone.der]));
    for content_type in [
        Some("application/x-pkcs12"),
        None,
        Some("certificate of the web site"),
    ] {
        let wanted = [
            Content::Certificate(CertificateContent::PrivateKey),
            Content::Secret(SecretEncoding::Utf8),
        ];
        let rendered = render_all(secret_with(value.clone(), content_type), &wanted).expect("renderable");
        assert!(rendered.files[0].1.expose() == block("PRIVATE KEY", &alone.key).as_bytes());
        assert!(
            rendered.files[1].1.expose() == value.as_bytes(),
            "a secret stays as it is"
        );
    }
}

#[test]
fn a_self_signed_certificate_has_an_empty_chain() {
    let alone = self_signed("alone");
    let value = block("CERTIFICATE", &alone.der) + &block("PRIVATE KEY", &alone.key);
    let wanted = [CertificateContent::Chain, CertificateContent::FullChain].map(Content::Certificate);
    let rendered = render_all(secret_with(value, None), &wanted).expect("renderable");
    assert_eq!(rendered.files[0].1.expose(), b"");
    assert_eq!(
        rendered.files[1].1.expose(),
        block("CERTIFICATE", &alone.der).as_bytes()
    );
    assert_eq!(rendered.notices, []);
}

#[test]
fn what_a_chain_lacks_is_noticed_where_a_chain_is_written() {
    let root = Authority::root("root");
    let middle = root.authority("middle");
    let leaf = middle.issue("leaf");
    let notices = |certificates: &[&[u8]], wanted| {
        let value: String = certificates.iter().map(|der| block("CERTIFICATE", der)).collect();
        let value = value + &block("PRIVATE KEY", &leaf.key);
        render_all(secret_with(value, None), &[Content::Certificate(wanted)])
            .expect("renderable")
            .notices
    };
    let alone = notices(&[&leaf.der, &root.der], CertificateContent::FullChain);
    let missing = Notice::MissingIssuer {
        subject: "CN=middle".to_owned(),
        intermediates: 0,
    };
    assert!(missing.is_warning());
    assert_eq!(alone, [missing, Notice::UnrelatedCertificates { count: 1 }]);

    let rootless = notices(&[&leaf.der, &middle.der], CertificateContent::Chain);
    assert_eq!(
        rootless,
        [Notice::MissingIssuer {
            subject: "CN=root".to_owned(),
            intermediates: 1
        }]
    );
    assert!(
        !rootless[0].is_warning(),
        "a chain is commonly stored without its root"
    );

    assert_eq!(notices(&[&leaf.der, &root.der], CertificateContent::Leaf), []);
}

#[test]
fn a_key_that_is_not_exportable_refuses_all_files_of_the_object() {
    let value = block("CERTIFICATE", &self_signed("alone").der);
    let public = [CertificateContent::FullChain, CertificateContent::Der].map(Content::Certificate);
    assert_eq!(
        render_all(secret_with(value.clone(), None), &public)
            .expect("public")
            .files
            .len(),
        2
    );

    for wanted in [
        CertificateContent::PrivateKey,
        CertificateContent::Bundle(BundleOrder::KeyLast),
    ] {
        let wanted = [CertificateContent::FullChain, wanted].map(Content::Certificate);
        let error = render_all(secret_with(value.clone(), None), &wanted).expect_err("there is no key");
        assert!(matches!(*error.fault, RenderFault::KeyNotExportable { .. }));
        assert!(
            error.to_string().contains("`dir/file-1`") && error.hint().contains("exportable: true"),
            "{error}"
        );
    }
}

#[test]
fn content_of_another_kind_is_refused() {
    let rsa = PublicKey::Rsa {
        n: vec![1],
        e: vec![3],
    };
    for (content, wanted) in [
        (
            FetchedContent::Key(rsa.clone()),
            Content::Secret(SecretEncoding::Utf8),
        ),
        (
            FetchedContent::Key(rsa),
            Content::Certificate(CertificateContent::Leaf),
        ),
        (secret_with("x", None), Content::Key(KeyFormat::Pem)),
    ] {
        let error = render_all(content, &[wanted]).expect_err("of another kind");
        assert!(matches!(*error.fault, RenderFault::KindMismatch { .. }));
    }
}

#[test]
fn a_failure_names_object_version_and_next_action_and_no_byte_of_the_value() {
    let pem =
        format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{MARKER}\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let bad_line = format!("-----BEGIN CERTIFICATE {MARKER}\n-----BEGIN {MARKER}");
    let certificate = Content::Certificate(CertificateContent::Leaf);
    for (value, wanted) in [
        (format!("{MARKER}\u{e4}"), Content::Secret(SecretEncoding::Base64)),
        (MARKER.to_owned(), Content::Secret(SecretEncoding::Hex)),
        (MARKER.to_owned(), certificate.clone()),
        (pem, certificate.clone()),
        (bad_line, certificate),
    ] {
        let error = render_all(secret_with(value, None), &[wanted]).expect_err("not renderable");
        let debug = format!("{error:?}");
        let failure = Failure::from(error);
        assert_eq!(failure.reason, Reason::Unrenderable);
        assert!(
            failure.detail.starts_with("app/secrets/thing version 0000"),
            "{failure}"
        );
        for text in [&debug, &failure.detail, &failure.hint] {
            assert!(
                !text.is_empty() && !text.contains(MARKER) && !text.contains("cGFz"),
                "{text}"
            );
        }
    }
    let encrypted = RenderFault::from(CertificateError::Pem(PemError::EncryptedKey));
    assert!(encrypted.hint().contains("openssl pkcs8"));
}

#[test]
fn a_jwk_is_the_input_of_its_thumbprint() {
    // Key and thumbprint of RFC 7638, section 3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
             FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb\
             9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls\
             1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let decode = |text| URL_SAFE_NO_PAD.decode(text);
    let rsa = PublicKey::Rsa {
        n: decode(n).expect("base64url"),
        e: vec![1, 0, 1],
    };
    let jwk = key(rsa, KeyFormat::Jwk).expect("valid");
    let thumbprint = ring::digest::digest(&ring::digest::SHA256, &jwk);
    let expected = decode("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").expect("base64url");
    assert_eq!(thumbprint.as_ref(), expected);
}

#[test]
fn curves_have_their_registered_names_and_coordinates_their_full_length() {
    for (curve, name) in [
        (Curve::P256, "P-256"),
        (Curve::P384, "P-384"),
        (Curve::P521, "P-521"),
        (Curve::P256K, "secp256k1"),
    ] {
        // A coordinate that came without its leading zeros, and one with zeros too many.
        let long = [vec![0; curve.coordinate_len()], vec![2]].concat();
        let jwk = key(
            PublicKey::Ec {
                curve,
                x: vec![1],
                y: long,
            },
            KeyFormat::Jwk,
        )
        .expect("valid");
        let coordinate = |last| {
            let bytes = [vec![0; curve.coordinate_len() - 1], vec![last]].concat();
            URL_SAFE_NO_PAD.encode(bytes)
        };
        let expected = format!(
            r#"{{"crv":"{name}","kty":"EC","x":"{}","y":"{}"}}"#,
            coordinate(1),
            coordinate(2)
        );
        assert_eq!(String::from_utf8(jwk).expect("JSON"), expected);
    }
}

#[test]
fn a_public_key_is_what_others_make_of_it() {
    let pair = rsa_key();
    let private =
        <rsa::RsaPrivateKey as rsa::pkcs8::DecodePrivateKey>::from_pkcs8_der(&RSA_PKCS8).expect("RSA");
    let (n, e) = (
        rsa::traits::PublicKeyParts::n(&private),
        rsa::traits::PublicKeyParts::e(&private),
    );
    // Azure may answer with a leading zero.
    let public = PublicKey::Rsa {
        n: [vec![0], n.to_bytes_be()].concat(),
        e: e.to_bytes_be(),
    };
    let pem = key(public.clone(), KeyFormat::Pem).expect("valid");
    assert_eq!(
        String::from_utf8(pem).expect("PEM"),
        pair.public_key_pem().replace("\r\n", "\n")
    );
    let der = key(public, KeyFormat::Der).expect("valid");
    assert_eq!(der, rcgen::PublicKeyData::subject_public_key_info(&pair));

    for (algorithm, curve) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Curve::P256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Curve::P384),
    ] {
        let pair = rcgen::KeyPair::generate_for(algorithm).expect("randomness");
        let (x, y) = pair.public_key_raw()[1..].split_at(curve.coordinate_len());
        let der = key(
            PublicKey::Ec {
                curve,
                x: x.to_vec(),
                y: y.to_vec(),
            },
            KeyFormat::Der,
        )
        .expect("valid");
        assert_eq!(der, rcgen::PublicKeyData::subject_public_key_info(&pair));
    }
}

#[test]
fn numbers_that_make_no_key_are_refused_by_member() {
    let x = vec![1; 32];
    for (public, expected) in [
        (
            PublicKey::Rsa {
                n: vec![],
                e: vec![3],
            },
            "n is absent",
        ),
        (
            PublicKey::Rsa {
                n: vec![5],
                e: vec![0, 0],
            },
            "e is absent or zero",
        ),
        (
            PublicKey::Rsa {
                n: vec![5; 5000],
                e: vec![3],
            },
            "n is too long",
        ),
        (
            PublicKey::Ec {
                curve: Curve::P256,
                x: vec![],
                y: x.clone(),
            },
            "x is absent",
        ),
        (
            PublicKey::Ec {
                curve: Curve::P256,
                x,
                y: vec![1; 33],
            },
            "y is longer",
        ),
    ] {
        let fault = key(public, KeyFormat::Pem).expect_err("no key");
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

proptest! {
    #[test]
    fn encoded_bytes_come_back(bytes: Vec<u8>) {
        let base64 = STANDARD.encode(&bytes);
        prop_assert_eq!(&secret(&base64, SecretEncoding::Base64).expect("valid"), &bytes);
        let digit = |digit: u8| char::from_digit(digit.into(), 16).expect("below 16");
        let hex: String = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        prop_assert_eq!(&secret(&hex, SecretEncoding::Hex).expect("valid"), &bytes);
    }

    #[test]
    fn no_text_makes_a_decoder_panic(text in "[0-9a-f=+/\\-é\n]{0,9}|\\PC{0,20}") {
        let _ = secret(&text, SecretEncoding::Base64);
        let _ = secret(&text, SecretEncoding::Hex);
    }
}
