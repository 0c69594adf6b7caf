//! DER (X.690) as functions from contents to bytes.

/// A SEQUENCE of what is given.
pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A SET; the caller gives the elements in order.
pub(crate) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// `[number]`, constructed around its content.
pub(crate) fn tagged(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

/// `[number] IMPLICIT` of a primitive type.
pub(crate) fn implicit(number: u8, content: &[u8]) -> Vec<u8> {
    element(0x80 | number, content)
}

/// An INTEGER that is not negative, from big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let needs_sign = digits.first().is_none_or(|&byte| byte >= 0x80);
    let content = if needs_sign {
        [&[0], digits].concat()
    } else {
        digits.to_vec()
    };
    element(0x02, &content)
}

/// A small INTEGER.
pub(crate) fn integer(value: u32) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    element(0x01, &[if value { 0xff } else { 0 }])
}

pub(crate) fn null() -> Vec<u8> {
    element(0x05, &[])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// A BIT STRING of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes].concat())
}

/// A BIT STRING of named bits in one byte: the bits that follow the last one that is set are unused.
pub(crate) fn named_bits(byte: u8) -> Vec<u8> {
    let unused = u8::try_from(byte.trailing_zeros().min(7)).unwrap_or(7);
    element(0x03, &[unused, byte])
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

pub(crate) fn printable(text: &str) -> Vec<u8> {
    element(0x13, text.as_bytes())
}

/// A `BMPString`: UTF-16, big-endian, without terminator.
pub(crate) fn bmp(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    element(0x1e, &bytes)
}

/// A `UTCTime` from its text.
pub(crate) fn utc_time(text: &str) -> Vec<u8> {
    element(0x17, text.as_bytes())
}

/// An OBJECT IDENTIFIER from its dotted text, which is a constant of the program.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted
        .split('.')
        .map(|arc| arc.parse::<u32>().expect("a constant identifier is numbers"));
    let first = arcs.next().unwrap_or_default() * 40 + arcs.next().unwrap_or_default();
    let mut content = base128(first);
    arcs.for_each(|arc| content.extend(base128(arc)));
    element(0x06, &content)
}

fn base128(mut value: u32) -> Vec<u8> {
    let mut digits = Vec::new();
    loop {
        let more = if digits.is_empty() { 0 } else { 0x80 };
        digits.insert(0, u8::try_from(value & 0x7f).unwrap_or_default() | more);
        value >>= 7;
        if value == 0 {
            return digits;
        }
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    let start = length
        .iter()
        .position(|&byte| byte != 0)
        .unwrap_or(length.len() - 1);
    let significant = &length[start..];
    if content.len() > 0x7f {
        bytes.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
    }
    bytes.extend(significant);
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_numbers_and_identifiers_have_their_shortest_form() {
        assert_eq!(octets(&[7; 3]), [4, 3, 7, 7, 7]);
        assert_eq!(octets(&[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets(&[7; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(
            oid("1.2.840.113549.1.12.1.3"),
            [6, 10, 42, 134, 72, 134, 247, 13, 1, 12, 1, 3]
        );
        assert_eq!(named_bits(0xa0), [3, 2, 5, 0xa0]);
        assert_eq!(bmp("ab"), [0x1e, 4, 0, 97, 0, 98]);
    }
}
