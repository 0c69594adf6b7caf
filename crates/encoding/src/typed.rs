//! A value that a person typed into a file or pasted into a field: editors put a byte order mark before it and end its
//! line, and neither is part of it.

/// UTF-8's byte order mark, U+FEFF.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The value without the byte order mark before it and without one line end (LF or CR LF) after it. Nothing else is
/// taken off: a blank or a second line end can be part of a password.
pub fn value(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let ended = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n"));
    ended.unwrap_or(bytes)
}

/// The same of a text.
pub fn text(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ended = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n'));
    ended.unwrap_or(text)
}

/// Whether it has the byte order mark of UTF-16, or begins as ASCII letters do in it.
pub fn is_utf16(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let letters = |nul: usize| {
        let (pairs, _) = bytes.as_chunks::<2>();
        pairs.len() > 3
            && pairs
                .iter()
                .take(16)
                .all(|pair| pair[nul] == 0 && pair[1 - nul] != 0)
    };
    marked || letters(1) || letters(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_and_one_line_end_are_no_part_of_a_value() {
        for (written, meant) in [
            ("pass", "pass"),
            ("pass\n", "pass"),
            ("pass\r\n", "pass"),
            ("\u{feff}pass\r\n", "pass"),
            ("pass \n\n", "pass \n"),
            (" pass\r", " pass\r"),
            ("\u{feff}\u{feff}pass", "\u{feff}pass"),
            ("pass\u{feff}", "pass\u{feff}"),
            ("\u{feff}\n", ""),
            ("", ""),
        ] {
            assert_eq!(value(written.as_bytes()), meant.as_bytes(), "{written:?}");
            assert_eq!(text(written), meant, "{written:?}");
        }
        assert_eq!(value(b"\xff\n"), b"\xff");
    }
}
