//! Rules by which secrets are picked, and the paths that they get.

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::desired::PathTemplate;

/// What names begin with.
#[derive(Debug, Clone)]
pub(crate) struct NamePrefix(pub(crate) String);

/// What names look like.
#[derive(Debug, Clone)]
pub(crate) struct NameGlob(pub(crate) String);

/// A tag, with a value or with any.
#[derive(Debug, Clone)]
pub(crate) struct TagRule {
    pub(crate) key: String,
    /// Empty for any.
    pub(crate) value: String,
}

fn is_of(text: &str, more: &[char]) -> bool {
    (1..=127).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || more.contains(&c))
}

impl Scalar for NamePrefix {
    fn parse(text: &str) -> Result<Self, Problem> {
        if is_of(text, &[]) {
            return Ok(Self(text.to_owned()));
        }
        let error = "a prefix must be 1 to 127 letters, digits or dashes";
        Err(Problem::new(Code::InvalidPattern, error).hint("`glob` has `*` and `?`"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "1 to 127 letters, digits or dashes", "pattern": "^[0-9A-Za-z-]{1,127}$" })
    }
}

impl Scalar for NameGlob {
    fn parse(text: &str) -> Result<Self, Problem> {
        if is_of(text, &['*', '?']) {
            return Ok(Self(text.to_owned()));
        }
        let error = "a glob must be 1 to 127 letters, digits, dashes, `*` or `?`";
        Err(Problem::new(Code::InvalidPattern, error).hint("names of secrets have no other characters"))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "1 to 127 letters, digits, dashes, `*` or `?`", "pattern": "^[0-9A-Za-z*?-]{1,127}$" })
    }
}

impl Scalar for TagRule {
    fn parse(text: &str) -> Result<Self, Problem> {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key.is_empty() || text.chars().any(char::is_control) {
            let error = "a tag must be `KEY=VALUE` or `KEY`, without control characters";
            return Err(Problem::new(Code::InvalidPattern, error).hint("such as `app=shop`"));
        }
        Ok(Self {
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "`KEY=VALUE` or `KEY`", "pattern": r"^[^=\x00-\x1f][^\x00-\x1f]*$" })
    }
}

impl Scalar for PathTemplate {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidPattern, error.to_string())
                .hint("such as `app/{name}`, or `app/{suffix}` for the name after the prefix")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "relative path with `{name}` or `{suffix}`", "pattern": r"\{(name|suffix)\}" })
    }
}
