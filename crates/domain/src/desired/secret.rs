//! How the value of a secret becomes the bytes of its file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The tag that `az keyvault secret set` writes (`process_secret_set_namespace` in its `_validators.py`).
pub const FILE_ENCODING: &str = "file-encoding";

/// The steps from value to bytes, in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretForm {
    /// How the value is decoded. When absent, the tag `file-encoding` says so, and without it the value is taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<SecretEncoding>,
    /// The decoded value is JSON, and this part of it is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<JsonPointer>,
    /// White space at both ends is removed.
    #[serde(default)]
    pub trim: bool,
    /// The file ends with one line feed: it is added where there is none.
    #[serde(default)]
    pub newline: bool,
}

impl From<SecretEncoding> for SecretForm {
    /// The value decoded, and nothing else.
    fn from(encoding: SecretEncoding) -> Self {
        Self {
            encoding: Some(encoding),
            ..Self::default()
        }
    }
}

/// How the value of a secret is decoded before it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretEncoding {
    /// As it is.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Standard base64 (RFC 4648, section 4), padded, decoded; line ends and blanks in it are passed over.
    #[serde(rename = "base64")]
    Base64,
    /// Hexadecimal, either case, decoded.
    #[serde(rename = "hex")]
    Hex,
}

/// A JSON pointer (RFC 6901): empty for the whole document, else `/` before each element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JsonPointer(String);

/// Why a text is not a JSON pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonPointerError {
    /// It does not start with `/`.
    #[error("a JSON pointer must start with `/`")]
    Start,
    /// A `~` is followed by neither `0` nor `1`.
    #[error("in a JSON pointer, `~` must be followed by `0` (for `~`) or `1` (for `/`)")]
    Escape,
}

impl JsonPointer {
    /// Takes the text of a pointer; gives the rule that it breaks otherwise.
    pub fn parse(text: &str) -> Result<Self, JsonPointerError> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(JsonPointerError::Start);
        }
        let escapes = text.split('~').skip(1);
        if escapes.into_iter().any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(JsonPointerError::Escape);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text of the pointer.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its elements without escapes; none for the whole document.
    pub fn elements(&self) -> impl Iterator<Item = String> {
        let elements = self.0.split('/').skip(1);
        // `~01` stands for `~1` (RFC 6901, section 4), hence this order.
        elements.map(|element| element.replace("~1", "/").replace("~0", "~"))
    }

    /// The pointer to what its first elements lead to.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let end = self.0.match_indices('/').nth(count);
        Self(self.0[..end.map_or(self.0.len(), |(at, _)| at)].to_owned())
    }
}

impl TryFrom<String> for JsonPointer {
    type Error = JsonPointerError;
    fn try_from(text: String) -> Result<Self, JsonPointerError> {
        Self::parse(&text)
    }
}

impl From<JsonPointer> for String {
    fn from(pointer: JsonPointer) -> Self {
        pointer.0
    }
}

impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_starts_with_a_slash_and_has_two_escapes() {
        assert!(JsonPointer::parse("").is_ok());
        assert!(JsonPointer::parse("/a~1b/~0/0").is_ok());
        assert_eq!(JsonPointer::parse("a"), Err(JsonPointerError::Start));
        for bad in ["/~", "/a~2", "/~~0"] {
            assert_eq!(JsonPointer::parse(bad), Err(JsonPointerError::Escape), "{bad}");
        }
    }

    #[test]
    fn a_pointer_gives_its_elements_and_the_way_to_each() {
        let pointer = JsonPointer::parse("/a~1b/~01//0/").expect("a pointer");
        assert!(pointer.elements().eq(["a/b", "~1", "", "0", ""]));
        let ways: Vec<_> = (0..=5).map(|count| pointer.first(count).0).collect();
        assert_eq!(
            ways,
            [
                "",
                "/a~1b",
                "/a~1b/~01",
                "/a~1b/~01/",
                "/a~1b/~01//0",
                "/a~1b/~01//0/"
            ]
        );
    }
}
