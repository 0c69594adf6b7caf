//! Public keys, compared with what RFC 7638 and other libraries say of the same key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use testing::certificates::{RSA_PKCS8, rsa_key};

use super::*;
use domain::fetched::Curve;

fn key(key: PublicKey, format: KeyFormat) -> Result<Vec<u8>, RenderFault> {
    let rendered = render_all(FetchedContent::Key(key), &[Content::Key(format)]);
    rendered
        .map(|rendered| rendered.files[0].1.expose().to_vec())
        .map_err(|error| *error.fault)
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
        (Curve::Secp256k1, "secp256k1"),
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
fn an_ssh_key_is_one_line_with_the_name_of_its_object() {
    // RFC 4253, section 6.6: the modulus has its high bit set, and needs a zero before it.
    let rsa = PublicKey::Rsa {
        n: vec![0, 0x80],
        e: vec![3],
    };
    let blob = STANDARD.encode(b"\0\0\0\x07ssh-rsa\0\0\0\x01\x03\0\0\0\x02\0\x80");
    let line = key(rsa, KeyFormat::Ssh).expect("valid");
    assert_eq!(
        String::from_utf8(line).expect("ASCII"),
        format!("ssh-rsa {blob} thing\n")
    );

    // RFC 5656, section 3.1: the point is uncompressed.
    let ec = |curve| PublicKey::Ec {
        curve,
        x: vec![1],
        y: vec![2],
    };
    let line = String::from_utf8(key(ec(Curve::P521), KeyFormat::Ssh).expect("valid")).expect("ASCII");
    let blob = STANDARD
        .decode(line.split(' ').nth(1).expect("three words"))
        .expect("base64");
    assert!(
        line.starts_with("ecdsa-sha2-nistp521 ") && line.ends_with(" thing\n"),
        "{line}"
    );
    assert!(blob.starts_with(b"\0\0\0\x13ecdsa-sha2-nistp521\0\0\0\x08nistp521\0\0\0\x85\x04"));
    assert_eq!(blob.len(), 4 + 19 + 4 + 8 + 4 + 133);

    let fault = key(ec(Curve::Secp256k1), KeyFormat::Ssh).expect_err("OpenSSH has none");
    assert!(
        matches!(fault, RenderFault::NoSshForm { .. }) && !fault.hint().is_empty(),
        "{fault}"
    );
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
