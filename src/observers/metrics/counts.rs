//! What is counted of events: what the status does not have.

use std::collections::{BTreeMap, BTreeSet};

use super::histogram::Histogram;
use crate::domain::call::{Call, CallKind};
use crate::domain::event::Event;
use crate::domain::failure::Reason;
use crate::domain::object::VaultId;

/// Counted since the start of the process.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Sets that were published and differed from the one before.
    pub(super) publishes: u64,
    pub(super) files_written: u64,
    pub(super) written_bytes: u64,
    pub(super) files_removed: u64,
    pub(super) files_adjusted: u64,
    /// By vault, by what it was asked for, and by what came of it: nothing is a success.
    pub(super) calls: BTreeMap<(VaultId, CallKind, Option<Reason>), u64>,
    pub(super) answers: BTreeMap<(VaultId, CallKind), Answers>,
}

/// Of one vault and kind.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) attempts: u64,
    pub(super) took: Histogram,
}

impl Counts {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::SetPublished {
                written,
                bytes,
                removed,
                adjusted,
            } => {
                self.publishes += 1;
                add(&mut self.files_written, *written);
                add(&mut self.files_removed, *removed);
                add(&mut self.files_adjusted, *adjusted);
                self.written_bytes = self.written_bytes.saturating_add(*bytes);
            }
            Event::Answered { calls } => calls.iter().for_each(|call| self.call(call)),
            _ => {}
        }
    }

    /// Only these vaults are there from now on; what was counted of others goes.
    pub(super) fn keep(&mut self, vaults: &BTreeSet<VaultId>) {
        self.calls.retain(|(vault, _, _), _| vaults.contains(vault));
        self.answers.retain(|(vault, _), _| vaults.contains(vault));
    }

    /// How often a vault refused because of its limits.
    pub(super) fn throttled(&self, vault: &VaultId) -> u64 {
        let calls = self.calls.iter();
        calls
            .filter(|((of, _, reason), _)| of == vault && *reason == Some(Reason::Throttled))
            .map(|(_, count)| count)
            .sum()
    }

    fn call(&mut self, call: &Call) {
        let key = (call.vault.clone(), call.kind, call.failure);
        *self.calls.entry(key).or_default() += 1;
        let answers = self.answers.entry((call.vault.clone(), call.kind)).or_default();
        answers.attempts = answers.attempts.saturating_add(call.attempts.into());
        answers.took.take(call.took);
    }
}

fn add(total: &mut u64, count: usize) {
    *total = total.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::query::test_queries::secret;

    fn answered(failure: Option<Reason>) -> Event {
        let call = Call::new(&secret("a"), 2, Duration::from_millis(20), failure);
        Event::Answered {
            calls: call.into_iter().collect(),
        }
    }

    #[test]
    fn calls_are_counted_by_what_came_of_them_and_their_requests_and_times_together() {
        let mut counts = Counts::default();
        for failure in [None, None, Some(Reason::Throttled), Some(Reason::Forbidden)] {
            counts.take(&answered(failure));
        }
        let app = VaultId::named("app");
        let counted: Vec<_> = counts
            .calls
            .iter()
            .map(|((_, _, reason), count)| (*reason, *count))
            .collect();
        assert_eq!(
            counted,
            [
                (None, 2),
                (Some(Reason::Forbidden), 1),
                (Some(Reason::Throttled), 1)
            ]
        );
        let answers = &counts.answers[&(app.clone(), CallKind::Secret)];
        assert_eq!((answers.attempts, answers.took.count()), (8, 4));
        assert_eq!(counts.throttled(&app), 1);
        assert_eq!(counts.throttled(&VaultId::named("other")), 0);
    }

    #[test]
    fn a_vault_that_left_the_manifest_takes_its_counts_along() {
        let mut counts = Counts::default();
        counts.take(&answered(None));
        counts.keep(&[VaultId::named("app")].into());
        assert_eq!(counts.calls.len(), 1);
        counts.keep(&[VaultId::named("other")].into());
        assert!(counts.calls.is_empty() && counts.answers.is_empty());
    }
}
