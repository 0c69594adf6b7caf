//! Which resources a token may be for: the Key Vaults and Managed HSMs of Azure's clouds, and nothing else.
//!
//! The scope of a request comes from the challenge of whoever answers at a vault's address. A closed list means that a
//! hostile answer cannot make this process sign in to another service.

use std::fmt;

use url::Url;

use crate::domain::failure::{Failure, Reason};

/// Resources and the suffix of the hosts that ask for them, per cloud.
/// Source: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers>.
const RESOURCES: [(&str, &str); 6] = [
    (".vault.azure.net", "https://vault.azure.net/.default"),
    (".vault.azure.cn", "https://vault.azure.cn/.default"),
    (
        ".vault.usgovcloudapi.net",
        "https://vault.usgovcloudapi.net/.default",
    ),
    (".managedhsm.azure.net", "https://managedhsm.azure.net/.default"),
    (".managedhsm.azure.cn", "https://managedhsm.azure.cn/.default"),
    (
        ".managedhsm.usgovcloudapi.net",
        "https://managedhsm.usgovcloudapi.net/.default",
    ),
];

/// A scope that a token may be asked for, such as `https://vault.azure.net/.default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(&'static str);

impl Scope {
    /// Takes a scope as a challenge gives it; one that is not on the list is refused as [`Reason::Unauthorized`].
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let known = |(_, scope): &&(&str, &'static str)| is_same_scope(text, scope);
        RESOURCES
            .iter()
            .find(known)
            .map(|(_, scope)| Self(scope))
            .ok_or_else(|| refused(text))
    }

    /// The scope that the vault at this address will ask for, when its host is one of Azure's.
    pub fn of_vault(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        RESOURCES
            .iter()
            .find(|(suffix, _)| host.ends_with(suffix))
            .map(|(_, scope)| Self(scope))
    }

    /// The scope, `/.default` included.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Hosts compare without case, and a resource may be written with a final slash.
fn is_same_scope(text: &str, scope: &str) -> bool {
    let resource = |text: &str| {
        text.strip_suffix("/.default")
            .map(|it| it.trim_end_matches('/').to_ascii_lowercase())
    };
    resource(text).is_some() && resource(text) == resource(scope)
}

fn refused(text: &str) -> Failure {
    let resource = super::service_text::one_line(text);
    Failure::new(
        Reason::Unauthorized,
        format!("the server asked for a token for {resource}, which is not a Key Vault resource"),
        "check the vault's URL: whatever answers there is not Key Vault, or is a cloud that is not supported",
    )
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_key_vault_resources_are_granted() {
        for text in [
            "https://vault.azure.net/.default",
            "https://vault.azure.net//.default",
            "https://VAULT.azure.net/.default",
        ] {
            let scope = Scope::parse(text).expect(text);
            assert_eq!(scope.as_str(), "https://vault.azure.net/.default");
        }
        for text in [
            "",
            "https://vault.azure.net",
            "https://management.azure.com/.default",
            "https://graph.microsoft.com/.default",
            "http://vault.azure.net/.default",
            "https://vault.azure.net.example.com/.default",
            "https://example.com/https://vault.azure.net/.default",
            "https://vault.azure.net/.default https://graph.microsoft.com/.default",
        ] {
            let failure = Scope::parse(text).expect_err(text);
            assert_eq!(failure.reason, Reason::Unauthorized);
        }
    }

    #[test]
    fn the_scope_of_a_vault_follows_its_cloud() {
        let scope = |url: &str| Scope::of_vault(&Url::parse(url).expect("a URL")).map(Scope::as_str);
        assert_eq!(
            scope("https://contoso-app.vault.usgovcloudapi.net/"),
            Some("https://vault.usgovcloudapi.net/.default")
        );
        assert_eq!(
            scope("https://contoso.managedhsm.azure.net/"),
            Some("https://managedhsm.azure.net/.default")
        );
        assert_eq!(scope("https://vault.example.com/"), None);
    }
}
