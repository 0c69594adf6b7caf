//! Another manifest, between two passes.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::domain::desired::SyncSpec;
use crate::domain::status::WatchMode;

/// What became of a manifest that changed.
#[derive(Debug)]
pub enum Reload<V> {
    /// It is to count from now on.
    Taken(Box<NewManifest<V>>),
    /// It is refused as a whole, for these reasons.
    Refused(Vec<String>),
    /// How changes are found from now on.
    Watching(WatchMode),
}

/// A manifest that is to count.
#[derive(Debug)]
pub struct NewManifest<V> {
    /// What it means.
    pub spec: SyncSpec,
    /// Whom to ask for it.
    pub vault: Arc<V>,
    /// Whether it was taken: the volume has a say.
    pub reply: oneshot::Sender<bool>,
}

/// Where the loop hears of them.
pub type Reloads<V> = mpsc::Receiver<Reload<V>>;
