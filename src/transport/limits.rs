//! How long anything on the wire may take, and how often it may be sent: once. No call, connection or idle socket is
//! without a limit.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, retry};

/// TCP and TLS set-up of one connection.
pub const CONNECT: Duration = Duration::from_secs(5);

/// One attempt, from the first byte sent to the last received.
pub const ATTEMPT: Duration = Duration::from_secs(15);

/// Connection set-up to an identity endpoint. It is on the same node or not there at all.
pub const IDENTITY_ENDPOINT_CONNECT: Duration = Duration::from_secs(2);

/// Idle connections go before the 4 minutes after which Azure's load balancers and NAT drop them silently.
const POOL_IDLE: Duration = Duration::from_mins(1);

/// Idle connections that are kept for each host, as many as there are requests at once over HTTP/1.1 (`domain::gate`'s).
pub(super) const POOL_IDLE_CONNECTIONS: usize = 20;

/// A dropped HTTP/2 connection is noticed after this long without a frame, plus [`PING_TIMEOUT`].
const PING_INTERVAL: Duration = Duration::from_secs(10);

/// How long the answer to a ping may take.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// For vaults and Entra. Redirects stay off: Azure sends none, and a token must not follow one.
pub(super) fn vault(builder: ClientBuilder) -> ClientBuilder {
    builder
        .connect_timeout(CONNECT)
        .timeout(ATTEMPT)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_CONNECTIONS)
        .redirect(Policy::none())
        .retry(once())
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
}

/// For IMDS, App Service and Container Apps.
pub(super) fn identity_endpoint(builder: ClientBuilder) -> ClientBuilder {
    builder
        .connect_timeout(IDENTITY_ENDPOINT_CONNECT)
        .timeout(ATTEMPT)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(Policy::none())
        .retry(once())
}

/// For one request to a server that a hook names, which may take as long as the hook. No connection stays behind.
pub(super) fn direct(builder: ClientBuilder, longest: Duration) -> ClientBuilder {
    builder
        .connect_timeout(CONNECT)
        .timeout(longest)
        .pool_max_idle_per_host(0)
        .redirect(Policy::none())
        .retry(once())
}

/// No request is sent again by the client, which by itself repeats what an HTTP/2 server refuses or says goodbye to, twice
/// and unseen: repeats are counted where they are granted. What the pool below still does in silence is to take another
/// connection for a request of which nothing has left.
fn once() -> retry::Builder {
    retry::never()
}
