//! Brings the status up to date with what a pass did, and says what of it is worth telling.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::endpoint::EndpointStatus;
use super::entry::EntryStatus;
use super::failing::{Found, Recovered};
use super::wall::wall;
use super::{Status, Sync};
use crate::entry::EntryKey;
use crate::event::Event;
use crate::moment::Now;
use crate::outcome::{Decided, PassOutcome};
use crate::payload::Publication;
use crate::plan::{Outcome, Plan};
use crate::query::Query;

impl Status {
    /// Takes what a pass did; gives what is worth telling, in the order in which it is told. `jitter` is in `0.0..1.0`.
    pub fn fold(&mut self, mut outcome: PassOutcome, jitter: f64) -> Vec<Event> {
        let mut events = Vec::new();
        if !outcome.calls.is_empty() {
            events.push(Event::Answered {
                calls: std::mem::take(&mut outcome.calls),
            });
        }
        let now = Now {
            at: outcome.began,
            ready: self.is_ready(),
            jitter,
        };
        self.at = Some(outcome.at);
        self.busy = !outcome.idle;
        self.lists.update(std::mem::take(&mut outcome.lists));
        self.lists.retain(|query| self.schedule.knows(query));
        self.fold_volume(&outcome, now, &mut events);
        if let Some(decided) = &outcome.decided {
            let published = outcome.volume_failure.is_none() && decided.plan.blocked.is_none();
            let mut found = Vec::new();
            let entries = self.fold_entries(decided, published, outcome.at, now, &mut found, &mut events);
            if published {
                self.entries = entries;
                Self::tell_changes(decided, &mut events);
                self.tell_remarks(decided, &mut events);
            } else {
                // The files are the earlier ones; what failed besides is remembered all the same.
                self.remember_failures(entries);
            }
            if outcome.volume_failure.is_some() {
                self.note_unwritten(&decided.plan);
            }
            self.note_failing(found, &outcome);
        }
        self.wakes_at = self.schedule.next_due(outcome.began, &outcome.stopped);
        self.show_schedule(&outcome, &mut events);
        self.become_ready(outcome.at, false, &mut events);
        // Before that, the entries are those of the manifest before.
        if outcome.decided.is_some() {
            self.finish_reload();
        }
        self.tell_all(outcome.began, &mut events);
        self.fold_outbox(&outcome, now);
        self.finish(&outcome, &mut events);
        events
    }

    fn fold_volume(&mut self, outcome: &PassOutcome, now: Now, events: &mut Vec<Event>) {
        if let Some(failure) = &outcome.volume_failure {
            self.volume.fail(failure, now.at, events);
            self.schedule.volume_failed(now);
            return;
        }
        // What only waits for answers says nothing of the volume.
        let decided = outcome.decided.as_ref();
        let Some(decided) = decided.filter(|decided| decided.plan.blocked.is_none()) else {
            return;
        };
        self.volume.work(events);
        let Publication {
            written,
            adjusted,
            removed,
            ..
        } = &decided.publication;
        if !(written.is_empty() && adjusted.is_empty() && removed.is_empty()) {
            self.volume.published = Some(outcome.at);
            events.push(Event::SetPublished {
                written: written.len(),
                bytes: decided.written_bytes,
                removed: removed.len(),
                adjusted: adjusted.len(),
            });
        }
        self.schedule.volume_worked();
    }

    /// The entries as they are now, in their order; what recovered is told.
    fn fold_entries(
        &mut self,
        decided: &Decided,
        published: bool,
        at: OffsetDateTime,
        now: Now,
        found: &mut Vec<Found>,
        events: &mut Vec<Event>,
    ) -> Vec<EntryStatus> {
        let known = self
            .entries
            .iter()
            .map(|entry| (&entry.key, entry))
            .collect::<BTreeMap<_, _>>();
        let mut recovered = Recovered::default();
        let mut entries = Vec::with_capacity(decided.plan.entries.len());
        let mut failed = Vec::new();
        let written = decided.publication.written.iter().collect::<BTreeSet<_>>();
        for plan in &decided.plan.entries {
            let mut entry = known
                .get(&plan.key)
                .map_or_else(|| EntryStatus::of(plan), |known| (*known).clone());
            entry.id = plan.id.clone();
            entry.required = plan.required;
            if let (Outcome::Served { .. }, Some(failure), true) = (&plan.outcome, &entry.failure, published)
            {
                recovered.note(&plan.id, failure);
            }
            if let (Some(times), Outcome::Failed { retry, .. }) = (entry.take(plan, at), &plan.outcome) {
                failed.push((retry.clone(), times));
                found.extend(entry.failure.as_ref().map(|failure| Found {
                    cause: failure.cause.clone(),
                    entry: plan.id.clone(),
                    times,
                }));
            }
            if published {
                entry.take_files(plan, &decided.plan, &written, at);
                entry.take_validity(plan, at, events);
            }
            entries.push(entry);
        }
        for (retry, times) in failed {
            self.schedule.entry_failed(&retry, times, now);
        }
        self.tell_recovered(recovered, &entries, events);
        entries
    }

