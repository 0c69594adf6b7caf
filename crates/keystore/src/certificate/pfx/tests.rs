//! Values of every sort, written by a small encoder of the tests' own; `tests/rendering.rs` asks a stranger's.

use hmac::{Hmac, Mac};
use proptest::prelude::*;
use proptest::sample::Index;
use sha2::Sha256;
use testing::pfx::*;

use super::*;

fn assert_opens(pfx: &[u8], context: &str) {
    let contents = open(pfx).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(contents.certificates.len(), 1, "{context}");
    assert_eq!(contents.certificates[0].der, CERTIFICATE, "{context}");
    assert_eq!(
        contents.certificates[0].local_key_id.as_deref(),
        Some(KEY_ID),
        "{context}"
    );
    assert_eq!(contents.keys.len(), 1, "{context}");
    assert!(contents.keys[0].der.as_slice() == KEY, "{context}");
    assert_eq!(
        contents.keys[0].local_key_id.as_deref(),
        Some(KEY_ID),
        "{context}"
    );
}

fn error_of(pfx: &[u8]) -> PfxError {
    match open(pfx) {
        Ok(_) => panic!("the PFX was opened"),
        Err(error) => error,
    }
}

#[test]
fn every_scheme_opens_under_both_empty_passwords_with_and_without_a_mac() {
    let schemes = [TRIPLE_DES_3, TRIPLE_DES_2, RC2_128, RC2_40].map(Protection::Pkcs12);
    let modern = [PBES2_3DES, AES_128, AES_192, AES_256].map(Protection::Pbes2);
    for protection in schemes.into_iter().chain(modern).chain([Protection::None]) {
        for password in [NULL, TERMINATED] {
            for mac in [None, Some(SHA1), Some(SHA256), Some(SHA384), Some(SHA512)] {
                let recipe = Recipe {
                    password,
                    key: protection,
                    certificates: protection,
                    mac,
                    ..MODERN
                };
                assert_opens(&recipe.pfx(), &format!("{recipe:?}"));
            }
        }
    }
}

#[test]
fn the_form_of_2018_opens_which_omits_the_mac_iterations() {
    let recipe = Recipe {
        key: Protection::Pkcs12(TRIPLE_DES_3),
        certificates: Protection::Pkcs12(RC2_40),
        mac: Some(SHA1),
        mac_iterations: None,
        iterations: 2000,
        ..MODERN
    };
    assert_opens(&recipe.pfx(), "2018");
}

#[test]
fn pbmac1_is_verified() {
    let recipe = Recipe { mac: None, ..MODERN };
    let with_mac = |safe: &[u8], tag: &[u8]| {
        let kdf = sequence(&[
            &oid("1.2.840.113549.1.5.12"),
            &sequence(&[
                &tlv(4, &[SALT]),
                &integer(5),
                &integer(32),
                &sequence(&[&oid(HMAC_SHA256), &[5, 0]]),
            ]),
        ]);
        let scheme = sequence(&[&oid(HMAC_SHA256), &[5, 0]]);
        let algorithm = sequence(&[&oid("1.2.840.113549.1.5.14"), &sequence(&[&kdf, &scheme])]);
        let mac = sequence(&[
            &sequence(&[&algorithm, &tlv(4, &[tag])]),
            &tlv(4, &[b"unused"]),
            &integer(1),
        ]);
        sequence(&[&integer(3), &data(safe), &mac])
    };
    let pfx = recipe.pfx();
    let (auth_safe, _) = outer(&pfx).expect("readable");
    let safe = auth_safe.data("").expect("data");
    let mut key = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(b"", SALT, 5, &mut key);
    let tag = <Hmac<Sha256> as Mac>::new_from_slice(&key)
        .expect("any length")
        .chain_update(safe)
        .finalize();
    assert_opens(&with_mac(safe, &tag.into_bytes()), "PBMAC1");
    assert_eq!(error_of(&with_mac(safe, &[0; 32])), PfxError::Password);
}

#[test]
fn a_password_that_is_not_empty_is_named_as_the_reason() {
    let password = &[0, b'x', 0, 0];
    assert_eq!(error_of(&Recipe { password, ..MODERN }.pfx()), PfxError::Password);
    let protection = Protection::Pkcs12(TRIPLE_DES_3);
    let unchecked = Recipe {
        password,
        key: protection,
        certificates: protection,
        mac: None,
        ..MODERN
    };
    assert!(matches!(
        error_of(&unchecked.pfx()),
        PfxError::Undecryptable { .. } | PfxError::Malformed { .. }
    ));
}

#[test]
fn an_altered_value_does_not_pass_its_mac() {
    let mut pfx = MODERN.pfx();
    let at = pfx
        .windows(KEY_ID.len())
        .position(|window| window == KEY_ID)
        .expect("an attribute");
    pfx[at] ^= 1;
    assert_eq!(error_of(&pfx), PfxError::Password);
}

