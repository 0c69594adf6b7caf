//! What is wrong with the value of an environment variable, whatever it is the value of.

use super::placeholder::Placeholder;

const QUOTES_HINT: &str =
    "write the value without quotes: `docker run --env-file` and Kubernetes pass them on";

/// What was seen, and what to do, when nothing filled a value in, or it has quotes that a shell would have taken off.
pub fn problem(name: &str, value: &str, placeholder: Option<&Placeholder>) -> Option<(String, &'static str)> {
    let is_quoted = |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if let Some(placeholder) = placeholder {
        return Some((placeholder.told_of(&name), placeholder.hint()));
    }
    let quoted = is_quoted('"') || is_quoted('\'');
    quoted.then(|| (format!("{name} has quotes around its value"), QUOTES_HINT))
}
