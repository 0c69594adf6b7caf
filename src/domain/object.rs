//! Names of Key Vault objects: vault, kind, name, version.
//!
//! Rules: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

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

/// Where a vault is: its host in lower case, and its port unless that is 443, as in a URL: `app.vault.azure.net`,
/// `localhost:8443`, `[::1]:8443`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct VaultHost(Arc<str>);

impl VaultHost {
    /// No vault's: the host of what an older program recorded. Equal to itself, and to no host of a manifest.
    pub fn unknown() -> Self {
        Self("".into())
    }

    /// The host of a vault's URL.
    pub fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        match url.port() {
            None => Self(host.into()),
            Some(port) => Self(format!("{host}:{port}").into()),
        }
    }

    /// Takes what a URL may have between `https://` and the next slash, but for a user; gives [`NameError`] otherwise.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let host = Url::parse(&format!("https://{text}/")).map(|url| Self::of(&url));
        // Another text may lead to a host too, such as one with a path behind it: then that is not all of the text.
        let host = host.ok().filter(|host| text.eq_ignore_ascii_case(host.as_str()));
        host.ok_or(NameError {
            what: "a vault host",
            rule: "a host name or an IP address, with a port if that is not 443",
        })
    }

    /// The text as described; empty for the unknown one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_unknown(&self) -> bool {
        self.0.is_empty()
    }
}

/// What cannot be understood is of no known vault. That costs a fetch; to refuse it would cost the whole state file.
impl From<String> for VaultHost {
    fn from(text: String) -> Self {
        Self::parse(&text).unwrap_or_else(|_| Self::unknown())
    }
}

impl From<VaultHost> for String {
    fn from(host: VaultHost) -> Self {
        host.0.as_ref().to_owned()
    }
}

impl fmt::Display for VaultHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vault: which one it is, and what the manifest calls it.
///
/// Two are the same when their hosts are, whatever their names: a name is the operator's to give and to change, and bytes
/// are of the vault that they came from.
#[derive(Debug, Clone)]
pub struct VaultId {
    /// The manifest's name; messages use it.
    pub name: VaultName,
    /// Where it is.
    pub host: VaultHost,
}

impl PartialEq for VaultId {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host
    }
}

impl Eq for VaultId {}

impl PartialOrd for VaultId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VaultId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.host.cmp(&other.host)
    }
}

impl Hash for VaultId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.host.hash(state);
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

#[cfg(test)]
impl VaultId {
    /// The vault of this name whose host is `NAME.vault.azure.net`.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: VaultName::parse(name).expect("a name"),
            host: VaultHost::parse(&format!("{name}.vault.azure.net")).expect("a host"),
        }
    }
}

/// Which version one fetch asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VersionSelector {
    /// The current version, whatever it is at the time of the pass.
    Latest,
    /// One version for ever; it is immutable, so it is fetched once.
    Exact(VersionId),
}

/// Names one object of one vault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "RecordedObject", into = "RecordedObject")]
pub struct ObjectId {
    /// The vault.
    pub vault: VaultId,
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

/// An object as the state file has it: the vault's host, which counts, and its name, which is all that older programs know.
#[derive(Serialize, Deserialize)]
struct RecordedObject {
    vault: VaultName,
    #[serde(default = "VaultHost::unknown", skip_serializing_if = "VaultHost::is_unknown")]
    host: VaultHost,
    kind: ObjectKind,
    name: ObjectName,
}

impl From<RecordedObject> for ObjectId {
    fn from(recorded: RecordedObject) -> Self {
        let RecordedObject {
            vault,
            host,
            kind,
            name,
        } = recorded;
        let vault = VaultId { name: vault, host };
        Self { vault, kind, name }
    }
}

impl From<ObjectId> for RecordedObject {
    fn from(object: ObjectId) -> Self {
        let ObjectId { vault, kind, name } = object;
        Self {
            vault: vault.name,
            host: vault.host,
            kind,
            name,
        }
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
    use std::collections::{BTreeSet, HashSet};

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
    fn a_host_is_what_a_url_has_between_its_slashes_and_no_more() {
        for (text, host) in [
            ("contoso-app.vault.azure.net", "contoso-app.vault.azure.net"),
            ("Contoso-App.Vault.azure.net", "contoso-app.vault.azure.net"),
            ("localhost:8443", "localhost:8443"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:8443", "[::1]:8443"),
        ] {
            assert_eq!(VaultHost::parse(text).expect("valid").as_str(), host);
        }
        for bad in [
            "", "a/b", "a/", "user@a", "a:443", "a:x", "a?b", "a#b", "a b", "a\n", "127.1", "::1",
        ] {
            assert!(VaultHost::parse(bad).is_err(), "{bad:?}");
        }
        let of = |url: &str| {
            VaultHost::of(&Url::parse(url).expect("a URL"))
                .as_str()
                .to_owned()
        };
        assert_eq!(of("https://APP.vault.azure.net:443/"), "app.vault.azure.net");
        assert_eq!(of("https://localhost:8443/"), "localhost:8443");
    }

    #[test]
    fn a_vault_is_its_host_whatever_its_name() {
        let app = VaultId::named("app");
        let renamed = VaultId {
            name: VaultName::parse("main").expect("valid"),
            ..app.clone()
        };
        let moved = VaultId {
            host: VaultHost::parse("other.vault.azure.net").expect("valid"),
            ..app.clone()
        };
        assert_eq!(app, renamed);
        assert_ne!(app, moved);
        assert_eq!(BTreeSet::from([&app, &renamed, &moved]).len(), 2);
        assert_eq!(HashSet::from([&app, &renamed, &moved]).len(), 2);
        assert_eq!(
            [app, renamed, moved].map(|vault| vault.to_string()),
            ["app", "main", "app"]
        );
    }

    /// A record, to programs that know no host.
    #[derive(Deserialize)]
    struct Older {
        vault: VaultName,
    }

    #[test]
    fn a_record_has_name_and_host_and_an_older_one_is_of_no_vault_of_a_manifest() {
        let object = ObjectId {
            vault: VaultId::named("app"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse("a").expect("valid"),
        };
        let text = r#"{"vault":"app","host":"app.vault.azure.net","kind":"secret","name":"a"}"#;
        assert_eq!(serde_json::to_string(&object).expect("serialises"), text);
        assert_eq!(serde_json::from_str::<ObjectId>(text).expect("valid"), object);
        for host in ["", r#""host":"","#, r#""host":"not a host","#] {
            let older = format!(r#"{{"vault":"app",{host}"kind":"secret","name":"a"}}"#);
            let read: ObjectId = serde_json::from_str(&older).expect("valid");
            assert_ne!(read, object);
            assert_eq!(read.vault.host, VaultHost::unknown());
            let again = serde_json::to_string(&read).expect("serialises");
            assert_eq!(again, r#"{"vault":"app","kind":"secret","name":"a"}"#);
        }
        let older: Older = serde_json::from_str(text).expect("valid");
        assert_eq!(older.vault, object.vault.name);
    }

    #[test]
    fn a_source_reads_like_the_path_of_its_object() {
        let source = Source {
            object: ObjectId {
                vault: VaultId::named("app"),
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
