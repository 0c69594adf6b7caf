//! Texts with a shape of their own.

#[cfg(test)]
use schemars::{Schema, json_schema};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::desired::{Alias, JsonPointer};

/// Any text; what it means is decided elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct AnyText(pub(crate) String);

impl Scalar for AnyText {
    fn parse(text: &str) -> Result<Self, Problem> {
        Ok(Self(text.to_owned()))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "text" })
    }
}

/// What a program can be given: an argument, or the value of a variable.
#[derive(Debug, Clone)]
pub(crate) struct ProgramText(pub(crate) String);

impl Scalar for ProgramText {
    fn parse(text: &str) -> Result<Self, Problem> {
        if text.contains('\0') {
            let message = "arguments and environment variables must not contain a NUL character";
            let problem = Problem::new(Code::WrongType, message)
                .hint("remove it: the program would get the text only up to there");
            return Err(problem.hiding_rest());
        }
        Ok(Self(text.to_owned()))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "text without NUL", "pattern": r"^[^\x00]*$" })
    }
}

impl Scalar for JsonPointer {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidPointer, error.to_string())
                .hint("such as `/smtp/host`, or `/servers/0`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "JSON pointer, such as `/smtp/host`", "pattern": "^(/([^/~]|~[01])*)*$" })
    }
}

impl Scalar for Alias {
    fn parse(text: &str) -> Result<Self, Problem> {
        Self::parse(text).map_err(|error| {
            Problem::new(Code::InvalidAlias, error.to_string())
                .hint("write a short name; Java reads it in lower case")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "text of 1 to 128 characters", "minLength": 1, "maxLength": 128, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$" })
    }
}
