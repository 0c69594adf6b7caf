//! Base64 and hexadecimal text, decoded strictly. What was decoded before an error is wiped.

use std::mem;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, DecodeSliceError, Engine, decoded_len_estimate};
use zeroize::Zeroizing;

use crate::domain::secret::SecretBytes;

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

/// RFC 4648, section 4, padded, without line breaks.
pub fn base64(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let len = text.len();
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(len)]);
    let decoded_len = STANDARD
        .decode_slice(text, &mut bytes)
        .map_err(|error| match error {
            // The library's error also holds the character.
            DecodeSliceError::DecodeError(
                DecodeError::InvalidByte(offset, _) | DecodeError::InvalidLastSymbol(offset, _),
            ) => EncodingProblem::Character {
                position: offset + 1,
                len,
            },
            DecodeSliceError::DecodeError(DecodeError::InvalidPadding) => EncodingProblem::Padding,
            DecodeSliceError::DecodeError(DecodeError::InvalidLength(_))
            | DecodeSliceError::OutputSliceTooSmall => EncodingProblem::Length { len },
        })?;
    bytes.truncate(decoded_len);
    Ok(SecretBytes::new(mem::take(&mut *bytes)))
}

/// The same with line breaks anywhere (RFC 2045, section 6.8), as `base64` and Python's `encodebytes` write it.
/// A position in an error counts them too.
pub fn base64_in_lines(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut joined = Zeroizing::new(Vec::with_capacity(text.len()));
    joined.extend(text.iter().filter(|byte| !is_break(byte)));
    base64(&joined).map_err(|problem| match problem {
        EncodingProblem::Character { position, .. } => {
            let mut characters = text.iter().enumerate().filter(|(_, byte)| !is_break(byte));
            let offset = characters
                .nth(position - 1)
                .map_or(text.len(), |(offset, _)| offset);
            EncodingProblem::Character {
                position: offset + 1,
                len: text.len(),
            }
        }
        other => other,
    })
}

/// RFC 4648, section 8, in either case.
pub fn hex(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let len = text.len();
    let mut digits = Zeroizing::new(Vec::with_capacity(len));
    for (offset, &byte) in text.iter().enumerate() {
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
    use super::*;

    #[test]
    fn a_position_counts_the_line_breaks_before_it() {
        assert_eq!(
            base64_in_lines(b"QUJD\r\nREVG\n").expect("valid").expose(),
            b"ABCDEF"
        );
        assert_eq!(
            base64_in_lines(b"QUJD\nRE G\n"),
            Err(EncodingProblem::Character { position: 8, len: 10 })
        );
        assert_eq!(base64_in_lines(b"QUJD\nREV\n"), Err(EncodingProblem::Padding));
    }
}
