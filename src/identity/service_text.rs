//! What a service says, made fit for one line of a log.

use crate::domain::plain_text;

/// Longest text that is shown, in characters.
const TEXT_LIMIT: usize = 400;

/// The text on one line, at most 400 characters, with long words left out.
pub(super) fn one_line(text: &str) -> String {
    plain_text::one_line(text, TEXT_LIMIT)
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
