//! The HTTP server of a running program: probes, metrics, `/status`, the page that shows it, and `POST /sync`.
//!
//! Anybody who reaches it may send it anything. So there are limits to everything: connections, headers, time for a
//! header, time for a whole request. What needs no token depends on the listener, and never on the peer: a service mesh
//! delivers strangers from a loopback address.

mod answer;
mod board;
mod guard;
mod listen;
mod metrics;
mod page;
mod places;
mod routes;
mod serve;
mod sync;
mod token;

use std::path::PathBuf;
use std::sync::Arc;

pub use self::board::{Board, Exposed};
pub use self::listen::{BindError, Listeners};
pub use self::serve::serve;
use self::sync::Syncs;
use self::token::TokenFile;
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
    token: Option<Arc<TokenFile>>,
    syncs: Syncs,
}

impl Admin {
    /// Answers with what `exposed` has, and asks `waker` for syncs. The file with the token is read for each request.
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
            token: token_file.map(|path| Arc::new(TokenFile::new(path))),
            syncs: Syncs::new(waker),
        }
    }
}
