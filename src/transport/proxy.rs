//! The proxy variables, looked at before the HTTP client reads them.
//!
//! The client passes over a proxy that it cannot use and goes direct, which may reach what a person meant to keep apart.

use url::Url;

use super::SetupError;
use crate::ports::Environment;

/// What the client reads for https, which is all that it is used for.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Fails when a proxy variable is set to something else than an http or https URL, or `HOST:PORT`.
///
/// The error names the variable and not its value, which may hold a password.
pub fn check_proxy(environment: &(impl Environment + ?Sized)) -> Result<(), SetupError> {
    let unusable = |variable: &&str| environment.var(variable).is_some_and(|value| !is_proxy(&value));
    match VARIABLES.into_iter().find(|variable| unusable(variable)) {
        Some(variable) => Err(SetupError::Proxy { variable }),
        None => Ok(()),
    }
}

fn is_proxy(value: &str) -> bool {
    let url = if value.contains("://") {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
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
            assert!(check_proxy(&[("HTTPS_PROXY", good)][..]).is_ok(), "{good}");
        }
        assert!(check_proxy(&[("HTTPS_PROXY", "")][..]).is_ok());
    }

    #[test]
    fn a_proxy_that_would_be_passed_over_is_named_without_its_value() {
        for bad in [
            "ftp://marker",
            "socks5://marker:1080",
            "http://user:marker@[",
            "http://",
            "marker marker",
        ] {
            for variable in VARIABLES {
                let error = check_proxy(&[(variable, bad)][..]).expect_err(bad);
                let text = format!("{error} {error:?} {}", error.hint());
                assert!(text.contains(variable) && !text.contains("marker"), "{text}");
            }
        }
    }
}
