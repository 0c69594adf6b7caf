//! What a service says, made fit for one line of a log: no control characters, bounded, and no word that could be a token.

/// Longest text that is shown.
const TEXT_LIMIT: usize = 400;

/// A word longer than this is no word. Tokens and assertions are far longer; the OIDC issuer of an AKS cluster has up to 130.
const WORD_LIMIT: usize = 200;

/// The text on one line, at most 400 characters, with long words left out.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if word.len() > WORD_LIMIT {
            "[left out]"
        } else {
            word
        });
        // Enough for the limit in characters, whatever their width.
        if line.len() > TEXT_LIMIT * 4 {
            break;
        }
    }
    match line.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => line[..end].to_owned() + "…",
        None => line,
    }
}

/// The text of an error's innermost cause: "Connection refused (os error 111)" instead of "error sending request".
pub(super) fn innermost_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    // Bounded, because a chain of sources is not ours.
    for _ in 0..16 {
        match cause.source() {
            Some(source) => cause = source,
            None => break,
        }
    }
    one_line(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_text_is_left_out() {
        let token = "e".repeat(700);
        let line = one_line(&format!("AADSTS1:\r\nbad\u{7} assertion {token} given"));
        assert_eq!(line, "AADSTS1: bad assertion [left out] given");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let line = one_line(&"äö ".repeat(4000));
        assert_eq!(line.chars().count(), TEXT_LIMIT + 1);
    }
}