    fn remember_failures(&mut self, entries: Vec<EntryStatus>) {
        let mut failing: BTreeMap<EntryKey, EntryStatus> = entries
            .into_iter()
            .filter(|entry| entry.failure.is_some())
            .map(|entry| (entry.key.clone(), entry))
            .collect();
        for entry in &mut self.entries {
            if let Some(failed) = failing.remove(&entry.key) {
                entry.failure = failed.failure;
                entry.as_asked = false;
            }
        }
        self.entries.extend(failing.into_values());
    }

    /// What was to be written and was not is no longer what the vault has.
    fn note_unwritten(&mut self, plan: &Plan) {
        let changed = plan
            .entries
            .iter()
            .filter(|entry| matches!(entry.outcome, Outcome::Served { changed: true, .. }));
        let unwritten: BTreeSet<_> = changed.map(|entry| &entry.key).collect();
        for entry in &mut self.entries {
            entry.as_asked &= !unwritten.contains(&entry.key);
        }
    }

    /// Shows what is due when, and what stands before it.
    fn show_schedule(&mut self, outcome: &PassOutcome, events: &mut Vec<Event>) {
        let (at, now, schedule) = (outcome.at, outcome.began, &self.schedule);
        for entry in &mut self.entries {
            let questions = outcome
                .questions
                .get(&entry.key)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if !questions.is_empty() {
                entry.objects.clear();
                let asked = questions.iter().filter_map(Query::object);
                for object in entry.id.object().into_iter().chain(asked) {
                    if !entry.objects.contains(object) {
                        entry.objects.push(object.clone());
                    }
                }
            }
            // One version for ever is asked for no more once it is there.
            let asked = || {
                questions
                    .iter()
                    .filter(|query| query.may_change() || !entry.as_asked)
            };
            let due = asked().filter_map(|query| schedule.due_of(query)).min();
            entry.effective_interval = asked()
                .filter_map(|query| schedule.effective_interval(query))
                .min();
            entry.next_due = due.map(|due| wall(at, now, due));
            let stopped = questions.iter().find(|query| outcome.stopped.contains(*query));
            entry.stopped_by = stopped.and_then(|query| schedule.stops(query, now));
        }
        let endpoints = schedule
            .gates()
            .map(|(endpoint, gate)| EndpointStatus::of(endpoint, gate, at, now));
        let endpoints: Vec<_> = endpoints.collect();
        for shown in &endpoints {
            let before = self
                .endpoints
                .iter()
                .find(|known| known.endpoint == shown.endpoint);
            if let (Some(asked), None) = (shown.asked_for, before.and_then(|known| known.asked_for)) {
                events.push(Event::QuietShortened {
                    endpoint: shown.endpoint.clone(),
                    asked,
                });
            }
        }
        self.endpoints = endpoints;
    }

    /// Counts a sync from its first question to the end of the last.
    fn finish(&mut self, outcome: &PassOutcome, events: &mut Vec<Event>) {
        let sync = self.sync.get_or_insert_with(|| Sync {
            began: outcome.began,
            ..Sync::default()
        });
        sync.asked += outcome.asked;
        if let Some(decided) = &outcome.decided {
            sync.written += decided.publication.written.len();
            sync.removed += decided.publication.removed.len();
            sync.adjusted += decided.publication.adjusted.len();
        }
        if outcome.idle
            && let Some(sync) = self.sync.take()
        {
            events.push(Event::Finished {
                asked: sync.asked,
                written: sync.written,
                removed: sync.removed,
                adjusted: sync.adjusted,
                took: outcome.ended.since(sync.began),
                next_due: self.wakes_at.map(|at| wall(outcome.at, outcome.began, at)),
                asked_for: std::mem::take(&mut self.asked_for),
            });
        }
    }
}
