//! What the adapter gets from outside.

use std::fmt;
use std::sync::Arc;

use azure_core::http::HttpClient;

use super::TokenSource;
use crate::ports::{Clock, Jitter};
use crate::transport::Wires;

/// What the adapter gets from outside.
#[derive(Clone)]
pub struct Outside {
    /// Sends requests. It has the time limits of a call and does not follow redirects.
    pub http: Arc<dyn HttpClient>,
    /// What is known of its connections.
    pub wires: Wires,
    /// Signs in.
    pub tokens: Arc<dyn TokenSource>,
    /// Reads a `Retry-After` that is a date.
    pub clock: Arc<dyn Clock>,
    /// Spreads attempts.
    pub jitter: Arc<dyn Jitter>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").finish_non_exhaustive()
    }
}
