//! A process that takes passes when a test asks for them, each to its end.

use std::sync::Arc;

use super::{FakeVault, FakeVolume};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::notice::Notice;
use crate::domain::outcome::PassOutcome;
use crate::domain::payload::Publication;
use crate::domain::plan::{EntryPlan, Outcome};
use crate::domain::schedule::SyncScope;
use crate::domain::status::{Status, VolumeTrouble};
use crate::reconcile::pass::Pass;

/// What is due.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) enum Turn {
    /// Everything.
    All,
    /// This object of the vault `app`. The others are not, and may be asked all the same.
    Only(&'static str),
    /// What the schedule says.
    Nothing,
}

/// Takes passes.
pub(in crate::reconcile) struct Sync {
    pub(in crate::reconcile) pass: Pass<FakeVault, Arc<FakeVolume>>,
    pub(in crate::reconcile) status: Status,
}

/// What came of everything that was due.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct Report {
    /// What became of each entry at last, in manifest order.
    pub(in crate::reconcile) entries: Vec<EntryPlan>,
    /// What changed on the volume, in all.
    pub(in crate::reconcile) publication: Publication,
    /// How many times something was published that changed the volume.
    pub(in crate::reconcile) publishes: usize,
    /// Why the volume failed last.
    pub(in crate::reconcile) volume_failure: Option<VolumeTrouble>,
    /// How many questions were asked.
    pub(in crate::reconcile) asked: usize,
    /// What was remarked, in order.
    pub(in crate::reconcile) remarks: Vec<Notice>,
}

impl Sync {
    pub(in crate::reconcile) fn new(pass: Pass<FakeVault, Arc<FakeVolume>>) -> Self {
        Self {
            status: Status::new(pass.spec.refresh.on_start),
            pass,
        }
    }

    /// Takes passes until everything that is due has an answer.
    pub(in crate::reconcile) async fn pass(&mut self, turn: Turn) -> Report {
        let now = self.pass.uptime.now();
        match turn {
            Turn::All => self.status.schedule.wake(&SyncScope::All, now),
            Turn::Only(name) => {
                let objects = [super::latest(name).object].into();
                self.status.schedule.wake(&SyncScope::Objects(objects), now);
            }
            Turn::Nothing => {}
        }
        let mut report = Report::default();
        loop {
            let outcome = self.pass.take(&mut self.status).await;
            report.add(&outcome);
            let told = self.status.fold(outcome, 0.5);
            report
                .remarks
                .extend(told.into_iter().filter_map(|event| match event {
                    Event::Remark { notice, .. } => Some(notice),
                    _ => None,
                }));
            if !self.status.busy || report.volume_failure.is_some() {
                report.recall_failures(&self.status);
                return report;
            }
            self.pass.settled(&mut self.status).await;
        }
    }
}

impl Report {
    fn add(&mut self, outcome: &PassOutcome) {
        self.asked += outcome.asked;
        self.volume_failure = outcome.volume_failure.as_ref().map(VolumeTrouble::from);
        if let Some(decided) = &outcome.decided {
            let Publication {
                written,
                adjusted,
                removed,
                refused,
            } = &decided.publication;
            self.entries.clone_from(&decided.plan.entries);
            self.publishes += usize::from(!(written.is_empty() && adjusted.is_empty() && removed.is_empty()));
            self.publication.written.extend_from_slice(written);
            self.publication.adjusted.extend_from_slice(adjusted);
            self.publication.removed.extend_from_slice(removed);
            self.publication.refused.clone_from(refused);
        }
    }

    /// What failed in an earlier pass than the last one, and was not heard of since, fails.
    fn recall_failures(&mut self, status: &Status) {
        for entry in &mut self.entries {
            let known = status.failing().find(|(known, _)| known.key == entry.key);
            if let (Outcome::Pending { .. }, Some((_, known))) = (&entry.outcome, known) {
                entry.outcome = Outcome::Failed {
                    failure: known.failure.clone(),
                    kept: known.kept,
                    retry: Vec::new(),
                    news: false,
                };
            }
        }
    }

    /// Whether every required entry is served as the manifest asks.
    pub(in crate::reconcile) fn required_are_served(&self) -> bool {
        self.all_required(|outcome| match outcome {
            Outcome::Served { .. } => true,
            Outcome::Pending { complete, .. } => *complete,
            Outcome::Failed { .. } => false,
        })
    }

    /// Whether every required entry has its files, of whatever age.
    pub(in crate::reconcile) fn required_are_present(&self) -> bool {
        self.all_required(|outcome| match outcome {
            Outcome::Served { .. } => true,
            Outcome::Pending { complete, .. } => *complete,
            Outcome::Failed { kept, .. } => *kept,
        })
    }

    fn all_required(&self, fits: impl Fn(&Outcome) -> bool) -> bool {
        let mut required = self.entries.iter().filter(|entry| entry.required);
        self.volume_failure.is_none() && required.all(|entry| fits(&entry.outcome))
    }

    /// The entries that failed, with why.
    pub(in crate::reconcile) fn failures(&self) -> impl Iterator<Item = (&EntryPlan, &Failure)> {
        self.entries.iter().filter_map(|entry| match &entry.outcome {
            Outcome::Failed { failure, .. } => Some((entry, failure)),
            Outcome::Served { .. } | Outcome::Pending { .. } => None,
        })
    }
}
