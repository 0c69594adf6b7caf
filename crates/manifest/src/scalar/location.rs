//! URLs, hosts and absolute paths.

use std::path::PathBuf;

#[cfg(test)]
use schemars::{Schema, json_schema};
use url::{Host, Url};

use crate::field::Scalar;
use crate::problem::{Code, Problem};
use domain::placeholder::Placeholder;
use domain::plain_text::{is_plain, is_plain_text};

/// What the hosts of vaults and managed HSMs end in, per cloud.
///
/// Source: <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#vault-name-and-object-name>.
const KEY_VAULT_SUFFIXES: [&str; 6] = [
    ".vault.azure.net",
    ".vault.azure.cn",
    ".vault.usgovcloudapi.net",
    ".managedhsm.azure.net",
    ".managedhsm.azure.cn",
    ".managedhsm.usgovcloudapi.net",
];

/// Whether Key Vault lets a vault or managed HSM be called so: 3 to 24 letters, digits and dashes, from a letter to a
/// letter or digit, without two dashes in a row.
///
/// Source: <https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault>.
pub(crate) fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
}

/// URL of a vault: `https://HOST[:PORT]/` and nothing else. Whether the host may be one is not said by this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultUrl(pub(crate) Url);

impl VaultUrl {
    /// Whether the host is one that only Key Vault can have.
    pub(crate) fn has_key_vault_suffix(&self) -> bool {
        let Some(Host::Domain(host)) = self.0.host() else {
            return false;
        };
        let name = KEY_VAULT_SUFFIXES
            .iter()
            .find_map(|suffix| host.strip_suffix(suffix));
        name.is_some_and(|name| !name.is_empty())
    }

    /// Whether the host is one of Key Vault with a name that no vault can have.
    fn has_impossible_name(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let name = KEY_VAULT_SUFFIXES
            .iter()
            .find_map(|suffix| host.strip_suffix(suffix));
        name.is_some_and(|name| !is_vault_name(name))
    }

    /// Whether the host is that of a managed HSM.
    pub(crate) fn is_managed_hsm(&self) -> bool {
        self.has_key_vault_suffix()
            && self
                .0
                .host_str()
                .is_some_and(|host| host.contains(".managedhsm."))
    }

    /// Whether the host is an alias of a private DNS zone, which is how a vault's own name is resolved and not how it is called.
    pub(crate) fn is_private_link(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        host.split('.').any(|label| label == "privatelink")
    }
}

impl Scalar for VaultUrl {
    fn parse(text: &str) -> Result<Self, Problem> {
        let url = bare_https(text).map(Self).map_err(|problem| {
            problem.or_hint("write the vault's host alone: `https://NAME.vault.azure.net`")
        })?;
        if url.has_impossible_name() {
            let message = "no vault can be called so: a name has 3 to 24 letters, digits and single dashes, and starts \
                           with a letter";
            return Err(Problem::new(Code::InvalidUrl, message).hint(
                "compare with the vault's URI, such as from `az keyvault show --query properties.vaultUri`",
            ));
        }
        Ok(url)
    }

    #[cfg(test)]
    fn schema() -> Schema {
        bare_https_schema()
    }
}

/// URL of a Microsoft Entra authority: `https://HOST[:PORT]/`.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityUrl(pub(crate) Url);

