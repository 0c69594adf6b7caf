//! `NO_PROXY`: what is reached without the proxy. Every form that curl and Go's programs take is heeded, because the same
//! variable is set for a whole pod: `*`, `x` with its subdomains, `.x` and `*.x`, `HOST:PORT`, addresses and networks.

use std::net::IpAddr;

use url::{Host, Url};

/// What the variable says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NoProxy {
    entries: Vec<Entry>,
    /// What can never match, as it is written.
    pub(super) useless: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// The name and all below it.
    Domain(String),
    Network(IpAddr, u32),
}

impl NoProxy {
    /// Entries are separated by commas or blanks.
    pub(super) fn parse(text: &str) -> Self {
        let mut this = Self::default();
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        for entry in entries.filter(|entry| !entry.is_empty()) {
            match Entry::parse(entry) {
                Some(entry) => this.entries.push(entry),
                None => this.useless.push(entry.to_owned()),
            }
        }
        this
    }

    /// Whether this URL is reached directly.
    pub(super) fn exempts(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        self.entries
            .iter()
            .any(|entry| entry.port.is_none_or(|only| Some(only) == port) && entry.hosts.include(url))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = text.rsplit_once(':')?;
        let port = Some(port.parse().ok()?);
        let hosts = Hosts::parse(host)?;
        Some(Self { hosts, port })
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
            return Some(Self::Network(address, bits(address)));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            let (address, prefix) = (address.parse().ok()?, prefix.parse().ok()?);
            return (prefix <= bits(address)).then_some(Self::Network(address, prefix));
        }
        let name = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
        let name = name.unwrap_or(text).trim_end_matches('.').to_ascii_lowercase();
        let is_name = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        name.split('.').all(is_name).then_some(Self::Domain(name))
    }

    fn include(&self, url: &Url) -> bool {
        match (self, url.host()) {
            (Self::All, _) => true,
            (Self::Domain(name), Some(Host::Domain(host))) => host
                .trim_end_matches('.')
                .strip_suffix(name.as_str())
                .is_some_and(|above| above.is_empty() || above.ends_with('.')),
            (Self::Network(network, prefix), Some(Host::Ipv4(host))) => {
                is_in(IpAddr::V4(host), *network, *prefix)
            }
            (Self::Network(network, prefix), Some(Host::Ipv6(host))) => {
                is_in(IpAddr::V6(host), *network, *prefix)
            }
            _ => false,
        }
    }
}

const fn bits(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Whether the first bits of both are the same.
fn is_in(host: IpAddr, network: IpAddr, prefix: u32) -> bool {
    let differs = match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => u128::from(host.to_bits() ^ network.to_bits()) << 96,
        (IpAddr::V6(host), IpAddr::V6(network)) => host.to_bits() ^ network.to_bits(),
        _ => return false,
    };
    differs.leading_zeros() >= prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exempts(no_proxy: &str, host: &str) -> bool {
        let parsed = NoProxy::parse(no_proxy);
        assert_eq!(parsed.useless, Vec::<String>::new(), "{no_proxy}");
        parsed.exempts(&Url::parse(&format!("https://{host}/")).expect("a URL"))
    }

    #[test]
    fn every_form_that_curl_and_go_take_is_heeded() {
        let vault = "contoso-app.vault.azure.net";
        for heeded in [
            "*",
            "*.vault.azure.net",
            ".vault.azure.net",
            "vault.azure.net",
            "VAULT.Azure.Net.",
            "contoso-app.vault.azure.net",
            "contoso-app.vault.azure.net:443",
            ".azure.net:443",
            "localhost, *.vault.azure.net",
            "localhost .azure.net",
        ] {
            assert!(exempts(heeded, vault), "{heeded}");
        }
        for other in [
            "",
            "ault.azure.net",
            "vault.azure.net:8443",
            "azure.com",
            "10.0.0.0/8",
            "x.contoso-app.vault.azure.net",
        ] {
            assert!(!exempts(other, vault), "{other}");
        }
    }

    #[test]
    fn addresses_and_networks_match_addresses() {
        for (no_proxy, host) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("0.0.0.0/0", "192.0.2.1"),
            ("::1", "[::1]"),
            ("[::1]:443", "[::1]"),
            ("fd00::/8", "[fd12::1]"),
        ] {
            assert!(exempts(no_proxy, host), "{no_proxy}");
        }
        for (no_proxy, host) in [
            ("10.0.0.0/8", "11.0.0.1"),
            ("127.0.0.1:8443", "127.0.0.1"),
            ("10.0.0.0/9", "10.128.0.1"),
            ("fd00::/8", "10.0.0.1"),
        ] {
            assert!(!exempts(no_proxy, host), "{no_proxy}");
        }
    }

    #[test]
    fn what_can_never_match_is_kept_apart() {
        let text =
            "https://contoso-app.vault.azure.net,*vault.azure.net,vault.*.net,10.0.0.0/33,host:port,a..b,ok";
        let parsed = NoProxy::parse(text);
        assert_eq!(parsed.useless.join(","), text.trim_end_matches(",ok"));
        assert_eq!(parsed.entries.len(), 1);
    }
}
