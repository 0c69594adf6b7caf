//! Quotes round the value of an environment variable, which a shell would have taken off.

use std::fmt;

/// What to do.
pub const HINT: &str = "write the value without quotes: `docker run --env-file` and Kubernetes pass them on";

/// Whether a value stands in quotes.
pub fn is_quoted(value: &str) -> bool {
    let value = value.trim();
    let has = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    has('"') || has('\'')
}

/// That it does.
pub fn told_of(name: &impl fmt::Display) -> String {
    format!("{name} has quotes around its value")
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
