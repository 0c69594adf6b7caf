//! The HTTP server of a running program: probes, metrics, `/status` and `POST /sync`.
//!
//! Anybody who reaches it may send it anything. So there are limits to everything: connections, headers, time for a
//! header, time for a whole request. What needs no token depends on the listener, and never on the peer: a service mesh
//! delivers strangers from a loopback address.

mod answer;
mod board;
mod guard;
mod listen;
mod metrics;
mod routes;
mod serve;
mod sync;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::board::{Board, Exposed};
pub use self::listen::{BindError, Listeners};
pub use self::serve::serve;
use self::sync::Syncs;
use crate::ports::Exposition;
use crate::reconcile::heartbeat::Heartbeat;
use crate::reconcile::trigger::Waker;

/// What answers are made of.
pub struct Admin {
    /// What is known now.
    pub exposed: Arc<Exposed>,
    /// What monitoring reads.
    pub metrics: Arc<dyn Exposition>,
    /// Whether the loop turns.
    pub heartbeat: Arc<Heartbeat>,
    /// The file with the token, which is read for each request.
    pub token_file: Option<PathBuf>,
    syncs: Syncs,
}

impl Admin {
    /// Answers with what `exposed` and `metrics` have, and asks `waker` for syncs.
    pub fn new(
        exposed: Arc<Exposed>,
        metrics: Arc<dyn Exposition>,
        heartbeat: Arc<Heartbeat>,
        waker: Waker,
        token_file: Option<PathBuf>,
    ) -> Self {
        Self {
            exposed,
            metrics,
            heartbeat,
            token_file,
            syncs: Syncs::new(waker),
        }
    }
}
