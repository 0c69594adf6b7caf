//! One pass: observe, ask, plan, publish once.

mod asking;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use crate::domain::entry::Entry;
use crate::domain::expand::{Expansion, Facts, expand};
use crate::domain::failure::{Failure, Reason};
use crate::domain::payload::{Observation, Publication};
use crate::domain::plan::{self, Outcome, Plan, PlannedEntry, Timing};
use crate::domain::published::Published;
use crate::domain::query::{Known, Query, Remembered};
use crate::domain::spec::SyncSpec;
use crate::domain::validity::Validity;
use crate::ports::{Clock, Vault, Volume, VolumeFailure, VolumeFailureKind};

use self::asking::Told;
use super::fetch::{FetchLimits, FetchProgress};
use super::passwords::PasswordReads;

/// Everything a pass needs.
pub struct Reconciler<V, W> {
    /// The desired state.
    pub spec: SyncSpec,
    /// Where objects come from.
    pub vault: V,
    /// Where files go.
    pub volume: Arc<W>,
    /// Where passwords in files come from.
    pub passwords: PasswordReads,
    /// The last lists that came back whole.
    pub remembered: Mutex<Remembered>,
    /// The time that records carry.
    pub clock: Arc<dyn Clock>,
    /// Bounds of fetching.
    pub limits: FetchLimits,
}

/// What a pass did.
#[derive(Debug)]
pub struct PassReport {
    /// What became of each entry, in manifest order.
    pub entries: Vec<PlannedEntry>,
    /// The questions that were asked, each with its failure if that was the answer.
    pub told: BTreeMap<Query, Option<Failure>>,
    /// What changed on the volume; nothing when the set was current.
    pub publication: Publication,
    /// Why the set could not be observed or published; the earlier set is then still there.
    pub volume_failure: Option<VolumeFailure>,
    /// How many questions were asked.
    pub asked: usize,
    /// When the pass was planned.
    pub at: OffsetDateTime,
    /// How long the pass took.
    pub took: Duration,
}

impl PassReport {
    /// Whether every required entry is served as the manifest asks.
    pub fn required_are_served(&self) -> bool {
        self.all_required(|outcome| match outcome {
            Outcome::Fetched { .. } => true,
            Outcome::Unasked { complete } => *complete,
            Outcome::Failed { .. } => false,
        })
    }

    /// Whether every required entry has its files, of whatever age.
    pub fn required_are_present(&self) -> bool {
        self.all_required(|outcome| match outcome {
            Outcome::Fetched { .. } => true,
            Outcome::Unasked { complete } => *complete,
            Outcome::Failed { kept, .. } => *kept,
        })
    }

    fn all_required(&self, fits: impl Fn(&Outcome) -> bool) -> bool {
        let mut required = self.entries.iter().filter(|entry| entry.required);
        self.volume_failure.is_none() && required.all(|entry| fits(&entry.outcome))
    }

    /// The entries that failed, with why.
    pub fn failures(&self) -> impl Iterator<Item = (&PlannedEntry, &Failure)> {
        self.entries.iter().filter_map(|entry| match &entry.outcome {
            Outcome::Failed { failure, .. } => Some((entry, failure)),
            Outcome::Fetched { .. } | Outcome::Unasked { .. } => None,
        })
    }
}

impl<V: Vault, W: Volume> Reconciler<V, W> {
    /// Takes one pass over the questions that are due. Never fails as a whole: the report says what did.
    pub async fn pass(&self, timing: &impl Timing, progress: &dyn FetchProgress) -> PassReport {
        let began = Instant::now();
        let observed = match self.observe().await {
            Ok(observed) => observed,
            Err(failure) => return self.blocked(failure, began),
        };
        let published = Published::new(&observed);
        let Told {
            known,
            entries,
            asked,
        } = self.ask(&published, timing, progress).await;
        let published = published.wanted_by(&entries);
        let at = self.clock.now();
        let (
            Plan {
                mut payload,
                entries: mut planned,
            },
            refusing,
        ) = self.plan(&entries, &published, &known, at).await;
        payload.outbox.clone_from(&observed.outbox);
        let told = known.outcomes();
        self.remembered().update(known);
        // Also when nothing was asked: a publish that changes nothing mends links, and says which names are taken.
        let published = match refusing.or_else(|| may_lose_files(&observed, &planned)) {
            Some(failure) => Err(failure),
            None if payload.files.is_empty() && observed.files.is_empty() => Ok(Publication::default()),
            None => self.volume.publish(payload).await,
        };
        let (publication, volume_failure) = match published {
            Ok(publication) => (publication, None),
            Err(failure) => (Publication::default(), Some(failure)),
        };
        blame_taken_names(&entries, &publication, &mut planned);
        PassReport {
            entries: planned,
            told,
            publication,
            volume_failure,
            asked,
            at,
            took: began.elapsed(),
        }
    }

