//! The little of DER (X.690) that a key store is written with. Nothing secret passes through here unencrypted.

use der::Encode;
use der::asn1::ObjectIdentifier;

/// Tag, length and the parts.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(len + 10);
    bytes.push(tag);
    let digits = len.to_be_bytes();
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    if let Ok(short @ 0..=0x7f) = u8::try_from(len) {
        bytes.push(short);
    } else {
        let significant = &digits[zeros..];
        bytes.push(0x80 | u8::try_from(significant.len()).expect("a length has eight bytes at most"));
        bytes.extend_from_slice(significant);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// `SEQUENCE`.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// `SET OF`, in the order that DER asks for.
pub(crate) fn set(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort_unstable();
    tlv(0x31, &[&elements.concat()])
}

/// `OCTET STRING`.
pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tlv(0x04, &[bytes])
}

/// `[0] EXPLICIT`.
pub(crate) fn explicit_0(value: &[u8]) -> Vec<u8> {
    tlv(0xa0, &[value])
}

/// `BMPString`, with surrogates for what it has no characters for, as OpenSSL and Java read it.
pub(crate) fn bmp_string(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    tlv(0x1e, &[&bytes])
}

/// `INTEGER`.
pub(crate) fn integer(number: u32) -> Vec<u8> {
    number.to_der().expect("every number has an encoding")
}

/// `OBJECT IDENTIFIER`.
pub(crate) fn oid(identifier: ObjectIdentifier) -> Vec<u8> {
    identifier.to_der().expect("every identifier has an encoding")
}

/// `AlgorithmIdentifier` with the parameters NULL.
pub(crate) fn algorithm(identifier: ObjectIdentifier) -> Vec<u8> {
    sequence(&[&oid(identifier), NULL])
}

const NULL: &[u8] = &[5, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_their_shortest_form() {
        for (len, header) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (256, &[4, 0x82, 1, 0]),
            (65_536, &[4, 0x83, 1, 0, 0]),
        ] {
            let encoded = octets(&vec![7; len]);
            assert_eq!(encoded[..header.len()], *header, "{len}");
            assert_eq!(encoded.len(), header.len() + len, "{len}");
        }
    }

    #[test]
    fn a_set_is_ordered_by_the_encoding_of_its_elements() {
        assert_eq!(set(vec![octets(&[2]), octets(&[1])]), [0x31, 6, 4, 1, 1, 4, 1, 2]);
    }
}
