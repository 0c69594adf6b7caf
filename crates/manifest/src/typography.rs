//! Characters that word processors, web pages and keyboards put in the place of those that YAML knows.

use super::problem::{Code, Problem};
use domain::odd_character::OddCharacter;

/// A character that is not what it looks like, and what to do.
struct Odd {
    message: &'static str,
    hint: &'static str,
}

const QUOTES: Odd = Odd::of(OddCharacter::Quote);
const SPACE: Odd = Odd::of(OddCharacter::Space);
const INVISIBLE: Odd = Odd::of(OddCharacter::Invisible);
const COLON: Odd = Odd {
    message: "a full-width colon is not a colon",
    hint: "write `: `, with a space behind it",
};
const FULL_WIDTH: Odd = Odd {
    message: "a full-width sign is not the sign that it looks like",
    hint: "write the sign of a keyboard for Latin letters in its place",
};
const DASH: Odd = Odd {
    message: "a long dash, minus sign or bullet is not the dash of a list",
    hint: "write `- `, the sign of the keyboard, with a space behind it",
};

impl Odd {
    const fn of(character: OddCharacter) -> Self {
        Self {
            message: character.message(),
            hint: character.hint(),
        }
    }

    fn problem(&self) -> Problem {
        Problem::new(Code::TypographicCharacter, self.message).hint(self.hint)
    }
}

/// What is wrong with a key or value that has one of them; without a place.
pub(super) fn problem(text: &str) -> Option<Problem> {
    let odd = if text.starts_with(is_quote) || text.ends_with(is_quote) {
        QUOTES
    } else if text.contains(is_space) {
        SPACE
    } else if text.contains(is_invisible) {
        INVISIBLE
    } else {
        return None;
    };
    Some(odd.problem())
}

/// The same of a key, or of a text where a list or a mapping belongs; signs that a value may have make a structure only to
/// the eye.
pub(super) fn problem_of_structure(text: &str) -> Option<Problem> {
    match text {
        _ if is_dash_of_list(text) => Some(DASH.problem()),
        _ if text.contains(is_colon) => Some(COLON.problem()),
        _ => problem(text),
    }
}

/// The one that makes a line no YAML, and its column from 1.
pub(super) fn in_broken_line(line: &str) -> Option<(u32, Problem)> {
    (1..).zip(line.char_indices()).find_map(|(column, (at, c))| {
        let odd = match c {
            c if is_space(c) => SPACE,
            c if is_invisible(c) => INVISIBLE,
            c if is_colon(c) => COLON,
            '，' | '｛' | '｝' | '［' | '］' => FULL_WIDTH,
            _ if line[..at].trim().is_empty() && is_dash_of_list(&line[at..]) => DASH,
            _ => return None,
        };
        Some((column, odd.problem()))
    })
}

const fn is_quote(c: char) -> bool {
    matches!(OddCharacter::of(c), Some(OddCharacter::Quote))
}

const fn is_space(c: char) -> bool {
    matches!(OddCharacter::of(c), Some(OddCharacter::Space))
}

const fn is_invisible(c: char) -> bool {
    matches!(OddCharacter::of(c), Some(OddCharacter::Invisible))
}

const fn is_colon(c: char) -> bool {
    matches!(c, '\u{ff1a}' | '\u{fe55}' | '\u{a789}')
}

/// A dash of another sort, or another sign that starts an item.
fn is_dash_of_list(text: &str) -> bool {
    text.starts_with(|c| {
        matches!(
            c,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' | '•' | '◦' | '‣' | '▪' | '·'
        )
    })
}

/// A text without the characters that do not belong there: what was meant.
pub(super) fn meant(text: &str) -> String {
    text.chars().filter(|c| OddCharacter::of(*c).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn long_dashes_are_told_line_by_line_and_nothing_else_is() {
        let text = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvaults: [{ name: app, url: https://contoso.vault.azure.net }]\n\
                    volume: { path: /mnt/akv }\nsecrets:\n  – name: a\n  – name: b\n";
        let problems = load(text, "m", &[("", "")].as_slice()).expect_err("no list");
        let seen: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.at.map(|at| at.line)))
            .collect();
        assert_eq!(seen, [6, 7].map(|line| (Code::TypographicCharacter, Some(line))));
    }

    #[test]
    fn signs_that_a_value_may_have_are_none_of_its_faults() {
        for text in ["a – b", "名前：値", "– a", "e\u{301}", "a\u{200d}b"] {
            assert!(problem(text).is_none(), "{text}");
        }
        for text in [
            "– a",
            "–a",
            "• a",
            "\u{2212} a",
            "＂a＂",
            "名前：値",
            "a\u{a0}b",
            "a\u{feff}",
            "“a",
        ] {
            assert!(problem_of_structure(text).is_some(), "{text}");
        }
        let column = |line| in_broken_line(line).map(|(column, _)| column);
        assert_eq!(column("    path：db"), Some(9));
        assert_eq!(column("  – name: a"), Some(3));
        assert_eq!(column("  • name: a"), Some(3));
        assert_eq!(column("  - {name: a，path: b}"), Some(13));
        assert_eq!(column("  - name: a – b"), None);
    }
}
