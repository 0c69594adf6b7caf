//! Decides with the answers that are at hand, and carries the decision out.
//!
//! What the volume refuses, and what cannot be rendered, goes back into the decision, since groups hang on it: the one
//! resolver says again what may move. Names are asked for before anything is rendered, so that a path that is refused
//! costs no derivation of keys.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Pass;
use crate::domain::entry::{Body, Entry};
use crate::domain::failure::{Failure, Reason};
use crate::domain::hook::Telling;
use crate::domain::notice::Notice;
use crate::domain::outcome::{Decided, PassOutcome, RecordedOutbox};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, Observation, Payload, PayloadFile, Publication, RefusedName};
use crate::domain::plan::{self, Action, Blocked, Given, Plan, Tell, Tried};
use crate::domain::published::Published;
use crate::domain::status::Status;
use crate::ports::{Vault, Volume, VolumeFailure, VolumeFailureKind};
use crate::render::entry::{Job, Made};

impl<V: Vault + 'static, W: Volume> Pass<V, W> {
    /// Publishes what can be published.
    pub(super) async fn carry_out(
        &mut self,
        observed: &Observation,
        entries: &[Entry],
        status: &Status,
        outcome: &mut PassOutcome,
    ) {
        self.renders.see_all();
        let published = Published::new(observed).wanted_by(entries);
        let mut plan = match self.decide(observed, entries, &published, status).await {
            Ok(plan) => plan,
            Err(failure) => {
                self.asking.give_up();
                outcome.volume_failure = Some(failure);
                return;
            }
        };
        let tell = Tell {
            hooks: &self.spec.hooks,
            edits: status.hooks.edits(),
            observed,
            now: self.now(),
        };
        let telling = tell.telling(&plan, entries);
        // Without a file there may still be a hook that has heard of the last one.
        let nothing_to_note = observed.is_new || telling.open == observed.outbox;
        let (payload, notices) = self.payload(telling.clone(), entries, &mut plan);
        let sizes = sizes(&payload);
        let done = match plan.blocked.clone() {
            Some(Blocked { waits: true, .. }) => Ok(Publication::default()),
            Some(Blocked { by, .. }) => Err(records_lost(by.as_ref())),
            None if payload.files.is_empty() && observed.files.is_empty() && nothing_to_note => {
                Ok(Publication::default())
            }
            // Also when nothing differs: a publish that changes nothing mends links, and says which names are taken.
            None => {
                let done = self.volume.publish(payload).await;
                outcome.outbox = done.as_ref().ok().map(|done| RecordedOutbox {
                    outbox: telling.outbox(done.changed()),
                    edits: status.hooks.edits().len(),
                });
                done
            }
        };
        if self.asking.lets_go() {
            self.asking.release(&plan.needed(entries));
            let waiting: BTreeSet<_> = plan.waiting().map(|entry| &entry.key).collect();
            self.renders.release(|key| waiting.contains(key));
        }
        let publication = done.unwrap_or_else(|failure| {
            outcome.volume_failure = Some(failure);
            Publication::default()
        });
        plan.refused_late(entries, &publication.refused);
        let written = publication.written.iter();
        outcome.decided = Some(Decided {
            written_bytes: written.filter_map(|path| sizes.get(path)).sum(),
            plan,
            notices,
            publication,
        });
    }

    /// Decides until nothing speaks against the decision any more.
    async fn decide(
        &mut self,
        observed: &Observation,
        entries: &[Entry],
        published: &Published<'_>,
        status: &Status,
    ) -> Result<Plan, VolumeFailure> {
        let open = self.asking.open();
        let timing = status.schedule.at(self.uptime.now());
        let mut seen = BTreeSet::new();
        let mut tried = Tried {
            refused: observed.refused.clone(),
            ..Tried::default()
        };
        loop {
            let plan = plan::decide(
                entries,
                &Given {
                    published,
                    records_lost: observed.records_lost,
                    answers: self.asking.answers(),
                    timing: &timing,
                    open: &open,
                    tried: &tried,
                    now: self.now(),
                    confirm: self.confirm,
                },
            );
            let refused = refused(&self.volume, &plan, &mut seen).await?;
            if tried.add_refused(refused) || self.render(entries, &plan, &mut tried).await {
                continue;
            }
            return Ok(plan);
        }
    }

    /// Renders what the plan writes; says whether some of it could not be, or takes longer than a moment.
    async fn render(&mut self, entries: &[Entry], plan: &Plan, tried: &mut Tried) -> bool {
        let answers = self.asking.answers();
        let jobs = plan.to_render().filter_map(|number| {
            let entry = entries.get(number)?;
            Some((entry.key(), Job::new(entry, answers)?))
        });
        let jobs: Vec<_> = jobs.collect();
        let wanted: Vec<_> = jobs
            .iter()
            .map(|(key, job)| (key.clone(), Arc::clone(job.origin())))
            .collect();
        self.renders.start(jobs);
        self.renders.wait_a_moment().await;
        let mut speaks_against = false;
        for (key, origin) in wanted {
            match self.renders.see(&key, &origin) {
                Some(Ok(())) => {}
                Some(Err(failure)) => {
                    tried.unrenderable.insert(key, failure);
                    speaks_against = true;
                }
                None => speaks_against |= tried.rendering.insert(key),
            }
        }
        speaks_against
    }

    /// The plan with its bytes, and what is odd about those that were made. What a certificate says of its validity goes
    /// into the plan.
    fn payload(
        &self,
        telling: Telling,
        entries: &[Entry],
        plan: &mut Plan,
    ) -> (Payload, BTreeMap<usize, Vec<Notice>>) {
        let mut notices = notices_of_selections(entries);
        let mut payload = Payload {
            wanted: plan.wanted.clone(),
            telling,
            ..Payload::default()
        };
        let made = self.made(entries, plan);
        for (&number, made) in &made {
            plan.entries[number].validity = made.validity;
            notices.insert(number, made.notices.clone());
        }
        for (path, file) in &mut plan.files {
            let bytes = match &file.action {
                Action::Keep(at) => FileBytes::Published(at.clone()),
                Action::Write => {
                    let made = file.entry.and_then(|number| made.get(&number));
                    // What is to be written was rendered; `decide` sees to that.
                    let Some((made, bytes)) = made.and_then(|made| Some((made, made.files.get(path)?)))
                    else {
                        continue;
                    };
                    Arc::make_mut(&mut file.record).validity = made.validity;
                    FileBytes::Write(bytes.clone())
                }
            };
            let planned = PayloadFile {
                bytes,
                mode: file.mode,
                record: Arc::clone(&file.record),
            };
            payload.files.insert(path.clone(), planned);
        }
        (payload, notices)
    }

    /// What was rendered for the plan, by the number of the entry.
    fn made(&self, entries: &[Entry], plan: &Plan) -> BTreeMap<usize, &Made> {
        let made = plan.to_render().filter_map(|number| {
            let entry = entries.get(number)?;
            let job = Job::new(entry, self.asking.answers())?;
            Some((number, self.renders.made(&entry.key(), job.origin())?))
        });
        made.collect()
    }
}

