//! A client for a server of the same pod or network: never through a proxy, which would take calls to localhost too.

use std::path::Path;
use std::time::Duration;

use rustls::RootCertStore;
use url::Url;

use super::{AuthorityOptions, SetupError, authorities, install_crypto_provider, limits, trusting};

/// A client for requests to `url`, through a socket if one is named; each takes `longest` at most. For https the
/// authorities are read now, so that a bundle that was exchanged counts.
pub fn direct_client(
    url: &Url,
    unix_socket: Option<&Path>,
    options: &AuthorityOptions,
    longest: Duration,
) -> Result<reqwest::Client, SetupError> {
    install_crypto_provider();
    // Plain http trusts nobody, and must work in an image without certificates.
    let roots = if url.scheme() == "https" {
        authorities::load(options)?
    } else {
        RootCertStore::empty()
    };
    let mut builder = limits::direct(reqwest::Client::builder(), longest)
        .no_proxy()
        .tls_backend_preconfigured(trusting(roots));
    if let Some(path) = unix_socket {
        builder = builder.unix_socket(path);
    }
    builder.build().map_err(SetupError::Client)
}
