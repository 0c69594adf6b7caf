//! Which proxy is taken, from which variable, and for what; and the same said of a call that failed.
//!
//! Decided here and not by the client, which passes over a proxy that it cannot use and goes direct, which may reach what a
//! person meant to keep apart, and which takes a `NO_PROXY` of a form that it does not know for one of no use.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use url::{Host, Url};

use super::SetupError;
use super::Wires;
use super::no_proxy::NoProxy;
use crate::domain::placeholder::Placeholder;
use crate::domain::plain_text::one_line;
use crate::domain::variable::is_quoted;
use crate::ports::Environment;

/// What is read for https, which is all that the client is used for, in this order.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

const EXEMPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy of the environment, if there is one, and what goes without it. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Option<Arc<Proxy>>);

struct Proxy {
    /// With the password that it may hold.
    url: Url,
    variable: &'static str,
    exempt: NoProxy,
}

impl Proxies {
    /// Fails when a proxy variable is set to something else than an http or https URL, or `HOST:PORT`.
    ///
    /// The error names the variable and not its value, which may hold a password. An entry of `NO_PROXY` that can never
    /// match is a warning.
    pub fn from_environment(environment: &(impl Environment + ?Sized)) -> Result<Self, SetupError> {
        let mut chosen = None;
        for variable in VARIABLES {
            let Some(value) = environment.var(variable).filter(|value| !value.is_empty()) else {
                continue;
            };
            if let Some(placeholder) = placeholder(&value) {
                return Err(SetupError::ProxyPlaceholder {
                    variable,
                    placeholder,
                });
            }
            if is_quoted(&value) {
                return Err(SetupError::ProxyQuoted { variable });
            }
            let url = proxy(&value).ok_or(SetupError::Proxy { variable })?;
            chosen = chosen.or(Some((url, variable)));
        }
        let Some((url, variable)) = chosen else {
            return Ok(Self(None));
        };
        let exempt = EXEMPTIONS
            .into_iter()
            .find_map(|name| Some((name, environment.var(name).filter(|value| !value.is_empty())?)));
        if let Some((variable, value)) = &exempt {
            // `<local>` of Windows is no placeholder, and never matches.
            if let Some(placeholder) = Placeholder::in_name(value).filter(Placeholder::is_variable) {
                return Err(SetupError::ProxyPlaceholder {
                    variable,
                    placeholder,
                });
            }
            if is_quoted(value) {
                return Err(SetupError::ProxyQuoted { variable });
            }
        }
        let exempt = exempt.map_or_else(NoProxy::default, |(name, value)| read_exemptions(name, &value));
        Ok(Self(Some(Arc::new(Proxy {
            url,
            variable,
            exempt,
        }))))
    }

    /// The proxy that a URL is reached through, as messages name it.
    fn of(&self, url: &Url) -> Option<String> {
        let proxy = self.0.as_deref().filter(|proxy| !proxy.exempt.exempts(url))?;
        Some(proxy.describe())
    }

    /// As the HTTP client wants it.
    pub(super) fn for_client(&self) -> reqwest::Proxy {
        let this = self.clone();
        reqwest::Proxy::custom(move |url| {
            let proxy = this.0.as_deref().filter(|proxy| !proxy.exempt.exempts(url));
            proxy.map(|proxy| proxy.url.clone())
        })
    }
}

impl Proxy {
    /// `http://HOST:PORT (VARIABLE)`, without user and password.
    fn describe(&self) -> String {
        let Self { url, variable, .. } = self;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port} ({variable})", url.scheme())
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

fn read_exemptions(variable: &str, value: &str) -> NoProxy {
    let exempt = NoProxy::parse(value);
    for entry in &exempt.useless {
        // What stands before an `@` can be a password.
        let entry = one_line(entry.rsplit('@').next().unwrap_or_default(), 100);
        let hint = "write NAME, .NAME, *.NAME, NAME:PORT, an address, a network such as 10.0.0.0/8, or * alone; no URL";
        tracing::warn!(variable, entry, hint, "An entry of this variable can never match");
    }
    exempt
}

fn proxy(value: &str) -> Option<Url> {
    let url = if value.contains("://") {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    url.ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().as_ref().is_some_and(is_host))
}

/// The URL standard lets signs into a name for which the client passes over the proxy.
fn is_host(host: &Host<&str>) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match host {
        Host::Domain(name) => name.chars().all(is_sign),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

/// One in the host or port, or in place of a user or password.
fn placeholder(value: &str) -> Option<Placeholder> {
    let (login, host) = value.rsplit_once('@').unwrap_or(("", value));
    let login = login.split_once("://").map_or(login, |(_, login)| login);
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    Placeholder::in_name(host).or_else(|| [user, password].into_iter().find_map(Placeholder::whole))
}

/// The HTTP client for vaults and Entra, whose errors know the proxy.
#[derive(Debug, Clone)]
pub struct ProxiedClient {
    pub(super) client: reqwest::Client,
    pub(super) proxies: Proxies,
    pub(super) wires: Wires,
}

#[async_trait]
impl HttpClient for ProxiedClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let sent = self.client.execute_request(request);
        let answer = self.wires.on_errand(request.url(), sent).await;
        answer.map_err(|error| match self.proxies.of(request.url()) {
            Some(proxy) => ThroughProxy::wrap(proxy, error),
            None => error,
        })
    }
}

