//! Bytes as people and programs write them in text: base64, hexadecimal, PEM, and values typed into a file.
//!
//! Each is read here and nowhere else, so that one text means the same to every part of a program.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod pem;
mod secret;
pub mod typed;
pub mod yaml;

use std::{fmt, mem};

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, DecodeSliceError, Engine, decoded_len_estimate};
use zeroize::Zeroizing;

pub use self::secret::SecretBytes;

/// What is wrong with the text of an encoded value. Positions are given, characters never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingProblem {
    /// A character that the alphabet does not have.
    #[error("character {position} of {len} is not of its alphabet")]
    Character {
        /// Which, in bytes from 1.
        position: usize,
        /// How many there are.
        len: usize,
    },
    /// Characters are missing or too many.
    #[error("a value of {len} characters has not a valid length")]
    Length {
        /// How many there are.
        len: usize,
    },
    /// Missing or misplaced `=`.
    #[error("its padding with `=` is missing or wrong")]
    Padding,
}

/// How bytes were made text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// As [`base64()`] reads it.
    Base64,
    /// As [`hex`] reads it.
    Hex,
}

impl TextEncoding {
    /// Its name, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
        }
    }

    /// The encoding of this name, in any case.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Base64, Self::Hex];
        all.into_iter()
            .find(|encoding| name.eq_ignore_ascii_case(encoding.as_str()))
    }

    /// The bytes of a text.
    pub fn decode(self, text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
        match self {
            Self::Base64 => base64(text),
            Self::Hex => hex(text),
        }
    }
}

impl fmt::Display for TextEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// RFC 4648, section 4, padded. The bits that the last character has too many may be anything: Go and
/// the programs that are written in it do not look at them.
const PADDED: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Standard base64 (RFC 4648, section 4) with padding. Line ends, blanks and tabs between characters are passed over:
/// `base64` and `openssl` break lines, and a text in YAML has blanks. A position in an error counts them too.
pub fn base64(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let mut joined = Zeroizing::new(Vec::with_capacity(text.len()));
    joined.extend(text.iter().filter(|byte| !is_passed_over(**byte)));
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(joined.len())]);
    let decoded_len = PADDED
        .decode_slice(joined.as_slice(), &mut bytes)
        .map_err(|error| problem(&error, text))?;
    bytes.truncate(decoded_len);
    Ok(SecretBytes::new(mem::take(&mut *bytes)))
}

const fn is_passed_over(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b' ' | b'\t')
}

/// The library's own error also holds the character, and counts without what was passed over.
fn problem(error: &DecodeSliceError, text: &[u8]) -> EncodingProblem {
    let len = text.len();
    match error {
        DecodeSliceError::DecodeError(
            DecodeError::InvalidByte(offset, _) | DecodeError::InvalidLastSymbol(offset, _),
        ) => {
            let mut characters = (1..).zip(text).filter(|(_, byte)| !is_passed_over(**byte));
            EncodingProblem::Character {
                position: characters.nth(*offset).map_or(len, |(position, _)| position),
                len,
            }
        }
        DecodeSliceError::DecodeError(DecodeError::InvalidPadding) => EncodingProblem::Padding,
        DecodeSliceError::DecodeError(DecodeError::InvalidLength(_))
        | DecodeSliceError::OutputSliceTooSmall => EncodingProblem::Length { len },
    }
}

