//! Failures: those of one cause are told as one, at once and again while they last.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::cause::Cause;
use super::{EntryStatus, FailureStatus, Status};
use crate::entry::EntryId;
use crate::event::Event;
use crate::lasting::Lasting;
use crate::moment::Moment;
use crate::outcome::PassOutcome;

/// While a cause is told, what fails for it besides is gathered for so long.
const GATHERED: Duration = Duration::from_mins(1);

/// What is known of a cause.
#[derive(Debug, Clone)]
pub(super) struct Failing {
    lasting: Lasting,
    /// How often in a row it was found.
    times: u32,
    /// Whether it was found again since it was told, if only to who looks closely.
    untold: bool,
    /// What failed for it first since it was told, and since when.
    newcomers: BTreeMap<EntryId, Moment>,
    /// Whether its vault owes an answer: then it is told when all have failed that do.
    waits: bool,
    /// Since when the gate was open that was told last, if it was.
    open_since: Option<Moment>,
}

/// An entry that a pass found failing.
pub(super) struct Found {
    /// Why.
    pub(super) cause: Cause,
    /// Which.
    pub(super) entry: EntryId,
    /// How often in a row.
    pub(super) times: u32,
}

impl Status {
    /// The entries that fail, those of one cause together; the causes and their entries in the order of the manifest.
    pub fn failing_by_cause(&self) -> Vec<Vec<(&EntryStatus, &FailureStatus)>> {
        let mut known = BTreeMap::new();
        let mut causes: Vec<Vec<_>> = Vec::new();
        for (entry, failure) in self.failing() {
            let at = *known.entry(&failure.cause).or_insert(causes.len());
            match causes.get_mut(at) {
                Some(cause) => cause.push((entry, failure)),
                None => causes.push(vec![(entry, failure)]),
            }
        }
        causes
    }

    /// Takes what a pass found.
    pub(super) fn note_failing(&mut self, found: Vec<Found>, outcome: &PassOutcome) {
        for Found { cause, entry, times } in found {
            let failing = self.failing.entry(cause).or_insert_with(|| Failing {
                lasting: Lasting::begun(outcome.began),
                times: 0,
                untold: false,
                newcomers: BTreeMap::new(),
                waits: false,
                open_since: None,
            });
            failing.untold = true;
            if times == 1 {
                failing.newcomers.insert(entry, outcome.began);
            }
        }
        let lasting: BTreeSet<&Cause> = self
            .entries
            .iter()
            .filter_map(|entry| Some(&entry.failure.as_ref()?.cause))
            .collect();
        self.failing.retain(|cause, _| lasting.contains(cause));
        for (cause, failing) in &mut self.failing {
            failing.waits = cause
                .vault()
                .is_some_and(|vault| outcome.under_way.contains(vault));
        }
    }

    /// What of the failures is to be told now.
    pub(super) fn tell_failing(&mut self, now: Moment, events: &mut Vec<Event>) {
        let mut causes = std::mem::take(&mut self.failing);
        for (cause, failing) in &mut causes {
            if !failing.waits {
                events.extend(self.tell_cause(cause, failing, now));
            }
        }
        self.failing = causes;
    }

    fn tell_cause(&self, cause: &Cause, failing: &mut Failing, now: Moment) -> Option<Event> {
        let open_since = self.open_since(cause);
        let opened = open_since.filter(|_| failing.open_since != open_since);
        if open_since.is_some() && opened.is_none() {
            // While a gate is open, whoever fails next fails for what was told.
            failing.newcomers.clear();
        }
        let as_a_whole = now >= failing.lasting.due() || opened.is_some() && !failing.newcomers.is_empty();
        let is_news = as_a_whole || failing.newcomers_due().is_some_and(|due| now >= due);
        if !is_news && !failing.untold {
            return None;
        }
        failing.times = failing.times.saturating_add(u32::from(failing.untold));
        failing.untold = false;
        failing.open_since = open_since;
        let newcomers = (is_news && !as_a_whole).then_some(&failing.newcomers);
        let told = self.event(cause, failing, newcomers, is_news, now);
        if as_a_whole {
            failing.lasting.tell(now);
        } else if is_news {
            failing.lasting.tell_of_news(now);
        }
        if is_news {
            failing.newcomers.clear();
        }
        told
    }

