//! A token that is always fresh.
//!
//! Invariants: a read never waits while a usable token is held; per scope at most one exchange runs, whoever asks for it;
//! every exchange has a deadline; a failing renewal leaves the held token alone; no lock is held across an await.

mod status;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::acquire::Acquirer;
use super::lifetime::{HeldToken, renewal_delay, retry_delay};
use super::scope::Scope;
use crate::domain::failure::{Failure, Reason};

/// Tokens for Key Vault, renewed in the background. Clones share them.
///
/// Its methods need a tokio runtime: exchanges run as tasks of their own, so that no caller's deadline cuts one short.
#[derive(Clone)]
pub struct Tokens(Arc<Shared>);

struct Shared {
    acquirer: Acquirer,
    slots: Mutex<BTreeMap<Scope, Slot>>,
}

/// What is known of one scope.
#[derive(Default)]
struct Slot {
    held: Option<HeldToken>,
    flight: Option<Flight>,
    /// How the last attempt of the exchange that runs was refused, and when.
    refused: Option<(Failure, Instant)>,
    /// The task that waits for the time of renewal.
    renewal: Option<Task>,
    failed_renewals: u32,
    /// The last acquisition's failure, and until when it answers instead of another one.
    failed: Option<(Failure, Instant)>,
    /// When a rejected token was dropped last.
    rejected: Option<Instant>,
}

type Outcome = Result<AccessToken, Failure>;

/// An exchange that runs.
#[derive(Clone)]
struct Flight {
    purpose: Purpose,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// What an exchange is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// There is no usable token: attempts within a budget.
    Acquire,
    /// There is one: a single attempt, the next by timer.
    Renew,
}

/// A task that ends with its owner.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tokens {
    pub(super) fn of(acquirer: Acquirer) -> Self {
        Self(Arc::new(Shared {
            acquirer,
            slots: Mutex::default(),
        }))
    }

    /// Who signs in, for logs: "workload identity of client ID …, tenant …".
    pub fn identity(&self) -> &str {
        &self.0.acquirer.identity
    }

    /// Where it signs in through the client that vaults share; `None` when the platform or a tool of this machine signs in.
    pub fn address(&self) -> Option<&Url> {
        self.0.acquirer.exchange.address()
    }

    /// A token that is valid for 30 s or more: at once while one is held, else after one exchange for all who ask.
    ///
    /// The wait is bounded by [`TokenLimits::patience`](super::TokenLimits::patience); the exchange goes on after it. Dropping the future does not
    /// stop the exchange either.
    pub async fn token(&self, scope: Scope) -> Result<AccessToken, Failure> {
        match timeout(self.0.acquirer.limits.patience, self.landed(scope)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.0.lose_patience(scope)),
        }
    }

    async fn landed(&self, scope: Scope) -> Outcome {
        let mut flight = match self.0.ready(scope) {
            Ready::Now(outcome) => return outcome,
            Ready::After(flight) => flight,
        };
        match (flight.landed().await, flight.purpose) {
            // A renewal is a single attempt; the token has expired meanwhile, so now the whole budget is due.
            (Err(_), Purpose::Renew) => match self.0.ready(scope) {
                Ready::Now(outcome) => outcome,
                Ready::After(mut flight) => flight.landed().await,
            },
            (outcome, _) => outcome,
        }
    }

    /// Starts the first exchange, so that it runs while the first connection to the vault is made.
    pub fn prefetch(&self, scope: Scope) {
        // What it starts goes on without a waiter; what it finds is not needed yet.
        let _started = self.0.ready(scope);
    }

    /// Says that a vault answered 401 to this token, as it was sent, without `Bearer`.
    ///
    /// The token is dropped if it is the one held, so that the next read gets another. At most one token is dropped per
    /// [`TokenLimits::rejection_interval`](super::TokenLimits::rejection_interval): a vault that refuses every token must not turn into load on Entra. Gives
    /// whether the next read will get another token than this.
    pub fn reject(&self, token: &str) -> bool {
        let now = Instant::now();
        let mut slots = self.0.lock();
        for (scope, slot) in slots.iter_mut() {
            if slot
                .held
                .as_ref()
                .is_none_or(|held| held.token.token.secret() != token)
            {
                continue;
            }
            let interval = self.0.acquirer.limits.rejection_interval;
            if slot
                .rejected
                .is_some_and(|last| now.duration_since(last) < interval)
            {
                tracing::debug!(%scope, "Kept a rejected token, as the one before it was rejected just now");
                return false;
            }
            tracing::debug!(%scope, "Dropped a token that the vault rejected");
            slot.rejected = Some(now);
            slot.held = None;
            slot.renewal = None;
            return true;
        }
        true
    }

    /// The same tokens as a credential of the Azure SDK.
    pub fn as_credential(&self) -> Arc<dyn TokenCredential> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let scope = match scopes {
            [scope] => Scope::parse(scope),
            _ => Scope::parse(&scopes.join(" ")),
        };
        let token = match scope {
            Ok(scope) => self.token(scope).await,
            Err(failure) => Err(failure),
        };
        token.map_err(|failure| {
            azure_core::Error::with_error(ErrorKind::Credential, failure, "there is no token for the vault")
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tokens").field(&self.0.acquirer.identity).finish()
    }
}

