//! Values as they are, and decoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn secret(value: &str, encoding: SecretEncoding) -> Result<Vec<u8>, RenderFault> {
    let rendered = render_all(secret_with(value, None), &[Content::Secret(encoding)]);
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
