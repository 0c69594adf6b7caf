//! Values as they are, decoded, and in part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::json::{Found, JsonProblem};
use domain::desired::JsonPointer;

/// The bytes of a value with the tag `file-encoding`, if there is one.
fn formed(form: SecretForm, value: &[u8], tag: Option<&str>) -> Result<Vec<u8>, RenderFault> {
    let object = FetchedObject {
        object: object_id(),
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: "https://contoso.vault.azure.net/secrets/thing/0".to_owned(),
        attributes: Attributes {
            tags: tag
                .map(|tag| ("file-encoding".to_owned(), tag.to_owned()))
                .into_iter()
                .collect(),
            ..Attributes::default()
        },
        content: secret_with(value, None),
    };
    let rendered = render_object(&specs(&[Content::Secret(form)]), &object, &Passwords::new());
    rendered
        .map(|rendered| rendered.files[0].1.expose().to_vec())
        .map_err(|error| *error.fault)
}

fn property(pointer: &str) -> SecretForm {
    SecretForm {
        property: Some(JsonPointer::parse(pointer).expect("a pointer")),
        ..SecretForm::default()
    }
}

fn secret(value: &str, encoding: SecretEncoding) -> Result<Vec<u8>, RenderFault> {
    let rendered = render_all(secret_with(value, None), &[Content::Secret(encoding.into())]);
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
        ("AAAA\n!", EncodingProblem::Character { position: 6, len: 6 }),
        ("AA\u{a0}A", EncodingProblem::Character { position: 3, len: 5 }),
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
        ("00x0", EncodingProblem::Character { position: 3, len: 4 }),
        ("+1", EncodingProblem::Character { position: 1, len: 2 }),
        ("000", EncodingProblem::Length { len: 3 }),
    ] {
        assert_eq!(problem(secret(value, SecretEncoding::Hex)), expected, "{value:?}");
    }
}

#[test]
fn the_tag_decides_where_the_manifest_does_not() {
    let plain = SecretForm::default();
    for (tag, value, expected) in [
        (None, "QUJD", "QUJD"),
        (Some("base64"), "QUJD\nREVG\n", "ABCDEF"),
        (Some("BASE64"), "QUJD", "ABC"),
        (Some("hex"), "414243", "ABC"),
        (Some("hex"), "0x41 42\n43\n", "ABC"),
        (Some("utf-8"), "QUJD\n", "QUJD\n"),
        (Some("ascii"), "QUJD", "QUJD"),
        (Some("utf-16le"), "QUJD", "QUJD"),
        (Some("Utf-16BE"), "QUJD", "QUJD"),
    ] {
        let bytes = formed(plain.clone(), value.as_bytes(), tag).expect("renderable");
        assert_eq!(bytes, expected.as_bytes(), "{tag:?}");
    }
    let declared = SecretEncoding::Utf8.into();
    assert_eq!(
        formed(declared, b"QUJD", Some("base64")).expect("as it is"),
        b"QUJD"
    );
}

#[test]
fn base64_is_read_alike_whether_the_manifest_or_the_tag_declares_it() {
    for value in [
        "QUJDREVG",
        "QUJD\r\nREVG\r\n",
        " QUJD\tREVG",
        "QUJDREV",
        "QUJD-EVG",
    ] {
        let declared = formed(SecretEncoding::Base64.into(), value.as_bytes(), None);
        let tagged = formed(SecretForm::default(), value.as_bytes(), Some("base64"));
        assert_eq!(declared.ok(), tagged.ok(), "{value:?}");
    }
    let broken = formed(SecretEncoding::Base64.into(), b"QUJD\r\nREVG\r\n", None);
    assert_eq!(broken.expect("line ends are passed over"), b"ABCDEF");
}

#[test]
fn a_tag_that_does_not_fit_is_refused_by_name() {
    let tagged = formed(SecretForm::default(), b"no-base64", Some("base64")).expect_err("not base64");
    assert_eq!(
        tagged.to_string(),
        "`dir/file-0` follows the tag `file-encoding: base64`, and character 3 of 9 is not of its alphabet"
    );
    assert!(tagged.hint().contains("encoding: utf-8"));

    let long = format!("rot13\u{1b}{}", "x".repeat(300));
    let unknown = formed(SecretForm::default(), b"uryyb", Some(&long)).expect_err("unknown");
    let text = unknown.to_string();
    assert!(text.contains("`rot13\\u{1b}xxx") && text.len() < 120, "{text}");
    assert!(unknown.hint().contains("overrides the tag"));
}

#[test]
fn a_property_is_selected_from_the_decoded_value() {
    let json = r#"{"smtp":{"host":"mail.example.com ","ports":[25, 587]}}"#;
    let encoded = STANDARD.encode(json);
    for (tag, value) in [(None, json), (Some("base64"), &encoded)] {
        let part = |pointer| formed(property(pointer), value.as_bytes(), tag).expect("there");
        assert_eq!(part("/smtp/host"), b"mail.example.com ");
        assert_eq!(part("/smtp/ports"), b"[25,587]");
        assert_eq!(part("/smtp/ports/1"), b"587");
    }
    let missing = formed(property("/smtp/port"), json.as_bytes(), None).expect_err("no such part");
    assert_eq!(
        missing.to_string(),
        "`dir/file-0` wants the property `/smtp/port`, and what is at `/smtp` is an object (2 members) without \
         such a part"
    );
    assert!(matches!(
        missing,
        RenderFault::Property {
            problem: JsonProblem::Missing {
                found: Found::Object(2),
                ..
            },
            ..
        }
    ));
}

#[test]
fn what_is_not_json_has_no_property_and_shows_nothing() {
    let value = format!("{{\"{MARKER}\": {MARKER}}}");
    for pointer in ["", "/a"] {
        let fault = formed(property(pointer), value.as_bytes(), None).expect_err("not JSON");
        let shown = format!("{fault} {fault:?} {}", fault.hint());
        assert!(
            shown.contains("line 1, column 22") && !shown.contains(MARKER),
            "{shown}"
        );
    }
    let value = format!("{{\"{MARKER}\":1}}");
    let fault = formed(property("/a"), value.as_bytes(), None).expect_err("another member");
    assert!(!format!("{fault} {fault:?}").contains(MARKER), "{fault}");
}

#[test]
fn white_space_is_trimmed_and_a_newline_added_only_when_asked() {
    for (trim, newline, value, expected) in [
        (false, false, &b" a\n\n"[..], &b" a\n\n"[..]),
        (true, false, "\u{a0}\t a b\u{2003}\r\n".as_bytes(), b"a b"),
        (true, false, b"\r\n\xff \x0b", b"\xff \x0b"),
        (false, true, b"a", b"a\n"),
        (false, true, b"a\n", b"a\n"),
        (false, true, b"a\n\n", b"a\n\n"),
        (false, true, b"", b"\n"),
        (true, true, b"  a\r\n", b"a\n"),
    ] {
        let form = SecretForm {
            trim,
            newline,
            ..SecretForm::default()
        };
        let bytes = formed(form, value, None).expect("renderable");
        assert_eq!(bytes, expected, "{trim} {newline} {value:?}");
    }
    let last = SecretForm {
        trim: true,
        newline: true,
        ..property("/a")
    };
    assert_eq!(formed(last, br#"{"a":" b "}"#, None).expect("there"), b"b\n");
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