/// How many bytes there are of each file that comes with new ones.
fn sizes(payload: &Payload) -> BTreeMap<RelativePath, u64> {
    let files = payload.files.iter();
    let written = files.filter_map(|(path, file)| match &file.bytes {
        FileBytes::Write(bytes) => Some((path.clone(), u64::try_from(bytes.len()).ok()?)),
        FileBytes::Published(_) => None,
    });
    written.collect()
}

/// What is odd about selections, by the number of each.
fn notices_of_selections(entries: &[Entry]) -> BTreeMap<usize, Vec<Notice>> {
    let selections = entries.iter().enumerate();
    let notices = selections.filter_map(|(number, entry)| match entry.body {
        Body::Selection {
            picks_none_of: Some(looked_at),
            ..
        } => Some((number, vec![Notice::NothingSelected { looked_at }])),
        _ => None,
    });
    notices.collect()
}

/// The names at which the plan cannot be written, as far as they were not asked for yet.
async fn refused(
    volume: &impl Volume,
    plan: &Plan,
    seen: &mut BTreeSet<RelativePath>,
) -> Result<Vec<RefusedName>, VolumeFailure> {
    let moving = plan.moving();
    if moving.is_subset(seen) {
        return Ok(Vec::new());
    }
    seen.extend(moving.iter().cloned());
    volume.refused(moving).await
}

/// Files that are there, but unknown, would disappear without a successor.
fn records_lost(by: Option<&Failure>) -> VolumeFailure {
    let hint = match by {
        Some(failure) if failure.reason == Reason::NameTaken => format!(
            "nothing is published until every file of the manifest can be written: {}; {}",
            failure.detail, failure.hint
        ),
        _ => "nothing is published until every object of the manifest can be fetched; remove objects that cannot".into(),
    };
    let cause = std::io::Error::new(std::io::ErrorKind::InvalidData, "their state file is damaged");
    VolumeFailure::new(
        VolumeFailureKind::RecordsLost,
        "replace",
        "the published files",
        hint,
        cause,
    )
}