impl Scalar for AuthorityUrl {
    fn parse(text: &str) -> Result<Self, Problem> {
        bare_https(text).map(Self).map_err(|problem| {
            problem.or_hint("write the authority's host alone, such as `https://login.microsoftonline.us`; the tenant goes to `tenantId`")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        bare_https_schema()
    }
}

#[cfg(test)]
fn bare_https_schema() -> Schema {
    json_schema!({ "type": "string", "title": "`https://HOST[:PORT]`", "format": "uri", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]://[^/\\?#@\s]+/?$" })
}

/// Parses what is `https://HOST[:PORT]` with at most a final slash.
///
/// What the URL standard would repair (`https:host`, backslashes, white space) is refused: a reader could take it for
/// another host.
fn bare_https(text: &str) -> Result<Url, Problem> {
    let bad = |message| Err(Problem::new(Code::InvalidUrl, message));
    if let Some(placeholder) = Placeholder::in_value(text) {
        return Err(Problem::placeholder(&placeholder, &"this URL"));
    }
    let Some(scheme) = text
        .get(..8)
        .filter(|scheme| scheme.eq_ignore_ascii_case("https://"))
    else {
        return bad("this URL must start with `https://`");
    };
    let rest = &text[scheme.len()..];
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        // The one value of a manifest that may be a password.
        return Err(
            Problem::new(Code::InvalidUrl, "this URL must not have a user name or password").hiding_rest(),
        );
    }
    if text.contains(|c: char| c.is_whitespace() || !is_plain(c) || c == '\\') {
        return bad("this URL must not have white space, control characters or backslashes");
    }
    let Ok(url) = Url::parse(text) else {
        return bad("this is not a URL");
    };
    if !matches!(&rest[authority.len()..], "" | "/") {
        return bad("this URL must not have a path, query or fragment");
    }
    Ok(url)
}

/// A host that is trusted with tokens: a domain name or an IP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostName(Host<String>);

impl HostName {
    /// Whether it is the host of `url`.
    pub(crate) fn is_host_of(&self, url: &VaultUrl) -> bool {
        url.0.host()
            == Some(match &self.0 {
                Host::Domain(name) => Host::Domain(name.as_str()),
                Host::Ipv4(address) => Host::Ipv4(*address),
                Host::Ipv6(address) => Host::Ipv6(*address),
            })
    }
}

impl Scalar for HostName {
    fn parse(text: &str) -> Result<Self, Problem> {
        let bracketed = text.parse().map(Host::Ipv6);
        let host = bracketed.or_else(|_| Host::parse(text)).ok().filter(|_| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._[]:".contains(c))
        });
        host.map(Self).ok_or_else(|| {
            Problem::new(
                Code::InvalidHost,
                "a trusted host must be a host name or an IP address",
            )
            .hint("write it without scheme, port, path or wildcard; hosts are compared exactly")
        })
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "host name or IP address", "pattern": r"^[0-9A-Za-z._:\[\]-]+$" })
    }
}

/// An absolute path without `.` and `..`, and not the root.
#[derive(Debug, Clone)]
pub(crate) struct AbsolutePath(pub(crate) PathBuf);

impl Scalar for AbsolutePath {
    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = |message| {
            let problem = Problem::new(Code::InvalidAbsolutePath, message);
            Err(problem.hint("write the path from the root, such as `/mnt/akv`"))
        };
        if !text.starts_with('/') {
            return bad("this path must be absolute");
        }
        if !is_plain_text(text) || text.len() > 4095 {
            return bad(
                "this path must be at most 4095 bytes, without characters that cannot be seen, or control, format or separate lines of text",
            );
        }
        if text.split('/').any(|element| matches!(element, "." | "..")) {
            return bad("this path must not contain a `.` or `..` element");
        }
        if text.bytes().all(|b| b == b'/') {
            return bad("this path must not be the root of the file system");
        }
        Ok(Self(PathBuf::from(text)))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "absolute path", "maxLength": 4095, "pattern": r"^/[^\x00-\x1f]+$" })
    }
}

/// An absolute path at which a Unix socket can be: the system keeps 108 bytes for it, one of them for its end.
#[derive(Debug, Clone)]
pub(crate) struct SocketPath(pub(crate) PathBuf);

impl Scalar for SocketPath {
    fn parse(text: &str) -> Result<Self, Problem> {
        let path = AbsolutePath::parse(text)?.0;
        if text.len() > 107 {
            let message = "the path of a Unix socket must have at most 107 bytes";
            let problem = Problem::new(Code::InvalidAbsolutePath, message);
            return Err(problem.hint("choose a shorter path, such as `/run/akv-sync/admin.sock`"));
        }
        Ok(Self(path))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "absolute path of a Unix socket", "maxLength": 107, "pattern": r"^/[^\x00-\x1f]+$" })
    }
}

/// An absolute path, which may be the root.
#[derive(Debug, Clone)]
pub(crate) struct AbsoluteDirectory(pub(crate) PathBuf);

