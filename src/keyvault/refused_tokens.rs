//! Which refused tokens are worth replacing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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
