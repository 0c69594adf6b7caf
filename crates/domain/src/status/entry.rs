//! What is known of one entry.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use super::cause::Cause;
use crate::entry::{EntryId, EntryKey};
use crate::event::Event;
use crate::failure::{Failure, Reason};
use crate::hint::Hint;
use crate::object::{ObjectId, VersionId};
use crate::path::RelativePath;
use crate::plan::{EntryPlan, Outcome, Plan};
use crate::schedule::Endpoint;
use crate::validity::{Standing, Validity};

/// What is known of one entry.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and readers ask for one at a time"
)]
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryStatus {
    /// Tells it from the others, over passes.
    #[serde(skip)]
    pub key: EntryKey,
    /// What messages call it.
    #[serde(serialize_with = "shown")]
    pub id: EntryId,
    /// The objects that it is made of, as far as they are known, each once.
    #[serde(skip)]
    pub objects: Vec<ObjectId>,
    /// Its files, in the order of the manifest. A selection as a whole has none.
    pub files: Vec<FileStatus>,
    /// Whether start-up waits for it.
    pub required: bool,
    /// Whether every file of it is there in the form that is asked for.
    pub complete: bool,
    /// Whether that is what the vault has, as far as this process, or one before it, was told.
    pub as_asked: bool,
    /// The version that is served, if it is made of one object and that was told.
    pub version: Option<VersionId>,
    /// When that was fetched first.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// When this process wrote it last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub written: Option<OffsetDateTime>,
    /// When the vault said last that this is what it has.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_success: Option<OffsetDateTime>,
    /// Why it fails, while it does.
    pub failure: Option<FailureStatus>,
    /// Whether an answer or a rendering is under way for it.
    pub waits: bool,
    /// Why it does not move although it could.
    pub held_back: Option<String>,
    /// The host that does not let its questions leave.
    pub stopped_by: Option<Endpoint>,
    /// When what is served is valid.
    pub validity: Validity,
    /// What that means.
    #[serde(skip)]
    pub standing: Standing,
    /// When it is asked for next.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_due: Option<OffsetDateTime>,
    /// The mean time between two askings, as it is now.
    #[serde(rename = "effectiveIntervalSeconds", serialize_with = "seconds")]
    pub effective_interval: Option<Duration>,
}

/// One file of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStatus {
    /// Where it is, or shall be.
    pub path: RelativePath,
    /// Whether something of the entry is there.
    pub present: bool,
    /// When this process gave it new bytes last.
    #[serde(with = "time::serde::rfc3339::option")]
    pub written: Option<OffsetDateTime>,
}

/// Why an entry fails.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureStatus {
    /// What it shares with others that fail.
    #[serde(skip)]
    pub(super) cause: Cause,
    /// From a closed set.
    pub reason: Reason,
    /// What was seen, and what to do.
    #[serde(serialize_with = "shown")]
    pub failure: Failure,
    /// What to do about it.
    pub hint: Hint,
    /// How often in a row.
    pub times: u32,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Whether every file of it is there from before.
    pub kept: bool,
}

/// What the volume has of an entry.
#[derive(Debug)]
pub struct RecalledEntry {
    /// What is to become of it while nothing is told.
    pub plan: EntryPlan,
    /// The version that is published, if it is of one object.
    pub version: Option<VersionId>,
    /// When its vault said last that what is published is what it has.
    pub confirmed: Option<OffsetDateTime>,
    /// The mean time between two askings.
    pub interval: Duration,
}

impl EntryStatus {
    /// Of an entry of which nothing is known.
    pub(super) fn of(plan: &EntryPlan) -> Self {
        Self {
            key: plan.key.clone(),
            id: plan.id.clone(),
            objects: plan.id.object().cloned().into_iter().collect(),
            files: Vec::new(),
            required: plan.required,
            complete: false,
            as_asked: false,
            version: None,
            since: plan.since,
            written: None,
            last_success: None,
            failure: None,
            waits: false,
            held_back: None,
            stopped_by: None,
            validity: Validity::default(),
            standing: Standing::Valid,
            next_due: None,
            effective_interval: None,
        }
    }