impl Scalar for AbsoluteDirectory {
    fn parse(text: &str) -> Result<Self, Problem> {
        if text == "/" {
            return Ok(Self(PathBuf::from(text)));
        }
        AbsolutePath::parse(text).map(|path| Self(path.0))
    }

    #[cfg(test)]
    fn schema() -> Schema {
        json_schema!({ "type": "string", "title": "absolute path", "maxLength": 4095, "pattern": r"^/[^\x00-\x1f]*$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_below_a_key_vault_suffix_is_known() {
        let known = |text| VaultUrl::parse(text).expect("a URL").has_key_vault_suffix();
        assert!(known("https://contoso.vault.azure.net"));
        assert!(known("HTTPS://Contoso.VAULT.azure.net:8443/"));
        assert!(known("https://contoso.managedhsm.usgovcloudapi.net"));
        for foreign in [
            "https://vault.azure.net",
            "https://contosovault.azure.net",
            "https://contoso.vault.azure.net.example.com",
            "https://contoso.vault.azure.net.",
            "https://contoso.vault.microsoftazure.de",
            "https://127.0.0.1",
            "https://[::1]",
        ] {
            assert!(!known(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_vault_is_called_as_key_vault_lets_it_be() {
        let takes = |name: &str| VaultUrl::parse(&format!("https://{name}.vault.azure.net")).is_ok();
        for name in ["abc", "contoso", "Contoso-App-1", &"a".repeat(24)] {
            assert!(takes(name), "{name}");
        }
        for name in [
            "",
            "my_vault",
            "ab",
            "1contoso",
            "-contoso",
            "contoso-",
            "con--toso",
            "a.b",
            &"a".repeat(25),
            "${VAULT}",
        ] {
            assert!(!takes(name), "{name}");
        }
        assert!(
            VaultUrl::parse("https://my_vault.example.com").is_ok(),
            "that is decided by `trustedHosts`"
        );
    }

    #[test]
    fn a_url_that_could_be_read_as_another_is_refused() {
        for bad in [
            "",
            "contoso.vault.azure.net",
            "http://contoso.vault.azure.net",
            "https:contoso.vault.azure.net",
            "https:///contoso.vault.azure.net",
            "https://",
            "https://user:pass@contoso.vault.azure.net",
            "https://contoso.vault.azure.net@example.com",
            "https://contoso.vault.azure.net\\@example.com",
            "https://contoso.vault.azure.net/secrets",
            "https://contoso.vault.azure.net/.",
            "https://contoso.vault.azure.net//",
            "https://contoso.vault.azure.net?x",
            "https://contoso.vault.azure.net/#",
            " https://contoso.vault.azure.net",
            "https://contoso.vault.azure.net\n",
            "https://exa\tmple.com",
            "ééééhttps://",
        ] {
            assert!(VaultUrl::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_trusted_host_is_compared_exactly() {
        let trusts = |host, url| {
            HostName::parse(host)
                .expect("a host")
                .is_host_of(&VaultUrl::parse(url).expect("a URL"))
        };
        assert!(trusts("vault.example.com", "https://vault.example.com:8443"));
        assert!(trusts("Vault.Example.com", "https://vault.example.com"));
        assert!(trusts("127.0.0.1", "https://127.0.0.1"));
        assert!(trusts("::1", "https://[::1]:8443"));
        assert!(trusts("[::1]", "https://[0:0::1]"));
        assert!(!trusts("example.com", "https://vault.example.com"));
        for bad in [
            "",
            "*.example.com",
            "https://example.com",
            "example.com:443",
            "example.com/",
            "a b",
        ] {
            assert!(HostName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_absolute_path_is_not_the_root_and_has_no_dots() {
        for bad in [
            "",
            "mnt/akv",
            "/",
            "//",
            "/mnt/../etc",
            "/mnt/.",
            "/mnt\0",
            "/mnt/\u{202e}a",
            "/mnt/\u{2028}a",
        ] {
            assert!(AbsolutePath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(AbsolutePath::parse("/mnt/akv").is_ok());
    }
}
