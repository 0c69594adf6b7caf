//! Which vault: its host says so, and its name is what the manifest calls it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::name::{NameError, VaultName};

/// Where a vault is: its host in lower case, and its port unless that is 443, as in a URL: `app.vault.azure.net`,
/// `localhost:8443`, `[::1]:8443`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct VaultHost(Arc<str>);

impl PartialOrd for VaultHost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Most hosts that are compared are copies of one, and share their text: questions are looked up hundreds of times in a
/// pass.
impl Ord for VaultHost {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            Ordering::Equal
        } else {
            self.0.cmp(&other.0)
        }
    }
}

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

    pub(super) fn is_unknown(&self) -> bool {
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

#[cfg(any(test, feature = "testing"))]
impl VaultId {
    /// The vault of this name whose host is `NAME.vault.azure.net`.
    pub fn named(name: &str) -> Self {
        Self {
            name: VaultName::parse(name).expect("a name"),
            host: VaultHost::parse(&format!("{name}.vault.azure.net")).expect("a host"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::*;

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
}