    /// Plans, and plans again with what the volume refuses of that. With the plan comes why the volume cannot tell.
    async fn plan(
        &self,
        entries: &[Entry],
        published: &Published<'_>,
        known: &Known,
        at: OffsetDateTime,
    ) -> (Plan, Option<VolumeFailure>) {
        let plan = plan::plan(entries, published, known, &[], at);
        let moving = plan::moving(&plan);
        if moving.is_empty() {
            return (plan, None);
        }
        match self.volume.refused(moving).await {
            Ok(refused) if refused.is_empty() => (plan, None),
            Ok(refused) => (plan::plan(entries, published, known, &refused, at), None),
            Err(failure) => (plan, Some(failure)),
        }
    }

    fn expand(&self, known: &Known, published: &Published<'_>) -> Expansion {
        let remembered = &self.remembered();
        let facts = Facts {
            known,
            remembered,
            published,
        };
        expand(&self.spec, facts)
    }

    /// What the volume has of the entries, before anything is asked.
    pub fn entries_of(&self, observed: &Observation) -> Vec<Entry> {
        self.expand(&Known::default(), &Published::new(observed)).entries
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is published now.
    pub async fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.volume.observe().await
    }

    fn blocked(&self, failure: VolumeFailure, began: Instant) -> PassReport {
        let unasked = |entry: &Entry| PlannedEntry {
            key: entry.key(),
            id: entry.id.clone(),
            required: entry.required,
            outcome: Outcome::Unasked { complete: false },
            notices: Vec::new(),
            validity: Validity::default(),
            made: Vec::new(),
        };
        PassReport {
            entries: self
                .entries_of(&Observation::default())
                .iter()
                .map(unasked)
                .collect(),
            told: BTreeMap::new(),
            publication: Publication::default(),
            volume_failure: Some(failure),
            asked: 0,
            at: self.clock.now(),
            took: began.elapsed(),
        }
    }
}

/// Why the payload must not be published: files that are there, but unknown, would disappear without a successor.
fn may_lose_files(observed: &Observation, planned: &[PlannedEntry]) -> Option<VolumeFailure> {
    let missing = |entry: &PlannedEntry| {
        matches!(
            entry.outcome,
            Outcome::Failed { .. } | Outcome::Unasked { complete: false }
        )
    };
    let taken = planned.iter().find_map(|entry| match &entry.outcome {
        Outcome::Failed { failure, .. } if failure.reason == Reason::NameTaken => Some(failure),
        _ => None,
    });
    let hint = match taken {
        Some(failure) => format!(
            "nothing is published until every file of the manifest can be written: {}; {}",
            failure.detail, failure.hint
        ),
        None => "nothing is published until every object of the manifest can be fetched; remove objects that cannot".into(),
    };
    (observed.records_lost && planned.iter().any(missing)).then(|| {
        VolumeFailure::new(
            VolumeFailureKind::RecordsLost,
            "replace",
            "the published files",
            hint,
            "their state file is damaged",
        )
    })
}

/// Turns a name that a foreign entry occupies into a failure of the entries below it.
fn blame_taken_names(entries: &[Entry], publication: &Publication, planned: &mut [PlannedEntry]) {
    for (entry, planned) in entries.iter().zip(planned) {
        let mut refused = publication.refused.iter();
        let taken = refused.find(|refused| entry.files.iter().any(|file| refused.covers(&file.path)));
        if let Some(refused) = taken {
            planned.outcome = Outcome::Failed {
                failure: plan::name_taken(refused),
                kept: false,
                again: entry.inputs().iter().map(Query::from).collect(),
            };
        }
    }
}

#[cfg(test)]
mod tests;