/// RFC 4648, section 8, in either case. What `base64` passes over is passed over, and so are the `0x` before the first digit
/// and the colons between pairs, as programs print bytes. A position in an error counts them too.
pub fn hex(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let len = text.len();
    let start = text.iter().take_while(|byte| is_passed_over(**byte)).count();
    let is_prefix = matches!(text[start..], [b'0', b'x' | b'X', ..]);
    let first = start + if is_prefix { 2 } else { 0 };
    let mut digits = Zeroizing::new(Vec::with_capacity(len));
    for (offset, &byte) in text.iter().enumerate().skip(first) {
        let is_between_pairs = byte == b':' && !digits.is_empty() && digits.len().is_multiple_of(2);
        if is_passed_over(byte) || is_between_pairs {
            continue;
        }
        let digit = char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok());
        digits.push(digit.ok_or(EncodingProblem::Character {
            position: offset + 1,
            len,
        })?);
    }
    let (pairs, []) = digits.as_chunks() else {
        return Err(EncodingProblem::Length { len });
    };
    Ok(SecretBytes::new(
        pairs.iter().map(|[high, low]| high << 4 | low).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_ends_blanks_and_tabs_between_characters_are_passed_over() {
        for text in [
            "QUJD\r\nREVG\n",
            " QUJD REVG",
            "\tQUJD\r\n\tREVG\r\n",
            "Q\nU J\tD\rREVG",
        ] {
            assert_eq!(
                base64(text.as_bytes()).expect("valid").expose(),
                b"ABCDEF",
                "{text:?}"
            );
        }
    }

    #[test]
    fn hexadecimal_text_is_read_as_programs_print_it() {
        for text in [
            "308201ff",
            "0x308201FF",
            "0X3082 01ff\r\n",
            "30:82:01:ff",
            "30 82 01 FF\n",
            "    30:82:\n    01:ff\n",
            "\t3082\n01ff\n",
        ] {
            let bytes = hex(text.as_bytes()).expect(text);
            assert_eq!(bytes.expose(), [0x30, 0x82, 0x01, 0xff], "{text:?}");
        }
        for (text, position) in [
            ("3:0", 2),
            (":30", 1),
            ("30 0x82", 5),
            ("30-82", 3),
            ("30\n8g", 5),
        ] {
            let len = text.len();
            assert_eq!(
                hex(text.as_bytes()),
                Err(EncodingProblem::Character { position, len }),
                "{text}"
            );
        }
        assert_eq!(hex(b"0x3\n"), Err(EncodingProblem::Length { len: 4 }));
        assert!(hex(b"").expect("nothing").expose().is_empty());
    }

    #[test]
    fn a_position_counts_what_is_passed_over_before_it() {
        assert_eq!(
            base64(b"QUJD\nRE-G\n"),
            Err(EncodingProblem::Character { position: 8, len: 10 })
        );
        assert_eq!(base64(b"QUJD\nREV\n"), Err(EncodingProblem::Padding));
    }

    /// What `base64.StdEncoding.DecodeString` of Go gives, from its documentation: CR and LF are ignored, padding is
    /// required, and the last bits are not looked at.
    fn of_go(text: &str) -> Option<Vec<u8>> {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let (body, padding) = text.split_at(text.trim_end_matches('=').len());
        let digits: Vec<u32> = body
            .chars()
            .map(|c| ALPHABET.find(c).map(|at| u32::try_from(at).expect("below 64")))
            .collect::<Option<_>>()?;
        if !text.len().is_multiple_of(4) || padding.len() > 2 || (padding.len() == 2 && digits.len() % 4 == 1)
        {
            return None;
        }
        let mut bytes = Vec::new();
        for group in digits.chunks(4) {
            let bits = (0..4).fold(0, |bits, at| bits << 6 | group.get(at).copied().unwrap_or(0));
            bytes.extend(&bits.to_be_bytes()[1..group.len()]);
        }
        Some(bytes)
    }

    proptest! {
        #[test]
        fn whatever_go_decodes_has_the_same_bytes_here(text in "[A-Zab0-9+/]{0,9}[=]{0,3}[\r\n]{0,2}|([A-D]{4}[\r\n]{0,2}){0,3}[A-D]{2}(==|[A-D]=)") {
            if let Some(bytes) = of_go(&text) {
                let decoded = base64(text.as_bytes()).expect("decodable");
                prop_assert_eq!(decoded.expose(), bytes);
            }
        }

        #[test]
        fn what_was_encoded_comes_back_however_it_was_broken(bytes: Vec<u8>, width in 1..80_usize, gap in "[ \t\r\n]{1,3}") {
            let encoded = STANDARD.encode(&bytes);
            let lines: Vec<&str> = encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
            let decoded = base64((lines.join(&gap) + &gap).as_bytes()).expect("valid");
            prop_assert_eq!(decoded.expose(), bytes);
        }
    }

    #[test]
    fn trailing_bits_are_not_looked_at_as_by_go() {
        assert_eq!(base64(b"QUJ=").expect("valid").expose(), b"AB");
        assert_eq!(of_go("QUJ="), Some(b"AB".to_vec()));
    }
}
