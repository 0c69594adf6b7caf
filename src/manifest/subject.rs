//! What a value or key is told to be, and the texts that are none.

use std::fmt;

use super::problem::Problem;
use super::typography;
use crate::domain::placeholder::Placeholder;

/// What a value is the value of, for messages.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    Manifest,
    Key(&'static str),
    Entry(&'static str),
}

impl Subject {
    /// The key whose elements a list under this subject has.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Key(key) | Self::Entry(key) => key,
        }
    }

    /// A text without a placeholder, and without what only looks like quotes and spaces. In a template, what looks like one is
    /// meant.
    pub(super) fn usable(self, text: &str) -> Result<&str, Problem> {
        if matches!(self, Self::Key("template")) {
            return Ok(text);
        }
        if let Some(problem) = typography::problem(text) {
            return Err(problem);
        }
        Placeholder::in_value(text).map_or(Ok(text), |placeholder| {
            Err(Problem::placeholder(&placeholder, &self))
        })
    }

    /// Why a text is no key of anything.
    pub(super) fn unusable_key(self, text: &str) -> Option<Problem> {
        let told = |found| Problem::placeholder(&found, &format_args!("a key in {self}")).hiding_rest();
        typography::problem(text).or_else(|| Placeholder::in_value(text).map(told))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("a manifest"),
            Self::Key(key) => write!(f, "`{key}`"),
            Self::Entry(key) => write!(f, "an entry of `{key}`"),
        }
    }
}
