//! What of a pass is worth telling: changes, remarks, and failures, those of one cause as one.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::is_news;
use super::{Outage, OutageStatus, Status};
use crate::domain::entry::{EntryId, EntryKey};
use crate::domain::event::Event;
use crate::domain::failure::{Failure, FailureClass, Reason};
use crate::domain::object::{Source, VersionSelector};
use crate::domain::outcome::{Decided, PassOutcome};
use crate::domain::plan::{EntryPlan, Outcome};
use crate::domain::schedule::Endpoint;

/// An entry that fails, and how often in a row it did.
#[derive(Clone, Copy)]
struct Failed<'d> {
    plan: &'d EntryPlan,
    failure: &'d Failure,
    kept: bool,
    news: bool,
    times: u32,
}

impl Status {
    /// One event for each object whose files are new, and one for each path that disappeared or changed its mode.
    pub(super) fn tell_changes(decided: &Decided, events: &mut Vec<Event>) {
        for plan in &decided.plan.entries {
            let Outcome::Served {
                version,
                changed: true,
                ..
            } = &plan.outcome
            else {
                continue;
            };
            let written = &decided.publication.written;
            let entry = plan.id.clone();
            events.push(if plan.made.iter().any(|path| written.contains(path)) {
                Event::Published {
                    entry,
                    version: version.clone(),
                    expires: plan.validity.expires,
                }
            } else {
                Event::MadeAgain { entry }
            });
        }
        let removed = decided.publication.removed.iter().cloned();
        events.extend(removed.map(|path| Event::Removed { path }));
        let adjusted = decided.publication.adjusted.iter().cloned();
        events.extend(adjusted.map(|path| Event::Adjusted { path }));
    }

    /// What is odd about entries that were made, each remark once.
    pub(super) fn tell_remarks(&mut self, decided: &Decided, events: &mut Vec<Event>) {
        let plans = &decided.plan.entries;
        let keys: BTreeSet<EntryKey> = plans.iter().map(remarked_key).collect();
        self.remarks.retain(|key, _| keys.contains(key));
        for (number, plan) in plans.iter().enumerate() {
            if !is_news_of(plan) {
                continue;
            }
            let notices = decided
                .notices
                .get(&number)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let key = remarked_key(plan);
            let mut remarked = self.remarks.remove(&key).unwrap_or_default();
            let news = notices.iter().filter(|notice| !remarked.contains(notice));
            events.extend(news.map(|notice| Event::Remark {
                entry: plan.id.clone(),
                notice: notice.clone(),
            }));
            if is_of_one_version(plan) {
                // It was perhaps only moved, without remarks; what was once true of it stays true.
                remarked.retain(|notice| !notices.contains(notice));
                remarked.extend_from_slice(notices);
            } else {
                remarked = notices.to_vec();
            }
            if !remarked.is_empty() {
                self.remarks.insert(key, remarked);
            }
        }
    }

    /// Failures that have one cause for many objects (signing in, outage of a vault) are one event.
    pub(super) fn tell_failures(
        &mut self,
        decided: &Decided,
        outcome: &PassOutcome,
        events: &mut Vec<Event>,
    ) {
        let mut outages: BTreeMap<Outage, Vec<Failed<'_>>> = BTreeMap::new();
        let mut told: BTreeSet<(&EntryId, Reason)> = BTreeSet::new();
        for failed in self.failed(decided) {
            let Failed { plan, failure, .. } = failed;
            // Entries may share an object, and fail differently.
            if !told.insert((&plan.id, failure.reason)) {
                continue;
            }
            match failure.reason.class() {
                FailureClass::Identity | FailureClass::IdentityUnavailable => {
                    outages.entry((None, failure.reason)).or_default().push(failed);
                }
                FailureClass::Unavailable => {
                    let vault = plan.id.vault().cloned();
                    outages.entry((vault, failure.reason)).or_default().push(failed);
                }
                FailureClass::Refused | FailureClass::Volume if failed.news => {
                    events.push(failing(failed, 1, failed.times, is_news(failed.times)));
                }
                FailureClass::Refused | FailureClass::Volume => {}
            }
        }
        self.outages.retain(|outage, _| outages.contains_key(outage));
        for (outage, failed) in outages {
            self.tell_outage(&outage, &failed, outcome, events);
        }
    }

