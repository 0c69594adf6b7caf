//! How often an exchange is tried, and for how long: once with a deadline, or until a budget is spent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::exchange::{Asked, Exchange};
use super::lifetime::HeldToken;
use super::refusal::Refusal;
use super::scope::Scope;
use crate::domain::failure::Failure;
use crate::ports::{Clock, Jitter};

/// How long getting a token may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// All attempts together, when there is no token. An identity endpoint that is being updated gets 75 s at least.
    pub budget: Duration,
    /// One attempt: reading the proof, and one call.
    pub attempt: Duration,
    /// How long a read waits for all that. It ends with the last refusal so far, which says more than the time limit of
    /// whoever reads; the attempts go on, and the next read finds what they brought.
    pub patience: Duration,
    /// At most one token is dropped per this time because a vault rejected it.
    pub rejection_interval: Duration,
    /// How long a failure answers all who ask, before it is tried again; a longer `Retry-After` counts.
    pub rest: Duration,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            budget: Duration::from_mins(1),
            // A token file that comes late is waited for within it.
            attempt: Duration::from_secs(45),
            patience: Duration::from_secs(10),
            rejection_interval: Duration::from_secs(10),
            rest: Duration::from_secs(5),
        }
    }
}

/// Share of a wait that is added to it, at most: those who were told the same must not come back together.
const JITTER: f64 = 0.1;

/// Whoever signs in, and within which limits.
pub(super) struct Acquirer {
    /// Who that is, for people.
    pub(super) identity: String,
    pub(super) exchange: Arc<dyn Exchange>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) jitter: Arc<dyn Jitter>,
    pub(super) limits: TokenLimits,
    /// Since the last token, whoever gives them has asked for a longer wait than is kept, and that was told.
    pub(super) told_of_a_long_wait: AtomicBool,
}

impl Acquirer {
    /// How long the service asked to be left alone, and a little more.
    pub(super) fn asked_wait(&self, failure: &Failure) -> Duration {
        let asked = failure.retry_after.unwrap_or_default();
        asked + asked.mul_f64(JITTER * self.jitter.sample())
    }

    /// How long this failure stands for new attempts. Whoever asks again adds jitter to what was asked for; with more here,
    /// the first try of each would meet this failure.
    pub(super) fn rest_after(&self, failure: &Failure) -> Duration {
        self.limits.rest.max(failure.retry_after.unwrap_or_default())
    }

    /// One attempt.
    pub(super) async fn once(&self, scope: Scope) -> Result<HeldToken, Failure> {
        let attempt = self.attempt(scope, self.limits.attempt).await;
        attempt.map_err(|refusal| refusal.failure)
    }

    /// Attempts until one succeeds, none can, or the budget would be exceeded. The failure is that of the last attempt;
    /// `refused` hears of each before another one follows.
    pub(super) async fn within_budget(
        &self,
        scope: Scope,
        refused: impl Fn(&Failure),
    ) -> Result<HeldToken, Failure> {
        let began = Instant::now();
        let mut budget = self.limits.budget;
        let mut last: Option<Refusal> = None;
        // Every round either ends or waits; the waits of a budget of minutes are far fewer than this.
        for failures in 1..=1000 {
            let left = budget.saturating_sub(began.elapsed());
            let refusal = match self.attempt(scope, left.min(self.limits.attempt)).await {
                Ok(held) => return Ok(held),
                // An attempt that was cut short by the budget says less than the one before it.
                Err(refusal) => match last.take() {
                    Some(last) if began.elapsed() >= budget => last,
                    _ => refusal,
                },
            };
            budget = refusal.retry.budget(self.limits.budget);
            let wait = refusal
                .retry
                .delay(failures, &*self.jitter)
                .map(|wait| wait.max(self.asked_wait(&refusal.failure)))
                .filter(|wait| began.elapsed() + *wait < budget);
            let Some(wait) = wait else {
                return Err(told_with_effort(refusal.failure, failures, began.elapsed()));
            };
            tracing::debug!(
                %scope,
                reason = refusal.failure.reason.as_str(),
                error = refusal.failure.detail,
                wait_milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "Could not obtain a token yet"
            );
            refused(&refusal.failure);
            last = Some(refusal);
            sleep(wait).await;
        }
        Err(last.map_or_else(|| self.timed_out(budget).failure, |refusal| refusal.failure))
    }

    async fn attempt(&self, scope: Scope, limit: Duration) -> Result<HeldToken, Refusal> {
        let exchange = timeout(limit, self.exchange.exchange(scope)).await;
        let exchange = exchange.unwrap_or_else(|_| Err(self.timed_out(limit)));
        let token = exchange.map_err(|refusal| self.believed(scope, refusal))?;
        self.told_of_a_long_wait.store(false, Ordering::Relaxed);
        HeldToken::new(token, self.clock.now()).ok_or_else(|| {
            Refusal::unavailable(
                format!("the token for the {} has expired already", self.identity),
                "check the clock of this machine",
            )
        })
    }

    /// The refusal with no longer wait than is kept; that it asked for more is told once, until there is a token.
    fn believed(&self, scope: Scope, refusal: Refusal) -> Refusal {
        let kept = Failure::LONGEST_WAIT;
        let Some(asked) = refusal.failure.retry_after.filter(|asked| *asked > kept) else {
            return refusal;
        };
        if !self.told_of_a_long_wait.swap(true, Ordering::Relaxed) {
            let (identity, error) = (&self.identity, &refusal.failure.detail);
            let (asked_seconds, kept_seconds) = (asked.as_secs(), kept.as_secs());
            tracing::warn!(%scope, identity, error, asked_seconds, kept_seconds, "Asked to wait longer than is kept");
        }
        refusal.after(Some(kept))
    }

    /// There is no token after this time, for no reason known.
    pub(super) fn timed_out(&self, limit: Duration) -> Refusal {
        let Asked { name, hint } = self.exchange.asked();
        let (identity, seconds) = (&self.identity, limit.as_secs());
        Refusal::unavailable(
            format!("no token for the {identity} within {seconds} s: {name} did not answer"),
            hint,
        )
    }
}

fn told_with_effort(failure: Failure, attempts: usize, elapsed: Duration) -> Failure {
    if attempts < 2 {
        return failure;
    }
    let detail = format!(
        "{} ({attempts} attempts in {} s)",
        failure.detail,
        elapsed.as_secs()
    );
    failure.told_as(detail)
}
