//! Names, each of a type of its own, so that none is taken for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not a name of the wanted sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct NameError {
    pub(super) what: &'static str,
    pub(super) rule: &'static str,
}

/// Names are in many places at once (entries, questions, records), so that copies share their text.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text that follows the rule of the type; gives [`NameError`] otherwise.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError { what: $what, rule: $rule })
                }
            }

            /// The text as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

name_type!(
    /// Name of a secret, key or certificate: `[0-9A-Za-z-]{1,127}`.
    ///
    /// The SDK puts a name into the URL as it is, so a name that is not checked could address another object.
    ObjectName, "an object name", "1 to 127 letters, digits or dashes", |text| is_name(text, 127)
);

name_type!(
    /// Name by which the manifest calls a vault: `[0-9A-Za-z-]{1,64}`. Not the vault's host name.
    VaultName, "a vault name", "1 to 64 letters, digits or dashes", |text| is_name(text, 64)
);

name_type!(
    /// Name of a group of entries that move together, which the manifest calls `together`: `[0-9A-Za-z-]{1,64}`.
    GroupName, "the name after `together`", "1 to 64 letters, digits or dashes", |text| is_name(text, 64)
);

name_type!(
    /// Name of a hook: `[0-9A-Za-z-]{1,64}`.
    HookName, "the name of a hook", "1 to 64 letters, digits or dashes", |text| is_name(text, 64)
);

name_type!(
    /// Version of an object: 32 lower-case hexadecimal digits, as Key Vault gives them.
    VersionId, "a version", "32 hexadecimal digits (0-9, a-f)",
    |text| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_name_that_could_change_the_url_is_refused() {
        for bad in [
            "",
            "../keys/key1",
            "a/b",
            "a%2fb",
            "a.b",
            "ä",
            "a b",
            &"x".repeat(128),
        ] {
            assert!(ObjectName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ObjectName::parse(&"x".repeat(127)).is_ok());
    }
}
