//! The lines `-----BEGIN NAME-----` and `-----END NAME-----`, and what looks like one.

use super::kind::Kind;

const DASHES: &[u8] = b"-----";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// A marker as RFC 7468 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker<'a> {
    pub(super) is_begin: bool,
    /// The name of the block, in capitals.
    pub(super) name: &'a str,
    /// How many bytes the marker has.
    pub(super) len: usize,
}

impl<'a> Marker<'a> {
    /// The marker with which `text` begins. What follows it is not a dash, unless it is the next marker.
    pub(super) fn at_start(text: &'a [u8]) -> Option<Self> {
        let (is_begin, start) = match (text.strip_prefix(BEGIN), text.strip_prefix(END)) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        let name_len = start.windows(DASHES.len()).position(|window| window == DASHES)?;
        let (name, rest) = start.split_at(name_len);
        let rest = &rest[DASHES.len()..];
        let ends = !rest.starts_with(b"-") || is_start(rest);
        let name = std::str::from_utf8(name)
            .ok()
            .filter(|name| ends && is_name(name))?;
        Some(Self {
            is_begin,
            name,
            len: text.len() - rest.len(),
        })
    }
}

/// Whether a marker may begin here.
fn is_start(text: &[u8]) -> bool {
    text.starts_with(BEGIN) || text.starts_with(END)
}

/// Where in `line` the first marker may begin.
pub(super) fn position(line: &[u8]) -> Option<usize> {
    (0..line.len()).find(|&at| is_start(&line[at..]))
}

/// Capitals, digits and the signs that known names have, one blank at most between words.
fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'#' | b'.' | b'/' | b'-'))
        && name.split(' ').all(|word| !word.is_empty())
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// Whether a line looks like a marker, well written or not: two dashes or more touch BEGIN or END, in any case.
///
/// So that prose is not taken for one, `--end` is a word of its own where it has only two or three dashes
/// (`--endpoint` is an option), unless dashes end the line too. With blanks after the dashes, the name must be one that
/// is read. Dashes that a word processor put there count.
pub(super) fn is_like(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    [&b"BEGIN"[..], b"END"].into_iter().any(|word| {
        let places = line.windows(word.len()).enumerate();
        let mut at = places.filter(|(_, window)| window.eq_ignore_ascii_case(word));
        at.any(|(at, _)| touches(&line[..at], &line[at + word.len()..]))
    }) || names_with_blanks(line)
}

fn touches(before: &[u8], after: &[u8]) -> bool {
    let dashes = dashes_at_end(before);
    let is_word = !after.first().is_some_and(u8::is_ascii_alphanumeric);
    dashes >= 4 || dashes >= 2 && (is_word || dashes_at_end(after) > 0)
}

/// How many dashes a text ends with. A long dash stands for two that a word processor replaced.
fn dashes_at_end(mut text: &[u8]) -> usize {
    let mut count = 0;
    while let Some((rest, weight)) = without_dash(text) {
        (text, count) = (rest, count + weight);
    }
    count
}

fn without_dash(text: &[u8]) -> Option<(&[u8], usize)> {
    if let Some(rest) = text.strip_suffix(b"-") {
        return Some((rest, 1));
    }
    // U+2010 to U+2015 and the minus sign, U+2212, in UTF-8.
    match text {
        [rest @ .., 0xe2, 0x80, 0x90..=0x95] | [rest @ .., 0xe2, 0x88, 0x92] => Some((rest, 2)),
        _ => None,
    }
}

/// `----- BEGIN CERTIFICATE -----`.
fn names_with_blanks(line: &[u8]) -> bool {
    if !(line.starts_with(DASHES) && line.ends_with(DASHES)) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    let words = text.trim_matches(|c: char| c == '-' || c.is_whitespace());
    let words: Vec<String> = words.split_whitespace().map(str::to_ascii_uppercase).collect();
    match words.split_first() {
        Some((first, name)) if first == "BEGIN" || first == "END" => {
            !matches!(Kind::of(&name.join(" ")), Kind::Other)
        }
        _ => false,
    }
}
