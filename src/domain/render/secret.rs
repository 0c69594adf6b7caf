//! The value of a secret, as it is or decoded. Nothing is trimmed and nothing is added.
//!
//! What was decoded before an error is wiped.

use std::mem;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, DecodeSliceError, Engine, decoded_len_estimate};
use zeroize::Zeroizing;

use super::error::{EncodingProblem, RenderFault};
use crate::domain::path::RelativePath;
use crate::domain::secret::SecretBytes;
use crate::domain::spec::SecretEncoding;

/// Takes a value and its declared encoding; gives the bytes of the file at `path`.
pub(super) fn decode(
    encoding: SecretEncoding,
    value: &SecretBytes,
    path: &RelativePath,
) -> Result<SecretBytes, RenderFault> {
    let (encoding, decoded) = match encoding {
        SecretEncoding::Utf8 => return Ok(value.clone()),
        SecretEncoding::Base64 => ("base64", base64(value.expose())),
        SecretEncoding::Hex => ("hex", hex(value.expose())),
    };
    decoded.map_err(|problem| RenderFault::Encoding {
        path: path.clone(),
        encoding,
        problem,
    })
}

/// RFC 4648, section 4, padded.
fn base64(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
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

/// RFC 4648, section 8, in either case.
fn hex(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
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