enum Ready {
    Now(Outcome),
    After(Flight),
}

impl Flight {
    async fn landed(&mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => (*outcome).clone().unwrap_or_else(|| Err(abandoned())),
            Err(_) => Err(abandoned()),
        }
    }
}

/// A refusal as it is this long after it: a part of what was asked for is over.
fn with_the_rest(failure: &Failure, since: Duration) -> Failure {
    let asked = failure.retry_after.map(|asked| asked.saturating_sub(since));
    failure.clone().after(asked)
}

/// Only when the runtime ends while somebody waits.
fn abandoned() -> Failure {
    Failure::new(
        Reason::IdentityUnavailable,
        "the token exchange was abandoned",
        "no action: the program is stopping",
    )
}

impl Shared {
    /// No code panics while it holds the lock, and the map stays consistent between statements.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Scope, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A usable token, a failure that is too fresh to be tried again, or the exchange that runs or now starts.
    fn ready(self: &Arc<Self>, scope: Scope) -> Ready {
        let mut slots = self.lock();
        let slot = slots.entry(scope).or_default();
        let now = self.acquirer.clock.now();
        if let Some(held) = slot.held.as_ref().filter(|held| held.is_usable(now)) {
            return Ready::Now(Ok(held.token.clone()));
        }
        if let Some((failure, until)) = &slot.failed {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                // A part of what was asked for is over.
                let asked = failure.retry_after.map(|asked| asked.min(left));
                return Ready::Now(Err(failure.clone().after(asked)));
            }
        }
        if let Some(flight) = &slot.flight {
            return Ready::After(flight.clone());
        }
        Ready::After(self.start(slot, scope, Purpose::Acquire))
    }

    /// Remembers how an attempt of the exchange that runs was refused.
    fn note_refusal(&self, scope: Scope, failure: &Failure) {
        self.lock().entry(scope).or_default().refused = Some((failure.clone(), Instant::now()));
    }

    /// What a read ends with that waited long enough: the last refusal, also for those who ask right after it.
    fn lose_patience(&self, scope: Scope) -> Failure {
        let mut slots = self.lock();
        let slot = slots.entry(scope).or_default();
        let failure = slot
            .refused
            .as_ref()
            .map(|(failure, at)| with_the_rest(failure, at.elapsed()))
            .or_else(|| Some(self.acquirer.exchange.waits_for()?.failure))
            .unwrap_or_else(|| self.acquirer.timed_out(self.acquirer.limits.patience).failure);
        slot.failed = Some((failure.clone(), Instant::now() + self.acquirer.limits.rest));
        failure
    }

    /// Starts an exchange as a task.
    fn start(self: &Arc<Self>, slot: &mut Slot, scope: Scope, purpose: Purpose) -> Flight {
        let (sender, outcome) = watch::channel(None);
        let flight = Flight { purpose, outcome };
        slot.flight = Some(flight.clone());
        slot.refused = None;
        let shared = self.clone();
        tokio::spawn(async move {
            let exchanged = match purpose {
                Purpose::Acquire => {
                    let refused = |failure: &Failure| shared.note_refusal(scope, failure);
                    shared.acquirer.within_budget(scope, refused).await
                }
                Purpose::Renew => shared.acquirer.once(scope).await,
            };
            let outcome = shared.land(scope, purpose, exchanged);
            // Nobody waits for a renewal; then there is no receiver but the slot's, which is gone too.
            let _no_waiter = sender.send(Some(outcome));
        });
        flight
    }

    /// Takes the outcome of an exchange, and plans the next.
    fn land(
        self: &Arc<Self>,
        scope: Scope,
        purpose: Purpose,
        exchanged: Result<HeldToken, Failure>,
    ) -> Outcome {
        let mut slots = self.lock();
        let slot = slots.entry(scope).or_default();
        slot.flight = None;
        match exchanged {
            Ok(held) => {
                let lifetime = held.lifetime;
                tracing::debug!(%scope, lifetime_seconds = lifetime.as_secs(), "Obtained a token");
                if std::mem::take(&mut slot.failed_renewals) > 0 {
                    tracing::info!(%scope, identity = self.acquirer.identity, "Obtained a token again");
                }
                let token = held.token.clone();
                slot.held = Some(held);
                slot.failed = None;
                slot.renewal = Some(self.renew_after(scope, renewal_delay(lifetime, &*self.acquirer.jitter)));
                Ok(token)
            }
            Err(failure) => {
                if purpose == Purpose::Renew {
                    self.postpone_renewal(slot, scope, &failure);
                } else {
                    let rest = self.acquirer.rest_after(&failure);
                    slot.failed = Some((failure.clone(), Instant::now() + rest));
                }
                Err(failure)
            }
        }
    }

    /// After a failed renewal: told once, repeated until the token ends; then the next read acquires.
    fn postpone_renewal(self: &Arc<Self>, slot: &mut Slot, scope: Scope, failure: &Failure) {
        slot.failed_renewals = slot.failed_renewals.saturating_add(1);
        let now = self.acquirer.clock.now();
        let remaining = slot
            .held
            .as_ref()
            .map_or(Duration::ZERO, |held| held.remaining(now));
        let (reason, error, hint) = (failure.reason.as_str(), &failure.detail, &failure.hint);
        let left = remaining.as_secs();
        if slot.failed_renewals == 1 {
            tracing::warn!(%scope, reason, error, %hint, token_seconds_left = left, "Could not renew the token, which stays in use");
        } else {
            tracing::debug!(%scope, reason, error, token_seconds_left = left, "Could not renew the token again");
        }
        slot.renewal = (!remaining.is_zero()).then(|| {
            let wait = retry_delay(slot.failed_renewals, remaining, &*self.acquirer.jitter);
            self.renew_after(scope, wait.max(self.acquirer.asked_wait(failure)))
        });
    }

    /// A task that starts a renewal. It does not keep the tokens alive.
    fn renew_after(self: &Arc<Self>, scope: Scope, wait: Duration) -> Task {
        let shared = Arc::downgrade(self);
        let task = tokio::spawn(async move {
            sleep(wait).await;
            if let Some(shared) = shared.upgrade() {
                let mut slots = shared.lock();
                let slot = slots.entry(scope).or_default();
                if slot.flight.is_none() {
                    shared.start(slot, scope, Purpose::Renew);
                }
            }
        });
        Task(task.abort_handle())
    }
}

#[cfg(test)]
mod tests;
