//! Names of Key Vault objects: vault, kind, name, version.
//!
//! Rules: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers>.

mod name;
mod vault;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::name::{GroupName, HookName, NameError, ObjectName, VaultName, VersionId};
pub use self::vault::{VaultHost, VaultId};

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

/// Which version one fetch asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VersionSelector {
    /// The current version, whatever it is at the time of the pass.
    Latest,
    /// One version for ever; it is immutable, so it is fetched once.
    Exact(VersionId),
}

impl VersionSelector {
    /// Whether asking again can give another version.
    pub const fn may_change(&self) -> bool {
        matches!(self, Self::Latest)
    }
}

/// Names one object of one vault. The name comes first, because it is what tells most objects apart: these are compared very
/// often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "RecordedObject", into = "RecordedObject")]
pub struct ObjectId {
    /// The object's name.
    pub name: ObjectName,
    /// The collection.
    pub kind: ObjectKind,
    /// The vault.
    pub vault: VaultId,
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
        Self { name, kind, vault }
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
    use super::*;

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
