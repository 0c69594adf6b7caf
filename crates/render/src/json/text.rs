//! Strings of a JSON text, and their escapes.

/// A string as it stands between its quotes, with escapes, which are valid.
#[derive(Clone, Copy)]
pub struct JsonText<'a>(&'a str);

impl<'a> JsonText<'a> {
    /// Takes what stands between quotes, all of whose escapes are valid.
    pub(super) fn checked(text: &'a str) -> Self {
        Self(text)
    }

    /// Its characters, without escapes.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let plain = rest.chars().next()?;
            let (char, length) = if plain == '\\' {
                unescape(rest).expect("the reader has checked it")
            } else {
                (plain, plain.len_utf8())
            };
            rest = &rest[length..];
            Some(char)
        })
    }

    /// Most bytes that its characters take: an escape is never shorter than what it stands for.
    pub fn max_len(self) -> usize {
        self.0.len()
    }
}

/// Takes a text that starts with a backslash; gives what the escape stands for, and its length in bytes.
pub(super) fn unescape(text: &str) -> Option<(char, usize)> {
    let char = match text.as_bytes().get(1)? {
        byte @ (b'"' | b'\\' | b'/') => char::from(*byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = code_unit(text)?;
            return match first {
                0xd800..=0xdbff => {
                    let second = code_unit(text.get(6..)?)?;
                    let mut pair = char::decode_utf16([first, second]);
                    Some((pair.next()?.ok()?, 12))
                }
                _ => Some((char::from_u32(first.into())?, 6)),
            };
        }
        _ => return None,
    };
    Some((char, 2))
}

/// Takes a text that starts with `\uXXXX`; gives the number.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.as_bytes().get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(digit).ok()?)
    })
}
