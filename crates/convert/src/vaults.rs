//! The vaults of a manifest: each URL once, each under a name of its own.

use std::collections::HashSet;

use url::Url;

use super::note::{Notes, quoted};
use domain::object::VaultName;

/// A vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vault {
    pub(super) name: VaultName,
    /// `https://HOST`.
    pub(super) url: String,
    /// The host of `url`, where it has to be trusted by name.
    pub(super) trusted_host: Option<String>,
}

impl Vault {
    /// The host of `url`.
    pub(super) fn host(&self) -> &str {
        self.url.trim_start_matches("https://")
    }

    /// The vault at a URL, by the name that its host has for it; says so when a token goes to a foreign host.
    pub(super) fn at(url: &Url, trusted_host: Option<String>, notes: &Notes) -> Self {
        if let Some(host) = &trusted_host {
            let reason = format!(
                "a token is sent to {}, which is not a host of Key Vault",
                quoted(host)
            );
            notes.assumed("vaults[].trustedHosts", reason);
        }
        let label = url.host_str().and_then(|host| host.split('.').next());
        let name = VaultName::parse(label.unwrap_or_default()).or_else(|_| VaultName::parse("default"));
        Self {
            name: name.expect("`default` is a vault name"),
            url: text_of(url),
            trusted_host,
        }
    }
}

/// A URL as a manifest has it: without the `/` at its end.
pub(super) fn text_of(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// Vaults as they are come upon.
#[derive(Debug, Default)]
pub(super) struct Vaults {
    list: Vec<Vault>,
    names: HashSet<VaultName>,
}

impl Vaults {
    pub(super) fn into_list(self) -> Vec<Vault> {
        self.list
    }

    /// The name of the vault at a URL, if it is known.
    pub(super) fn name_of(&self, url: &str) -> Option<VaultName> {
        let known = self.list.iter().find(|vault| vault.url == url);
        known.map(|vault| vault.name.clone())
    }

    /// Takes a vault, unless its URL is known; gives the name that it has here. A name that another vault has is
    /// replaced, because hosts of two clouds may begin alike.
    pub(super) fn add(&mut self, vault: Vault) -> VaultName {
        if let Some(known) = self.name_of(&vault.url) {
            return known;
        }
        let made_up = (self.list.len() + 1..).map(|number| {
            let name = VaultName::parse(&format!("vault-{number}"));
            name.expect("a word and a number are a vault name")
        });
        let mut names = std::iter::once(vault.name.clone()).chain(made_up);
        let name = names.find(|name| !self.names.contains(name));
        let name = name.expect("there are more numbers than vaults");
        self.names.insert(name.clone());
        self.list.push(Vault {
            name: name.clone(),
            ..vault
        });
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(urls: &[&str]) -> Vec<String> {
        let mut vaults = Vaults::default();
        let add = |url: &&str| {
            let url = Url::parse(url).expect("a URL");
            let name = vaults.add(Vault::at(&url, None, &Notes::default()));
            name.as_str().to_owned()
        };
        urls.iter().map(add).collect()
    }

    #[test]
    fn every_vault_has_a_name_of_its_own_and_one_url_one_name() {
        assert_eq!(
            names(&[
                "https://vault-3.vault.azure.net",
                "https://app.vault.azure.net",
                "https://app.vault.azure.cn",
                "https://app.vault.azure.net/",
                "https://vault-4.vault.azure.net",
                "https://vault-4.vault.azure.cn",
            ]),
            ["vault-3", "app", "vault-4", "app", "vault-5", "vault-6"]
        );
    }
}
