//! A refused exchange: the failure that people read, and when the same exchange is worth another attempt.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use azure_core::error::ErrorKind;

use crate::domain::failure::{Failure, Reason};
use crate::domain::hint::Hint;
use crate::ports::Jitter;

/// Ceiling of the first wait; it doubles with each attempt.
const BACKOFF_START: Duration = Duration::from_secs(1);

/// Ceiling of every wait.
const BACKOFF_LIMIT: Duration = Duration::from_secs(16);

/// No wait is shorter, whatever the jitter says.
const BACKOFF_FLOOR: Duration = Duration::from_millis(200);

/// Waits before each retry at IMDS.
/// Source: <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#retry-guidance>.
const INSTANCE_METADATA: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(6),
    Duration::from_secs(14),
    Duration::from_secs(30),
];

/// An update of IMDS (410) can last 70 s: the schedule above ends at 52 s, this is the rest.
const INSTANCE_METADATA_GONE: Duration = Duration::from_secs(18);

/// The flight that waits for an updating IMDS may last this long.
const INSTANCE_METADATA_GONE_BUDGET: Duration = Duration::from_secs(75);

/// When an exchange is worth repeating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// Not before somebody changes something.
    Never,
    /// At once, once, with the federated token read anew; afterwards as [`Retry::Backoff`].
    FreshAssertion,
    /// With growing waits.
    Backoff,
    /// By the schedule of IMDS.
    InstanceMetadata,
    /// By the schedule of IMDS, for as long as its update lasts.
    InstanceMetadataGone,
}

impl Retry {
    /// The wait after the `failures`-th failure in a row (from 1); `None` when it is over.
    pub(super) fn delay(self, failures: usize, jitter: &dyn Jitter) -> Option<Duration> {
        let scheduled = INSTANCE_METADATA
            .get(failures.saturating_sub(1))
            .copied()
            .map(|wait| wait + BACKOFF_FLOOR.mul_f64(jitter.sample()));
        match self {
            Self::Never => None,
            Self::FreshAssertion | Self::Backoff => Some(full_jitter(failures, jitter)),
            Self::InstanceMetadata => scheduled,
            Self::InstanceMetadataGone => scheduled
                .or_else(|| (failures == INSTANCE_METADATA.len() + 1).then_some(INSTANCE_METADATA_GONE)),
        }
    }

    /// How long all attempts together may last, given what is usual.
    pub(super) fn budget(self, usual: Duration) -> Duration {
        match self {
            Self::InstanceMetadataGone => usual.max(INSTANCE_METADATA_GONE_BUDGET),
            _ => usual,
        }
    }
}

/// Between the floor and a ceiling that doubles.
fn full_jitter(failures: usize, jitter: &dyn Jitter) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1).min(8)).unwrap_or(8);
    let ceiling = (BACKOFF_START * 2_u32.pow(doublings)).min(BACKOFF_LIMIT);
    ceiling.mul_f64(jitter.sample()).max(BACKOFF_FLOOR)
}

/// A refused exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) failure: Failure,
    pub(super) retry: Retry,
}

impl Refusal {
    pub(super) fn new(reason: Reason, retry: Retry, detail: String, hint: impl Into<Hint>) -> Self {
        Self {
            failure: Failure::new(reason, detail, hint),
            retry,
        }
    }

    /// A setting is missing or wrong.
    pub(super) fn misconfigured(detail: String, hint: impl Into<Hint>) -> Self {
        Self::new(Reason::IdentityMisconfigured, Retry::Never, detail, hint)
    }

    /// Entra or the identity endpoint is unreachable, throttles or fails.
    pub(super) fn unavailable(detail: String, hint: impl Into<Hint>) -> Self {
        Self::new(Reason::IdentityUnavailable, Retry::Backoff, detail, hint)
    }

    /// With the wait that the service asked for.
    pub(super) fn after(mut self, retry_after: Option<Duration>) -> Self {
        self.failure = self.failure.after(retry_after);
        self
    }

    /// With the error that caused it, which must hold no part of a credential or token.
    pub(super) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.failure = self.failure.caused_by(source);
        self
    }

    /// As the SDK's pipelines carry it. They repeat requests on `Io`, `Connection` and statuses only, never on this kind.
    pub(super) fn into_azure(self) -> azure_core::Error {
        azure_core::Error::with_error(ErrorKind::Credential, self, "the token exchange was refused")
    }

    /// The refusal that a credential of the SDK has passed through its layers.
    pub(super) fn within(error: &azure_core::Error) -> Option<Self> {
        causes(error).find_map(|cause| cause.downcast_ref::<Self>().cloned())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token exchange refused: {}", self.failure.reason)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.failure)
    }
}

/// The failure that an error of the Azure SDK carries, when it came from signing in.
pub fn failure_in(error: &azure_core::Error) -> Option<Failure> {
    causes(error).find_map(|cause| cause.downcast_ref::<Failure>().cloned())
}

/// The error and its sources, at most 16: the chain is not ours.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source()).take(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_never_vanish() {
        let waits: Vec<_> = (1..7)
            .map(|n| Retry::Backoff.delay(n, &0.5).expect("a wait"))
            .collect();
        let seconds: Vec<_> = waits.iter().map(Duration::as_secs_f64).collect();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]);
        assert_eq!(Retry::Backoff.delay(usize::MAX, &0.0), Some(BACKOFF_FLOOR));
        assert_eq!(Retry::Never.delay(1, &0.0), None);
    }

    #[test]
    fn an_updating_imds_is_asked_for_seventy_seconds_and_a_failing_one_for_fifty_two() {
        let total = |retry: Retry| -> Duration { (1..20).map_while(|n| retry.delay(n, &0.0)).sum() };
        assert_eq!(total(Retry::InstanceMetadata), Duration::from_secs(52));
        assert_eq!(total(Retry::InstanceMetadataGone), Duration::from_secs(70));
        let usual = Duration::from_mins(1);
        assert!(Retry::InstanceMetadataGone.budget(usual) > Duration::from_secs(70));
        assert_eq!(Retry::InstanceMetadata.budget(usual), usual);
    }

    #[test]
    fn a_refusal_is_found_below_the_layers_of_the_sdk() {
        let refusal = Refusal::unavailable("marker".to_owned(), "wait");
        let wrapped = refusal
            .clone()
            .into_azure()
            .with_context("one")
            .with_context("two");
        assert_eq!(Refusal::within(&wrapped), Some(refusal.clone()));
        assert_eq!(failure_in(&wrapped), Some(refusal.failure));
        let other = azure_core::Error::with_message(ErrorKind::Credential, "no failure of ours");
        assert_eq!(failure_in(&other), None);
    }
}
