//! Where the running program answers, and what it counts.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::field::{Optional, Text};
use crate::scalar::{AbsolutePath, ListenAddress, SocketPath};

/// Where the running program answers: probes, metrics, `status` and `sync`. Nowhere, unless a key of it is given.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, schemars(extend("anyOf" = [{ "required": ["listen"] }, { "required": ["socket"] }], "allOf" = [
    { "if": { "required": ["tokenFile"] }, "then": { "required": ["listen"] } },
])))]
pub(crate) struct Admin {
    /// Address and port of an HTTP server, such as `[::]:8181`, for everything. `/livez`, `/readyz`, `/startupz` and
    /// `/metrics` need no token. The rest needs one, unless the address is a loopback address. When absent, the value of the
    /// environment variable `AKV_SYNC_ADMIN_LISTEN`, which the chart and `inject` set.
    #[serde(default)]
    pub(crate) listen: Optional<Text<ListenAddress>>,
    /// Unix socket of an HTTP server that needs no token: who may open the socket (mode 0600) may ask everything. When
    /// absent, the value of `AKV_SYNC_ADMIN_SOCKET`.
    #[serde(default)]
    pub(crate) socket: Optional<Text<SocketPath>>,
    /// File with the token that `listen` asks for. It is read again for each request.
    #[serde(default)]
    pub(crate) token_file: Optional<Text<AbsolutePath>>,
}

/// Prometheus metrics.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metrics {
    /// For which objects there are series of their own.
    #[serde(default)]
    #[cfg_attr(test, schemars(extend("default" = "few")))]
    pub(crate) per_object: Optional<PerObject>,
}

/// Series of objects.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schemars(inline))]
pub(crate) enum PerObject {
    /// All that there are.
    All,
    /// When each expires, and when it was last confirmed.
    Few,
    /// None; sums and extremes over all objects are always there.
    None,
}
