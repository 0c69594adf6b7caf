//! What is remembered of one vault between requests: its challenge, and how the last call for it failed.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use azure_core::http::StatusCode;
use tokio::sync::MutexGuard;
use tokio::time::Instant;

use super::answer::Answer;
use super::challenge::Challenge;
use super::retry::Retry;
use super::transport_error::TransportError;

/// The challenge of a vault, learned by one request at a time.
#[derive(Debug, Default)]
pub(super) struct ChallengeCache {
    /// Held over the one call that asks for the challenge; whoever waits for it waits for that call.
    pub(super) learned: tokio::sync::Mutex<Learned>,
    /// How many such calls failed. A request that saw this number grow while it waited shares the failure.
    pub(super) failures: AtomicU64,
    /// How many requests wait for such a call.
    pub(super) waiting: AtomicUsize,
}

impl ChallengeCache {
    /// Waits for the call that asks for the challenge, if there is one.
    pub(super) async fn lock_in_line(&self) -> MutexGuard<'_, Learned> {
        let _place = Place::take(&self.waiting);
        self.learned.lock().await
    }
}

/// A place in the line of those who wait.
struct Place<'w>(&'w AtomicUsize);

impl<'w> Place<'w> {
    fn take(waiting: &'w AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What such calls brought.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// The challenge, once known.
    pub(super) challenge: Option<Challenge>,
    /// How and when the last one failed.
    failure: Option<(Shared, Instant)>,
}

/// How long a failure that another call would only repeat is handed to newcomers too: enough for one pass to fail
/// at once instead of one time limit after the other.
const REPEATED_FOR: Duration = Duration::from_secs(1);

impl Learned {
    /// Keeps a failure for those who wait, and for newcomers if it lasts.
    pub(super) fn failed(&mut self, shared: Shared) {
        self.failure = Some((shared, Instant::now()));
    }

    /// The failure for somebody who did (`waited`) or did not wait while it happened.
    pub(super) fn shared(&self, waited: bool) -> Option<Shared> {
        let (shared, at) = self.failure.as_ref()?;
        let repeats = shared.lasts() && at.elapsed() < REPEATED_FOR;
        (waited || repeats).then(|| shared.clone())
    }
}

/// A failed call, as those who waited for it get it.
#[derive(Debug, Clone)]
pub(super) enum Shared {
    /// There was no answer.
    Error(TransportError),
    /// The vault throttles or fails; such an answer says nothing about one object.
    Answer(Answer),
}

impl Shared {
    /// Of a call that ended; `None` when it says something of the vault's challenge, or of one object.
    pub(super) fn of(result: &Result<Answer, TransportError>) -> Option<Self> {
        match result {
            Err(error) => Some(Self::Error(error.clone())),
            Ok(answer) if answer.status == StatusCode::TooManyRequests || answer.status.is_server_error() => {
                Some(Self::Answer(answer.clone()))
            }
            Ok(_) => None,
        }
    }

    /// The end of the call, for somebody else.
    pub(super) fn into_result(self) -> Result<Answer, TransportError> {
        match self {
            Self::Error(error) => Err(error),
            Self::Answer(answer) => Ok(answer),
        }
    }

    /// Whether another call at once would end in the same way.
    fn lasts(&self) -> bool {
        match self {
            Self::Error(error) => error.retry == Retry::No,
            Self::Answer(answer) => answer.status == StatusCode::TooManyRequests,
        }
    }
}
