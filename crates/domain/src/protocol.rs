//! Which version of HTTP a host speaks.

/// What the TLS handshake agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A connection for each request that is under way.
    Http1,
    /// One connection for all.
    Http2,
}
