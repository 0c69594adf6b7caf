//! What a volume has of the entries, before anything is asked: what an earlier process left.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::domain::answers::Answers;
use crate::domain::desired::SyncSpec;
use crate::domain::expand::{Facts, expand};
use crate::domain::moment::Moment;
use crate::domain::payload::Observation;
use crate::domain::plan::{self, Given, Tried};
use crate::domain::published::Published;
use crate::domain::status::{Recalled, RecalledEntry, Status};

/// For a process that takes it over. `now` is `at` by the wall clock.
pub(super) fn recalled(
    spec: &SyncSpec,
    observed: &Observation,
    status: &Status,
    now: Moment,
    at: OffsetDateTime,
) -> Recalled {
    let published = Published::new(observed);
    let timing = status.schedule.at(now);
    let none = Answers::default();
    let facts = Facts {
        answers: &none,
        lists: &status.lists,
        timing: &timing,
        published: &published,
        now: at,
    };
    let entries = expand(spec, facts).entries;
    let published = published.wanted_by(&entries);
    let given = Given {
        published: &published,
        records_lost: observed.records_lost,
        answers: &none,
        timing: &timing,
        open: &BTreeSet::new(),
        tried: &Tried::default(),
        now: at,
        confirm: false,
    };
    let plans = plan::decide(&entries, &given).entries;
    let recalled = plans
        .into_iter()
        .zip(&entries)
        .map(|(plan, entry)| RecalledEntry {
            plan,
            version: plan::version(entry, &published),
            confirmed: plan::confirmed(entry, &published),
            interval: entry.interval,
        });
    let mut outbox = observed.outbox.clone();
    outbox.first_sync |= observed.is_new;
    Recalled {
        outbox,
        at,
        entries: recalled.collect(),
    }
}

/// The status of a volume at which nobody is at work: nobody is ready, and nothing will be tried.
pub fn status(spec: &SyncSpec, observed: &Observation, at: OffsetDateTime) -> Status {
    let mut status = Status::new(spec.refresh.on_start);
    status.hooks.declare(&spec.hooks);
    let recalled = recalled(spec, observed, &status, Moment::START, at);
    // Chance decides only on waits, and nobody waits.
    status.recall(recalled, Moment::START, 0.5);
    status.ready = None;
    for hook in &mut status.hook_statuses {
        hook.next_try = None;
    }
    status
}