/// A call that failed on the way through a proxy.
#[derive(Debug, thiserror::Error)]
#[error("the call went through {proxy}")]
pub struct ThroughProxy {
    /// `http://HOST:PORT (VARIABLE)`.
    pub proxy: String,
    #[source]
    source: azure_core::Error,
}

impl ThroughProxy {
    fn wrap(proxy: String, source: azure_core::Error) -> azure_core::Error {
        let kind = source.kind().clone();
        azure_core::Error::with_error(kind, Self { proxy, source }, "the call failed")
    }

    /// The one among the causes of an error.
    pub fn of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        super::chain(error).find_map(|cause| cause.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_url_or_a_host_with_a_port() {
        for good in [
            "http://proxy.example.com:3128",
            "https://user:pass@proxy/",
            "proxy:3128",
            "127.0.0.1:1",
        ] {
            assert!(
                Proxies::from_environment(&[("HTTPS_PROXY", good)][..]).is_ok(),
                "{good}"
            );
        }
        assert!(Proxies::from_environment(&[("HTTPS_PROXY", "")][..]).is_ok());
    }

    #[test]
    fn a_proxy_that_would_be_passed_over_is_named_without_its_value() {
        for bad in [
            "ftp://marker",
            "socks5://marker:1080",
            "http://user:marker@[",
            "http://",
            "marker marker",
            "http://mar$ker:1",
            "http://mar(ker)",
            " ",
        ] {
            for variable in VARIABLES {
                let error = Proxies::from_environment(&[(variable, bad)][..]).expect_err(bad);
                let text = format!("{error} {error:?} {}", error.hint());
                assert!(text.contains(variable) && !text.contains("marker"), "{text}");
            }
        }
    }

    #[test]
    fn a_proxy_that_nothing_filled_in_is_told_with_its_placeholder_whatever_else_is_set() {
        for (bad, shown) in [
            ("http://${PROXY_HOST}:3128", "`${…}`"),
            ("${PROXY}", "`${…}`"),
            ("$(PROXY)", "`$(…)`"),
            ("$PROXY", "`$NAME`"),
            ("http://{p}:9", "`{…}`"),
            ("http://{{ .Values.proxy }}", "`{{ … }}`"),
            ("http://<proxy>:3128", "`<…>`"),
            ("http://proxy:${PORT}", "`${…}`"),
            ("http://marker:${PASSWORD}@proxy:3128", "`${…}`"),
        ] {
            let variables = [("HTTPS_PROXY", bad), ("ALL_PROXY", "http://proxy:1")];
            let error = Proxies::from_environment(&variables[..]).expect_err(bad);
            let text = format!("{error} {error:?} {}", error.hint());
            assert!(
                error.to_string().starts_with("HTTPS_PROXY holds the placeholder"),
                "{text}"
            );
            assert!(text.contains(shown) && !text.contains("marker"), "{text}");
        }
        let password = [("HTTPS_PROXY", "http://user:a$AB@proxy:3128")];
        assert!(Proxies::from_environment(&password[..]).is_ok());
    }

    #[test]
    fn quotes_and_placeholders_are_told_of_each_proxy_variable_in_the_words_of_other_variables() {
        let proxy = ("HTTPS_PROXY", "http://proxy:3128");
        for variables in [
            vec![("HTTPS_PROXY", "\"http://marker:3128\"")],
            vec![("all_proxy", "'http://marker:3128'")],
            vec![proxy, ("NO_PROXY", "\"marker.example.com,10.0.0.0/8\"")],
            vec![proxy, ("no_proxy", "'marker.example.com'")],
        ] {
            let error = Proxies::from_environment(&variables[..]).expect_err("quotes");
            let (variable, _) = variables[variables.len() - 1];
            assert_eq!(
                error.to_string(),
                format!("{variable} has quotes around its value")
            );
            assert!(error.hint().contains("without quotes"), "{}", error.hint());
        }
        let unfilled = [proxy, ("NO_PROXY", "${NO_PROXY},10.0.0.0/8")];
        let error = Proxies::from_environment(&unfilled[..]).expect_err("a placeholder");
        assert!(
            error
                .to_string()
                .starts_with("NO_PROXY holds the placeholder `${…}`"),
            "{error}"
        );
        let windows = [proxy, ("NO_PROXY", "<local>,10.0.0.0/8")];
        assert!(Proxies::from_environment(&windows[..]).is_ok(), "it is a warning");
        let unused = [("NO_PROXY", "${NO_PROXY}")];
        assert!(
            Proxies::from_environment(&unused[..]).is_ok(),
            "there is no proxy"
        );
    }

    #[test]
    fn the_first_variable_that_is_set_is_named_without_user_and_password() {
        let variables = [
            ("ALL_PROXY", "http://other:1"),
            ("https_proxy", "http://user:marker@proxy.example.com:3128"),
            ("HTTPS_PROXY", ""),
            ("no_proxy", "*.vault.azure.net"),
        ];
        let proxies = Proxies::from_environment(&variables[..]).expect("a proxy");
        let of = |url: &str| proxies.of(&Url::parse(url).expect("a URL"));
        assert_eq!(
            of("https://login.microsoftonline.com/").as_deref(),
            Some("http://proxy.example.com:3128 (https_proxy)")
        );
        assert_eq!(of("https://contoso-app.vault.azure.net/"), None);
        assert!(!format!("{proxies:?}").contains("marker"));
        assert!(Proxies::default().0.is_none());
    }
}
