//! What wakes the loop besides its timer: a signal; later an event, a request, a new manifest.

use tokio::sync::{mpsc, oneshot};

use crate::domain::schedule::SyncScope;

/// Most wishes that wait. Whoever comes then finds that enough is asked for already.
const WAITING: usize = 16;

/// A wish that questions are asked now.
#[derive(Debug)]
pub struct Trigger {
    /// Which.
    pub wanted: SyncScope,
    /// Who waits until they are answered.
    pub reply: Option<oneshot::Sender<Answered>>,
}

/// Everything that was asked for has an answer, and what could be published is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// How many entries fail now.
    pub failing: usize,
}

/// Wakes a sleeping loop. Clones wake the same one.
#[derive(Debug, Clone)]
pub struct Waker(mpsc::Sender<Trigger>);

/// Where the loop hears of it.
pub type Triggers = mpsc::Receiver<Trigger>;

/// The two ends.
pub fn channel() -> (Waker, Triggers) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Waker(sender), receiver)
}

impl Waker {
    /// Asks for a sync of everything now.
    pub fn wake(&self) {
        self.send(Trigger {
            wanted: SyncScope::All,
            reply: None,
        });
    }

    /// The same for some of it, or all; gives where its end is told. The sender is dropped when the loop ends first, or
    /// when too many wait.
    pub fn sync(&self, wanted: SyncScope) -> oneshot::Receiver<Answered> {
        let (reply, answered) = oneshot::channel();
        self.send(Trigger {
            wanted,
            reply: Some(reply),
        });
        answered
    }

    fn send(&self, trigger: Trigger) {
        // Full: a sync of everything is about to begin. Closed: the loop has ended.
        let _ = self.0.try_send(trigger);
    }
}
