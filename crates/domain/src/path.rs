//! Paths of published files, relative to the volume.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plain_text::is_plain_text;

/// Why a text is not a path that may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing, or only slashes.
    #[error("a path must not be empty")]
    Empty,
    /// It starts at the root.
    #[error("a path must be relative to the volume")]
    Absolute,
    /// An element is empty, `.` or `..`.
    #[error("a path must not contain an empty, `.` or `..` element")]
    Element,
    /// The first element starts with `..`, which the volume keeps for itself.
    #[error("the first element of a path must not start with `..`")]
    Reserved,
    /// NUL, another control character, what breaks a line or turns the direction of text, or a backslash.
    #[error(
        "a path must not contain backslashes, nor characters that cannot be seen, or control, format or separate lines of text"
    )]
    Character,
    /// Longer than a file system takes: 255 bytes an element, 4096 in all.
    #[error("a path must be at most 4096 bytes, and each of its elements at most 255")]
    TooLong,
}

/// Relative path of one published file, `/`-separated, that cannot leave the volume.
///
/// The rules are those of a Kubernetes projected volume (`validatePayload` in `pkg/volume/util/atomic_writer.go`),
/// and nothing that is not [`is_plain`](super::plain_text::is_plain), nor backslashes: no reader of a manifest expects them in a
/// file name, and a name that reads backwards is taken for another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelativePath(Arc<str>);

impl RelativePath {
    /// Takes a `/`-separated path; gives the first rule it breaks otherwise.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        if text.contains('\\') || !is_plain_text(text) {
            return Err(PathError::Character);
        }
        if text.len() > 4096 || text.split('/').any(|element| element.len() > 255) {
            return Err(PathError::TooLong);
        }
        if text.split('/').any(|element| matches!(element, "" | "." | "..")) {
            return Err(PathError::Element);
        }
        if text.starts_with("..") {
            return Err(PathError::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// The path as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for the file system.
    pub fn as_path(&self) -> &Path {
        Path::new(&*self.0)
    }

    /// Its elements, outermost first; never empty.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The first element: the name of the link in the volume's root.
    pub fn first_element(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(first, _)| first)
    }

    /// The path of an entry below this one. `element` is one element, without a slash.
    #[must_use]
    pub fn join(&self, element: &str) -> Self {
        Self(format!("{}/{element}", self.0).into())
    }

    /// The number at its end, if it is a slot of a history; slot 0 has the newest version.
    pub fn slot(&self) -> Option<u16> {
        self.elements().next_back()?.parse().ok()
    }

    /// Whether `self` would have to be a directory for `other` to exist.
    pub fn is_directory_of(&self, other: &Self) -> bool {
        other
            .0
            .strip_prefix(&*self.0)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

impl TryFrom<String> for RelativePath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl From<RelativePath> for String {
    fn from(path: RelativePath) -> Self {
        path.as_str().to_owned()
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_rule_has_its_own_message() {
        for (text, error) in [
            ("", PathError::Empty),
            ("/etc/passwd", PathError::Absolute),
            ("a//b", PathError::Element),
            ("a/", PathError::Element),
            ("a/../../b", PathError::Element),
            ("..", PathError::Element),
            ("..data/a", PathError::Reserved),
            ("a\0b", PathError::Character),
            ("a\\b", PathError::Character),
            ("a\u{3164}b", PathError::Character),
            ("a/\u{2800}", PathError::Character),
            ("a\u{34f}", PathError::Character),
        ] {
            assert_eq!(RelativePath::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(RelativePath::parse(&"x".repeat(256)), Err(PathError::TooLong));
        assert!(RelativePath::parse("a/..b/c").is_ok());
    }

    #[test]
    fn a_file_is_not_a_directory_of_its_namesake() {
        let path = |text| RelativePath::parse(text).expect("valid");
        assert!(path("a").is_directory_of(&path("a/0")));
        assert!(!path("a").is_directory_of(&path("ab")));
        assert!(!path("a").is_directory_of(&path("a")));
    }

    proptest! {
        #[test]
        fn no_accepted_path_leaves_the_volume(text in "[./\\\\a\\x00-\\x1f]{0,12}|\\PC{0,20}") {
            if let Ok(path) = RelativePath::parse(&text) {
                prop_assert!(path.as_path().components().all(|c| matches!(c, Component::Normal(_))));
                prop_assert_eq!(path.as_path().components().count(), path.elements().count());
                prop_assert!(!path.first_element().starts_with(".."));
            }
        }
    }
}