#[test]
fn bags_of_other_sorts_are_passed_over_and_nested_ones_opened() {
    let secret = bag(
        "1.2.840.113549.1.12.10.1.5",
        &sequence(&[&oid(SHA1), &tlv(0xa0, &[&tlv(4, &[b"x"])])]),
    );
    let list = bag(
        "1.2.840.113549.1.12.10.1.4",
        &sequence(&[&oid("1.2.840.113549.1.9.23.1"), &tlv(0xa0, &[&tlv(4, &[b"x"])])]),
    );
    let unknown = bag("1.2.3.4", &tlv(4, &[b"x"]));
    let sdsi = bag(
        "1.2.840.113549.1.12.10.1.3",
        &sequence(&[
            &oid("1.2.840.113549.1.9.22.2"),
            &tlv(0xa0, &[&tlv(0x16, &[b"x"])]),
        ]),
    );
    let key = marked_bag("1.2.840.113549.1.12.10.1.1", KEY);
    let certificate = marked_bag("1.2.840.113549.1.12.10.1.3", &cert_value(CERTIFICATE));
    let nest = |inner: &[u8]| bag("1.2.840.113549.1.12.10.1.6", &sequence(&[inner]));
    let safe = sequence(&[&data(&sequence(&[
        &secret,
        &list,
        &unknown,
        &nest(&nest(&key)),
        &sdsi,
        &certificate,
    ]))]);
    assert_opens(&MODERN.wrap(&safe), "nested");

    let deep = (0..6).fold(key, |inner, _| nest(&inner));
    let safe = sequence(&[&data(&sequence(&[&deep]))]);
    assert_eq!(error_of(&MODERN.wrap(&safe)), PfxError::TooDeep { limit: 4 });
}

#[test]
fn all_keys_of_a_pfx_are_found_in_its_order() {
    let other = sequence(&[&integer(7)]);
    let [one, two] = [&other[..], KEY].map(|key| marked_bag("1.2.840.113549.1.12.10.1.1", key));
    let safe = sequence(&[&data(&sequence(&[&one])), &data(&sequence(&[&two]))]);
    let keys = open(&MODERN.wrap(&safe)).expect("readable").keys;
    let keys: Vec<_> = keys.iter().map(|key| key.der.as_slice()).collect();
    assert!(keys == [&other[..], KEY]);
}

#[test]
fn ber_with_indefinite_lengths_and_octets_in_pieces_opens() {
    let recipe = Recipe { mac: None, ..MODERN };
    let pfx = recipe.pfx();
    let (auth_safe, _) = outer(&pfx).expect("readable");
    let safe = auth_safe.data("").expect("data");
    let (first, second) = safe.split_at(safe.len() / 2);
    let octets = [
        &[0x24, 0x80],
        tlv(4, &[first]).as_slice(),
        &tlv(4, &[second]),
        &[0, 0],
    ]
    .concat();
    let content = [&[0xa0, 0x80], octets.as_slice(), &[0, 0]].concat();
    let info = [
        &[0x30, 0x80],
        oid("1.2.840.113549.1.7.1").as_slice(),
        &content,
        &[0, 0],
    ]
    .concat();
    let mac = MODERN.mac(SHA256, safe);
    let ber = [&[0x30, 0x80], integer(3).as_slice(), &info, &mac, &[0, 0]].concat();
    assert_opens(&ber, "BER");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let rc4 = Recipe {
        key: Protection::Pkcs12("1.2.840.113549.1.12.1.1"),
        ..MODERN
    };
    let gcm = Recipe {
        certificates: Protection::Pbes2("2.16.840.1.101.3.4.1.46"),
        ..MODERN
    };
    let unknown = Recipe {
        key: Protection::Pkcs12("1.2.3.4"),
        ..MODERN
    };
    let md5 = Recipe {
        mac: Some("1.2.840.113549.2.5"),
        ..MODERN
    };
    for (recipe, name) in [
        (rc4, "pbeWithSHAAnd128BitRC4 (1.2.840.113549.1.12.1.1)"),
        (gcm, "AES-256-GCM (2.16.840.1.101.3.4.1.46)"),
        (unknown, "the unknown algorithm 1.2.3.4"),
        (md5, "MD5 (1.2.840.113549.2.5)"),
    ] {
        let error = error_of(&recipe.pfx());
        assert!(matches!(error, PfxError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_value_that_asks_for_endless_work_is_refused_at_once() {
    let costly_mac = {
        let safe = sequence(&[]);
        let mac = MODERN.mac(SHA256, &safe);
        let mac = [&mac[..mac.len() - 3], &integer(u32::MAX)[..]].concat();
        sequence(&[&integer(3), &data(&safe), &tlv(0x30, &[&mac[2..]])])
    };
    let costly_key = Recipe {
        key: Protection::Pkcs12(TRIPLE_DES_3),
        iterations: u32::MAX,
        ..MODERN
    }
    .pfx();
    let costly_pbes2 = Recipe {
        iterations: 3_000_000,
        ..MODERN
    }
    .pfx();
    for pfx in [costly_mac, costly_key, costly_pbes2] {
        assert!(matches!(error_of(&pfx), PfxError::TooMuchWork { .. }));
    }
    assert_eq!(error_of(&vec![0x30; MAX_LEN + 1]), STRUCTURE);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_altered_pfx_makes_the_reader_panic(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cut: Index,
        mac: bool,
        legacy: bool,
    ) {
        let protection = if legacy { Protection::Pkcs12(RC2_40) } else { Protection::Pbes2(AES_256) };
        let mac = mac.then_some(SHA256);
        let mut pfx = Recipe { mac, key: protection, certificates: protection, ..MODERN }.pfx();
        for (at, byte) in changes {
            let at = at.index(pfx.len());
            pfx[at] = byte;
        }
        let _ = open(&pfx);
        let _ = open(&pfx[..cut.index(pfx.len())]);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = open(&bytes);
    }
}
