//! Names of Key Vault objects: vault, kind, name, version.
//!
//! Rules: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The three collections of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectKind {
    /// `/secrets/NAME`
    Secret,
    /// `/certificates/NAME`; its private key and chain are read from the secret of the same name.
    Certificate,
    /// `/keys/NAME`
    Key,
}

impl ObjectKind {
    /// The path segment of the collection: `secrets`, `certificates` or `keys`.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Certificate => "certificates",
            Self::Key => "keys",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
            Self::Key => "key",
        })
    }
}

/// Why a text is not a name of the wanted sort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct NameError {
    what: &'static str,
    rule: &'static str,
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
    /// Name of a group of entries that move together: `[0-9A-Za-z-]{1,64}`.
    GroupName, "a group name", "1 to 64 letters, digits or dashes", |text| is_name(text, 64)
);

name_type!(
    /// Version of an object: 32 lower-case hexadecimal digits, as Key Vault gives them.
    VersionId, "a version", "32 hexadecimal digits (0-9, a-f)",
    |text| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

/// Which version one fetch asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VersionSelector {
    /// The current version, whatever it is at the time of the pass.
    Latest,
    /// One version for ever; it is immutable, so it is fetched once.
    Exact(VersionId),
}

/// Names one object of one vault of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectId {
    /// The manifest's name of the vault.
    pub vault: VaultName,
    /// The collection.
    pub kind: ObjectKind,
    /// The object's name.
    pub name: ObjectName,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.vault, self.kind.collection(), self.name)
    }
}

/// What one fetch asks for: an object and the version wanted. Two manifest entries with equal sources share a fetch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The object.
    pub object: ObjectId,
    /// The version of it.
    pub version: VersionSelector,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            VersionSelector::Latest => write!(f, "{}", self.object),
            VersionSelector::Exact(version) => write!(f, "{}/{version}", self.object),
        }
    }
}

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

    #[test]
    fn a_source_reads_like_the_path_of_its_object() {
        let source = Source {
            object: ObjectId {
                vault: VaultName::parse("app").expect("valid"),
                kind: ObjectKind::Certificate,
                name: ObjectName::parse("web-tls").expect("valid"),
            },
            version: VersionSelector::Exact(VersionId::parse(&"0a".repeat(16)).expect("valid")),
        };
        assert_eq!(
            source.to_string(),
            "app/certificates/web-tls/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
        );
    }
}
