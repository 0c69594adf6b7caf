//! BER to DER: indefinite and over-long lengths and octet strings in pieces become what a DER reader takes.
//!
//! Some exporters stream their PFX and so write BER (RFC 7292, section 4 allows it). Primitive contents are copied as
//! they are, so certificates and encrypted keys, which are octet strings here, are never changed.

use zeroize::Zeroizing;

use super::error::PfxError;

/// Nesting that is still read; a PFX needs about ten levels.
const MAX_DEPTH: usize = 32;

const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED_OCTET_STRING: u8 = OCTET_STRING | CONSTRUCTED;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

enum Length {
    Definite(usize),
    Indefinite,
}

/// Takes one BER element and nothing after it; gives the same element in DER.
pub(super) fn to_der(input: &[u8]) -> Result<Zeroizing<Vec<u8>>, PfxError> {
    let mut out = Zeroizing::new(Vec::with_capacity(input.len()));
    let rest = transcode(input, &mut out, 0)?;
    if rest.is_empty() { Ok(out) } else { Err(damaged()) }
}

/// The octet strings that `elements` (DER) is made of, joined.
pub(super) fn join_octet_strings(mut elements: &[u8]) -> Result<Zeroizing<Vec<u8>>, PfxError> {
    let mut joined = Zeroizing::new(Vec::with_capacity(elements.len()));
    while !elements.is_empty() {
        let (tag, length, body) = header(elements)?;
        let (OCTET_STRING, Length::Definite(length)) = (tag, length) else {
            return Err(damaged());
        };
        let (piece, rest) = body.split_at_checked(length).ok_or_else(damaged)?;
        joined.extend_from_slice(piece);
        elements = rest;
    }
    Ok(joined)
}

/// Appends the first element of `input` to `out` and gives what follows it.
fn transcode<'a>(input: &'a [u8], out: &mut Zeroizing<Vec<u8>>, depth: usize) -> Result<&'a [u8], PfxError> {
    if depth > MAX_DEPTH {
        return Err(PfxError::TooDeep { limit: MAX_DEPTH });
    }
    let (tag, length, body) = header(input)?;
    if tag & CONSTRUCTED == 0 {
        let Length::Definite(length) = length else {
            return Err(damaged());
        };
        let (content, rest) = body.split_at_checked(length).ok_or_else(damaged)?;
        append(out, tag, content);
        return Ok(rest);
    }

    let mut content = Zeroizing::new(Vec::with_capacity(body.len()));
    let rest = match length {
        Length::Definite(length) => {
            let (mut inner, rest) = body.split_at_checked(length).ok_or_else(damaged)?;
            while !inner.is_empty() {
                inner = transcode(inner, &mut content, depth + 1)?;
            }
            rest
        }
        Length::Indefinite => {
            let mut inner = body;
            loop {
                if let Some(rest) = inner.strip_prefix(&END_OF_CONTENTS) {
                    break rest;
                }
                inner = transcode(inner, &mut content, depth + 1)?;
            }
        }
    };
    if tag == CONSTRUCTED_OCTET_STRING {
        append(out, OCTET_STRING, &join_octet_strings(&content)?);
    } else {
        append(out, tag, &content);
    }
    Ok(rest)
}

/// Splits tag and length off; gives what follows them.
fn header(input: &[u8]) -> Result<(u8, Length, &[u8]), PfxError> {
    let (&tag, rest) = input.split_first().ok_or_else(damaged)?;
    // Tag numbers above 30 take more bytes; nothing in a PFX has one.
    if tag & 0x1f == 0x1f {
        return Err(damaged());
    }
    let (&first, rest) = rest.split_first().ok_or_else(damaged)?;
    match first {
        0..=0x7f => Ok((tag, Length::Definite(usize::from(first)), rest)),
        0x80 => Ok((tag, Length::Indefinite, rest)),
        _ => {
            let (digits, rest) = rest
                .split_at_checked(usize::from(first & 0x7f))
                .ok_or_else(damaged)?;
            let length = digits.iter().try_fold(0_u32, |length, &digit| {
                length.checked_mul(256).map(|shifted| shifted | u32::from(digit))
            });
            let length = length
                .and_then(|length| usize::try_from(length).ok())
                .ok_or_else(damaged)?;
            Ok((tag, Length::Definite(length), rest))
        }
    }
}

fn append(out: &mut Zeroizing<Vec<u8>>, tag: u8, content: &[u8]) {
    out.push(tag);
    let digits = content.len().to_be_bytes();
    let leading = digits.iter().take_while(|&&digit| digit == 0).count();
    let significant = &digits[leading..];
    if content.len() > 0x7f {
        out.push(0x80 | u8::try_from(significant.len()).expect("a usize has at most 16 bytes"));
    }
    // The length zero has no significant digit.
    out.extend_from_slice(if content.is_empty() { &[0] } else { significant });
    out.extend_from_slice(content);
}

fn damaged() -> PfxError {
    PfxError::Malformed {
        part: "its BER encoding",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(input: &[u8]) -> Vec<u8> {
        to_der(input).expect("valid BER").to_vec()
    }

    #[test]
    fn der_stays_as_it_is() {
        let short = [0x30, 0x06, 0x04, 0x01, 0xaa, 0x02, 0x01, 0x03];
        assert_eq!(der(&short), short);
        let mut long = vec![0x04, 0x82, 0x01, 0x00];
        long.extend([7; 256]);
        assert_eq!(der(&long), long);
    }

    #[test]
    fn indefinite_and_over_long_lengths_become_definite_and_minimal() {
        assert_eq!(
            der(&[0x30, 0x80, 0x02, 0x01, 0x03, 0, 0]),
            [0x30, 0x03, 0x02, 0x01, 0x03]
        );
        assert_eq!(
            der(&[0x30, 0x82, 0, 0x03, 0x02, 0x01, 0x03]),
            [0x30, 0x03, 0x02, 0x01, 0x03]
        );
    }

    #[test]
    fn an_octet_string_in_pieces_becomes_one() {
        let pieces = [0x24, 0x80, 0x04, 0x01, 0xaa, 0x24, 0x03, 0x04, 0x01, 0xbb, 0, 0];
        assert_eq!(der(&pieces), [0x04, 0x02, 0xaa, 0xbb]);
    }

    #[test]
    fn truncated_trailing_and_bottomless_input_is_refused() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x05, 0x02],
            &[0x04, 0x80, 0, 0],
            &[0x02, 0x01, 0x03, 0x00],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x1f, 0x01, 0x00],
        ] {
            assert!(to_der(bad).is_err(), "{bad:02x?}");
        }
        assert_eq!(
            to_der(&[0x30, 0x80].repeat(10_000)),
            Err(PfxError::TooDeep { limit: MAX_DEPTH })
        );
    }
}