    /// Takes what a pass found. Gives how often in a row it failed, when this pass found out that it did.
    pub(super) fn take(&mut self, plan: &EntryPlan, at: OffsetDateTime) -> Option<u32> {
        self.waits = matches!(plan.outcome, Outcome::Pending { waits: true, .. });
        self.held_back = plan.held_back.as_ref().map(ToString::to_string);
        match &plan.outcome {
            Outcome::Served {
                version,
                changed,
                confirmed,
            } => {
                self.complete = true;
                self.as_asked = true;
                self.failure = None;
                if *confirmed {
                    self.last_success = Some(at);
                }
                if *changed {
                    self.written = Some(at);
                }
                self.since = plan.since;
                if version.is_some() || *changed {
                    self.version.clone_from(version);
                }
                None
            }
            Outcome::Pending { complete, .. } => {
                self.complete = *complete;
                self.as_asked &= *complete;
                None
            }
            Outcome::Failed {
                failure,
                kept,
                retry,
                news,
            } => {
                self.complete = *kept;
                self.as_asked = false;
                let before = self
                    .failure
                    .take()
                    .filter(|before| before.reason == failure.reason);
                let times =
                    before.as_ref().map_or(0, |before| before.times) + u32::from(*news || before.is_none());
                self.failure = Some(FailureStatus {
                    cause: Cause::of(plan, failure, retry),
                    reason: failure.reason,
                    failure: failure.clone(),
                    hint: failure.hint.clone(),
                    times,
                    since: before.map_or(at, |before| before.since),
                    kept: *kept,
                });
                news.then_some(times)
            }
        }
    }

    /// Takes what became of each of its files, when that was published: whether there is one, and whether it is among those
    /// that were `written`.
    pub(super) fn take_files(
        &mut self,
        plan: &EntryPlan,
        decided: &Plan,
        written: &BTreeSet<&RelativePath>,
        at: OffsetDateTime,
    ) {
        // An entry that was not served since the start says nothing of its version; the file that stays does.
        if self.version.is_none() && !matches!(plan.outcome, Outcome::Served { .. }) {
            let mut kept = plan.files.iter().filter_map(|path| decided.files.get(path));
            self.version = kept
                .find_map(|file| file.record.object())
                .map(|(_, version)| version.clone());
        }
        let files = plan.files.iter().map(|path| {
            let before = self.files.iter().find(|file| file.path == *path);
            FileStatus {
                path: path.clone(),
                present: self.complete || decided.files.contains_key(path),
                written: if written.contains(path) {
                    Some(at)
                } else {
                    before.and_then(|file| file.written)
                },
            }
        });
        self.files = files.collect();
    }

    /// One event when something is not valid yet, when it comes near its end without a successor, and when it is over.
    pub(super) fn take_validity(&mut self, plan: &EntryPlan, at: OffsetDateTime, events: &mut Vec<Event>) {
        let standing = plan.validity.standing(at);
        if standing != Standing::Valid && standing != self.standing {
            events.push(Event::Validity {
                entry: plan.id.clone(),
                standing,
                validity: plan.validity,
            });
        }
        self.validity = plan.validity;
        self.standing = standing;
    }

    /// Takes what an earlier process left; `lately` says whether it was confirmed so lately that it counts as now.
    pub(super) fn recall(&mut self, recalled: RecalledEntry, lately: bool) {
        let RecalledEntry { plan, version, .. } = recalled;
        self.version = version;
        match &plan.outcome {
            Outcome::Served { version, .. } => {
                self.complete = true;
                self.as_asked = true;
                self.version.clone_from(version);
            }
            Outcome::Pending { complete, .. } => {
                self.complete = *complete;
                self.as_asked = *complete && lately;
            }
            Outcome::Failed { kept, .. } => self.complete = *kept,
        }
        let files = plan.files.iter().map(|path| FileStatus {
            path: path.clone(),
            present: self.complete,
            written: None,
        });
        self.files = files.collect();
        self.last_success = recalled.confirmed;
        self.validity = plan.validity;
    }
}

fn shown<S: Serializer>(value: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn seconds<S: Serializer>(interval: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    interval.map(|interval| interval.as_secs()).serialize(serializer)
}
