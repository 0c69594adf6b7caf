//! What a fake is started with.

use std::net::SocketAddr;
use std::time::Duration;

/// How to start a [`FakeAzure`](crate::FakeAzure).
#[derive(Debug, Clone)]
pub struct FakeOptions {
    /// Offers HTTP/2 by ALPN besides HTTP/1.1.
    pub http2: bool,
    /// The round-trip time that every connection pretends to have; zero adds nothing.
    pub round_trip: Duration,
    /// The vaults that exist, by name.
    pub vaults: Vec<String>,
    /// How long an access token lives by the fake's clock.
    pub token_lifetime: Duration,
    /// The one address that serves all vaults and Entra under their real names, told apart by the host name of the
    /// request. `None` gives each a port of its own on `localhost`.
    pub https: Option<SocketAddr>,
    /// Where the instance metadata service listens; it is off when `None`.
    ///
    /// The real address is link-local: give it only inside a network namespace.
    pub imds: Option<SocketAddr>,
}

impl Default for FakeOptions {
    /// One vault named `app`, HTTP/2 on, no round-trip time, tokens of a day, free ports on `localhost`, no IMDS.
    fn default() -> Self {
        Self {
            http2: true,
            round_trip: Duration::ZERO,
            vaults: vec!["app".to_owned()],
            token_lifetime: Duration::from_hours(24),
            https: None,
            imds: None,
        }
    }
}
