//! Text from outside (services, manifests, certificates, file names), made fit for one line of a log or terminal. The one
//! place that says which characters are not: what drives a terminal, breaks a line, turns the direction of text or
//! shows as nothing.

/// A word that is longer is no word. Tokens and assertions are far longer; the OIDC issuer of an AKS cluster has up to 130.
const LONGEST_WORD: usize = 200;
/// The ID of a secret in Azure Resource Manager, which a vault names when it refuses, has up to 360 characters.
const LONGEST_RESOURCE_ID: usize = 400;

/// Whether a character shows as itself, on one line, from left to right or in its own script's direction.
///
/// Refused are control characters, line and paragraph separators and format characters, which are those of the Unicode
/// categories Cc, Zl, Zp and Cf (Unicode 16.0, `DerivedGeneralCategory.txt`).
pub const fn is_plain(c: char) -> bool {
    !is_unseen(c)
        && !matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}')
}

/// Whether a letter, mark or sign shows as nothing: the blank of braille, and what is left of the Unicode property
/// `Default_Ignorable_Code_Point` without format characters (fillers, joiners, variation selectors).
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether every character of a text is plain.
pub fn is_plain_text(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// The text with a `?` in the place of each character that is not plain, so that it keeps its length.
pub fn with_marks(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect()
}

/// The text on one line of at most `limit` characters and a `…` where it was cut. What is not plain becomes a space, runs
/// of spaces one, and a word that could be a token is left out.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || !is_plain(c)) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if may_be_token(word) { "[left out]" } else { word });
        // Enough for the limit in characters, whatever their width.
        if line.len() > limit.saturating_mul(4) {
            break;
        }
    }
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

fn may_be_token(word: &str) -> bool {
    let longest = if word.contains("/providers/") {
        LONGEST_RESOURCE_ID
    } else {
        LONGEST_WORD
    };
    word.len() > longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_turns_or_hides_text_is_not_plain() {
        for c in "\0\t\n\u{1b}\u{7f}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{fff9}\u{e0041}\u{34f}\u{115f}\u{17b5}\u{180b}\u{2800}\u{3164}\u{fe0f}\u{ffa0}\u{e0100}".chars() {
            assert!(!is_plain(c), "{c:?}");
        }
        assert!(is_plain_text("a ä ß é 漢字 日本 שלום 🙂 ·…"));
    }

    #[test]
    fn what_is_not_plain_has_a_mark_in_its_place() {
        assert_eq!(with_marks("CN=a\u{7}\u{202e}b\nc"), "CN=a??b?c");
    }

    #[test]
    fn a_token_in_a_text_is_left_out() {
        let token = "e".repeat(700);
        let line = one_line(&format!("AADSTS1:\r\nbad\u{7} assertion {token} given"), 400);
        assert_eq!(line, "AADSTS1: bad assertion [left out] given");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(one_line(&"ä".repeat(50), 10), format!("{}…", "ä".repeat(10)));
        assert_eq!(one_line("\n", 10), "");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_line_of_bounded_length(text in any::<String>(), limit in 1..100_usize) {
            let line = one_line(&text, limit);
            prop_assert!(line.chars().count() <= limit + 1);
            prop_assert!(is_plain_text(&line), "{:?}", line);
        }
    }
}
