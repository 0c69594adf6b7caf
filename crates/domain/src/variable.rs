//! What is wrong with the value of an environment variable, whatever it is the value of.

use std::fmt;

use super::placeholder::Placeholder;

/// What to do about quotes.
pub const QUOTES_HINT: &str =
    "write the value without quotes: `docker run --env-file` and Kubernetes pass them on";

/// Whether a value stands in quotes, which a shell would have taken off.
pub fn is_quoted(value: &str) -> bool {
    let value = value.trim();
    let has = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    has('"') || has('\'')
}

/// That it does.
pub fn told_of_quotes(name: &impl fmt::Display) -> String {
    format!("{name} has quotes around its value")
}

/// What was seen, and what to do, when nothing filled a value in, or it has quotes.
pub fn problem(name: &str, value: &str, placeholder: Option<&Placeholder>) -> Option<(String, &'static str)> {
    if let Some(placeholder) = placeholder {
        return Some((placeholder.told_of(&name), placeholder.hint()));
    }
    is_quoted(value).then(|| (told_of_quotes(&name), QUOTES_HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_those_of_both_ends() {
        for (value, quoted) in [
            ("\"http://proxy:3128\"", true),
            ("'x' ", true),
            ("\"\"", true),
            ("\"", false),
            ("\"x", false),
            ("it's", false),
            ("", false),
        ] {
            assert_eq!(is_quoted(value), quoted, "{value}");
        }
    }
}