    fn event(
        &self,
        cause: &Cause,
        failing: &Failing,
        newcomers: Option<&BTreeMap<EntryId, Moment>>,
        news: bool,
        now: Moment,
    ) -> Option<Event> {
        let is_told =
            |entry: &EntryStatus| newcomers.is_none_or(|newcomers| newcomers.contains_key(&entry.id));
        let told: Vec<(&EntryStatus, &FailureStatus)> = self
            .failing()
            .filter(|(entry, failure)| failure.cause == *cause && is_told(entry))
            .collect();
        // One speaks for all: what start-up waits for, and what failed last of those that fail themselves.
        let (speaker, spoken) = told.iter().min_by_key(|(entry, failure)| {
            let is_new = failing.newcomers.contains_key(&entry.id);
            (entry.held_back.is_some(), !entry.required, !is_new, failure.times)
        })?;
        let mut seen = BTreeSet::from([&speaker.id]);
        let others = told
            .iter()
            .map(|(entry, _)| &entry.id)
            .filter(|id| seen.insert(*id));
        let entries: Vec<EntryId> = std::iter::once(&speaker.id).chain(others).cloned().collect();
        Some(Event::Failing {
            objects: entries.len() + self.stopped_by(cause),
            entries,
            failure: spoken.failure.clone(),
            held_back: told.iter().find_map(|(entry, _)| entry.held_back.clone()),
            kept: told.iter().all(|(_, failure)| failure.kept),
            required: told.iter().any(|(entry, _)| entry.required),
            times: newcomers.map_or(failing.times, |_| most(&told)),
            age: newcomers
                .and_then(oldest)
                .map_or(failing.lasting.age(now), |since| now.since(since)),
            news,
        })
    }

    /// Since when the gate is open that a cause opens.
    fn open_since(&self, cause: &Cause) -> Option<Moment> {
        let endpoint = cause.endpoint()?;
        let mut gates = self.schedule.gates();
        let (_, gate) = gates.find(|(known, _)| **known == endpoint)?;
        Some(gate.opening()?.since)
    }

    /// How many could not be asked for because of a cause, and have no failure of their own.
    fn stopped_by(&self, cause: &Cause) -> usize {
        let endpoint = cause.endpoint();
        if self.open_since(cause).is_none() {
            return 0;
        }
        let stopped = self
            .entries
            .iter()
            .filter(|entry| entry.failure.is_none() && entry.stopped_by == endpoint);
        stopped.count()
    }

    /// When there is something to tell of the failures, if nothing happens before.
    pub(super) fn failing_due(&self) -> Option<Moment> {
        let told = self.failing.values().filter(|failing| !failing.waits);
        told.map(|failing| {
            let due = failing.lasting.due();
            failing
                .newcomers_due()
                .map_or(due, |newcomers| newcomers.min(due))
        })
        .min()
    }
}

impl Failing {
    /// When those that failed since the cause was told are told.
    fn newcomers_due(&self) -> Option<Moment> {
        let told = self.lasting.told()?;
        (!self.newcomers.is_empty()).then(|| told + GATHERED)
    }
}

/// How often in a row the entry failed that failed most often.
fn most(told: &[(&EntryStatus, &FailureStatus)]) -> u32 {
    let times = told.iter().map(|(_, failure)| failure.times);
    times.max().unwrap_or_default()
}

/// Since when the first of them fails.
fn oldest(newcomers: &BTreeMap<EntryId, Moment>) -> Option<Moment> {
    newcomers.values().min().copied()
}

/// Entries that recovered, by what they had failed for.
#[derive(Default)]
pub(super) struct Recovered(BTreeMap<Cause, BTreeMap<EntryId, u32>>);

impl Recovered {
    /// It is served again.
    pub(super) fn note(&mut self, entry: &EntryId, failure: &FailureStatus) {
        let entries = self.0.entry(failure.cause.clone()).or_default();
        let times = entries.entry(entry.clone()).or_insert(0);
        *times = failure.times.max(*times);
    }
}

impl Status {
    /// Tells what recovered, those of one cause as one. Of several entries of one object one may be served while another goes
    /// on failing: then it did not. What nobody was told of as failing is not told as recovered.
    pub(super) fn tell_recovered(
        &mut self,
        recovered: Recovered,
        entries: &[EntryStatus],
        events: &mut Vec<Event>,
    ) {
        if recovered.0.is_empty() {
            return;
        }
        let fails: BTreeSet<_> = entries
            .iter()
            .filter_map(|entry| Some((&entry.id, entry.failure.as_ref()?.reason)))
            .collect();
        for (cause, mut recovered) in recovered.0 {
            let reason = cause.reason();
            let failing = self.failing.get_mut(&cause);
            let untold = failing.is_some_and(|failing| {
                recovered.retain(|entry, _| failing.newcomers.remove(entry).is_none());
                failing.lasting.told().is_none()
            });
            recovered.retain(|entry, _| !untold && !fails.contains(&(entry, reason)));
            let Some(failures) = recovered.values().max().copied() else {
                continue;
            };
            events.push(Event::Recovered {
                entries: recovered.into_keys().collect(),
                reason,
                failures,
            });
        }
    }
}