    fn tell_outage(
        &mut self,
        outage: &Outage,
        failed: &[Failed<'_>],
        outcome: &PassOutcome,
        events: &mut Vec<Event>,
    ) {
        let known = self.outages.entry(outage.clone()).or_default();
        known.untold |= failed.iter().any(|failed| failed.news);
        known.newcomer |= failed.iter().any(|failed| failed.news && failed.times == 1);
        // Told when all that was asked of the host has an answer, so that it is one event with all that fail.
        let waits = outage
            .0
            .as_ref()
            .is_some_and(|vault| outcome.under_way.contains(vault));
        let Some(newest) = failed
            .iter()
            .min_by_key(|failed| (!failed.plan.required, failed.times, !failed.news))
            .filter(|_| known.untold && !waits)
        else {
            return;
        };
        let endpoint = outage.0.clone().map_or(Endpoint::Token, Endpoint::Vault);
        let mut gates = self.schedule.gates();
        let gate = gates.find(|(known, _)| **known == endpoint);
        let open_since = gate.and_then(|(_, gate)| Some(gate.opening()?.since));
        let (times, newcomer) = (known.times.saturating_add(1), known.newcomer);
        let told_open_since = known.open_since;
        *known = OutageStatus {
            times,
            open_since,
            ..OutageStatus::default()
        };
        let stopped = self.entries.iter().filter(|entry| {
            let mut questions = outcome.questions.get(&entry.key).into_iter().flatten();
            entry.failure.is_none()
                && questions.any(|query| {
                    outcome.stopped.contains(query)
                        && outage.0.as_ref().is_none_or(|vault| query.vault() == Some(vault))
                })
        });
        let objects = failed.len() + if open_since.is_some() { stopped.count() } else { 0 };
        // While the gate is open, whoever fails next fails for the same cause.
        let is_told = open_since.is_some() && told_open_since == open_since;
        let tell = is_news(times) || newcomer && !is_told;
        events.push(failing(*newest, objects, times, tell));
    }

    fn failed<'d>(&self, decided: &'d Decided) -> Vec<Failed<'d>> {
        let times: BTreeMap<&EntryKey, u32> = self
            .failing()
            .map(|(entry, failure)| (&entry.key, failure.times))
            .collect();
        let failed = decided
            .plan
            .entries
            .iter()
            .filter_map(|plan| match &plan.outcome {
                Outcome::Failed {
                    failure, kept, news, ..
                } => Some(Failed {
                    plan,
                    failure,
                    kept: *kept,
                    news: *news,
                    times: times.get(&plan.key).copied().unwrap_or(1),
                }),
                Outcome::Served { .. } | Outcome::Pending { .. } => None,
            });
        failed.collect()
    }
}

fn failing(failed: Failed<'_>, objects: usize, times: u32, news: bool) -> Event {
    Event::Failing {
        entry: failed.plan.id.clone(),
        objects,
        failure: failed.failure.clone(),
        kept: failed.kept,
        required: failed.plan.required,
        times,
        news,
    }
}

/// Whether a pass may have something new to remark on an entry: it made its files, or it was told what a selection picks.
const fn is_news_of(plan: &EntryPlan) -> bool {
    match (&plan.id, &plan.outcome) {
        (EntryId::Selection { .. }, Outcome::Served { .. }) => true,
        (_, Outcome::Served { changed, .. }) => *changed,
        (_, Outcome::Pending { .. } | Outcome::Failed { .. }) => false,
    }
}

/// What tells the remarks on an entry from those on others. A version goes from slot to slot of its history, so its
/// path plays no part.
fn remarked_key(plan: &EntryPlan) -> EntryKey {
    if is_of_one_version(plan) {
        EntryKey::Id(plan.id.clone())
    } else {
        plan.key.clone()
    }
}

const fn is_of_one_version(plan: &EntryPlan) -> bool {
    matches!(
        plan.id,
        EntryId::Object(Source {
            version: VersionSelector::Exact(_),
            ..
        })
    )
}
