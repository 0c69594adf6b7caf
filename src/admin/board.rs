//! What the loop knew last, for whoever asks.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::event::Event;
use crate::domain::status::Status;
use crate::ports::Observer;

/// What is known now. The loop replaces it; nobody waits for anybody.
#[derive(Debug, Default)]
pub struct Exposed {
    status: Mutex<Option<Arc<Status>>>,
}

impl Exposed {
    /// What the loop knew last; `None` before its first pass.
    pub fn status(&self) -> Option<Arc<Status>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, status: &Status) {
        let status = Arc::new(status.clone());
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
    }
}

/// Shows the status to whoever asks.
#[derive(Debug)]
pub struct Board(pub Arc<Exposed>);

impl Observer for Board {
    fn tell(&mut self, status: &Status, _: &[Event]) {
        self.0.set(status);
    }
}
