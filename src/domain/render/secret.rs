//! The value of a secret, as it is or decoded. Nothing is trimmed and nothing is added.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};

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
    STANDARD
        .decode(text)
        .map(SecretBytes::new)
        .map_err(|error| match error {
            // The library's error also holds the character.
            DecodeError::InvalidByte(offset, _) | DecodeError::InvalidLastSymbol(offset, _) => {
                EncodingProblem::Character {
                    position: offset + 1,
                    len,
                }
            }
            DecodeError::InvalidLength(_) => EncodingProblem::Length { len },
            DecodeError::InvalidPadding => EncodingProblem::Padding,
        })
}

/// RFC 4648, section 8, in either case.
fn hex(text: &[u8]) -> Result<SecretBytes, EncodingProblem> {
    let len = text.len();
    // Its own type from the start, so that an error wipes what was decoded so far.
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(len / 2));
    let digit = |offset: usize| {
        let value = char::from(text[offset])
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok());
        value.ok_or(EncodingProblem::Character {
            position: offset + 1,
            len,
        })
    };
    if let Some(offset) = text.iter().position(|byte| !byte.is_ascii_hexdigit()) {
        return Err(EncodingProblem::Character {
            position: offset + 1,
            len,
        });
    }
    if !len.is_multiple_of(2) {
        return Err(EncodingProblem::Length { len });
    }
    for offset in (0..len).step_by(2) {
        bytes.push(digit(offset)? << 4 | digit(offset + 1)?);
    }
    Ok(SecretBytes::new(std::mem::take(&mut *bytes)))
}
