//! What is remembered of one vault between requests: its challenge, how the last call for it failed, and the tokens
//! that it refused.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use azure_core::http::StatusCode;
use tokio::time::Instant;

use super::answer::Answer;
use super::challenge::Challenge;
use super::outage::Outage;
use super::retry::Again;

/// The challenge of a vault, learned by one request at a time.
#[derive(Debug, Default)]
pub(super) struct ChallengeMemory {
    /// Held over the one call that asks for the challenge; whoever waits for it waits for that call.
    pub(super) lesson: tokio::sync::Mutex<Lesson>,
    /// How many such calls failed. A request that saw this number grow while it waited shares the failure.
    pub(super) failures: AtomicU64,
}

/// What such calls brought.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    /// The challenge, once known.
    pub(super) challenge: Option<Challenge>,
    /// How and when the last one failed.
    failure: Option<(Shared, Instant)>,
}

/// How long a failure that another call would only repeat is handed to newcomers too: enough for one pass to fail
/// at once instead of one time limit after the other.
const REPEATED_FOR: Duration = Duration::from_secs(1);

impl Lesson {
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
    Outage(Outage),
    /// The vault throttles or fails; such an answer says nothing about one object.
    Answer(Answer),
}

impl Shared {
    /// Whether another call at once would end in the same way.
    fn lasts(&self) -> bool {
        match self {
            Self::Outage(outage) => outage.again == Again::No,
            Self::Answer(answer) => answer.status == StatusCode::TooManyRequests,
        }
    }
}

/// How many different tokens in a row are given back before the vault has to accept one.
const TOKENS_IN_A_ROW: u32 = 2;
/// After this time without success, one more may be tried.
const PATIENCE: Duration = Duration::from_mins(1);

/// Decides which refused tokens are worth replacing.
///
/// A revoked token is; but a vault that refuses every token must not make one call to Entra of each of ours.
#[derive(Debug, Default)]
pub(super) struct RefusedTokens(Mutex<Streak>);

#[derive(Debug, Default)]
struct Streak {
    /// A hash of the last refused token, so that no token is kept here.
    last: Option<u64>,
    different: u32,
    since: Option<Instant>,
}

impl RefusedTokens {
    /// Notes that the vault refused a token; says whether it should be replaced.
    pub(super) fn note(&self, token: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        token.hash(&mut hasher);
        let token = hasher.finish();
        let mut streak = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if streak.last == Some(token) {
            return true;
        }
        if streak.since.is_some_and(|since| since.elapsed() >= PATIENCE) {
            *streak = Streak::default();
        }
        if streak.different >= TOKENS_IN_A_ROW {
            return false;
        }
        streak.last = Some(token);
        streak.different += 1;
        streak.since = Some(Instant::now());
        true
    }

    /// Notes that the vault accepted a token.
    pub(super) fn accepted(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Streak::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_vault_that_refuses_every_token_costs_few_of_them() {
        let refused = RefusedTokens::default();
        let replaced = (0..100).filter(|n| refused.note(&format!("token {n}")));
        assert_eq!(replaced.count(), 2);
        tokio::time::advance(PATIENCE).await;
        let replaced = (0..100).filter(|n| refused.note(&format!("late token {n}")));
        assert_eq!(replaced.count(), 2);
    }

    #[tokio::test]
    async fn many_requests_may_report_the_same_token() {
        let refused = RefusedTokens::default();
        assert!((0..100).all(|_| refused.note("token 1")));
        assert!(refused.note("token 2"));
        refused.accepted();
        assert!(refused.note("token 3"));
    }
}
