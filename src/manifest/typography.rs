//! Characters that word processors and web pages put in the place of those that YAML knows.

use super::problem::{Code, Problem};

/// What is wrong with a key or value that has one of them; without a place.
pub(super) fn problem(text: &str) -> Option<Problem> {
    let is_quote = |c: char| matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»');
    let (message, hint) = if text.starts_with(is_quote) || text.ends_with(is_quote) {
        (
            "typographic quotes are not quotes to YAML",
            "write `\"` or `'` in their place",
        )
    } else if text.contains(['\u{a0}', '\u{202f}', '\u{2007}']) {
        (
            "a no-break space is not a space to YAML",
            "type a space in its place; it looks the same",
        )
    } else {
        return None;
    };
    Some(Problem::new(Code::TypographicCharacter, message).hint(hint))
}
