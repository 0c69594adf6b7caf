//! What a pass did: what the status learns from.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::answers::Lists;
use super::call::Call;
use super::entry::EntryKey;
use super::hook::Outbox;
use super::moment::Moment;
use super::notice::Notice;
use super::object::VaultId;
use super::payload::Publication;
use super::plan::Plan;
use super::query::Query;
use super::volume_failure::VolumeFailure;

/// What a pass did.
#[derive(Debug)]
pub struct PassOutcome {
    /// When it began.
    pub began: Moment,
    /// When it ended.
    pub ended: Moment,
    /// When it began, by the wall clock.
    pub at: OffsetDateTime,
    /// What was decided and done, when it was time for that.
    pub decided: Option<Decided>,
    /// What is recorded of what hooks are still to hear, when that was written.
    pub outbox: Option<RecordedOutbox>,
    /// Why the volume could not be observed or published; the earlier set is then still there.
    pub volume_failure: Option<VolumeFailure>,
    /// The lists that it was told.
    pub lists: Lists,
    /// How many questions left.
    pub asked: usize,
    /// What vaults answered since the last pass.
    pub calls: Vec<Call>,
    /// The hosts that a question left for within the last second, and that owe an answer.
    pub under_way: BTreeSet<VaultId>,
    /// The questions that could not leave because of their gates.
    pub stopped: BTreeSet<Query>,
    /// The questions that lead to each entry.
    pub questions: BTreeMap<EntryKey, Vec<Query>>,
    /// Whether nothing is under way any more.
    pub idle: bool,
}

/// What was decided, and what came of it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The decision.
    pub plan: Plan,
    /// What is odd about entries that were made, by their number.
    pub notices: BTreeMap<usize, Vec<Notice>>,
    /// What changed on the volume; nothing when the set was current, or when the volume failed.
    pub publication: Publication,
    /// How many bytes the files have whose bytes are new.
    pub written_bytes: u64,
}

/// What is recorded of what hooks are still to hear.
#[derive(Debug, Clone)]
pub struct RecordedOutbox {
    /// That.
    pub outbox: Outbox,
    /// How many of the edits that were known are in it.
    pub edits: usize,
}

impl PassOutcome {
    /// Of a pass that has done nothing yet.
    pub fn begun(began: Moment, at: OffsetDateTime) -> Self {
        Self {
            began,
            ended: began,
            at,
            decided: None,
            outbox: None,
            volume_failure: None,
            lists: Lists::default(),
            asked: 0,
            calls: Vec::new(),
            under_way: BTreeSet::new(),
            stopped: BTreeSet::new(),
            questions: BTreeMap::new(),
            idle: false,
        }
    }
}
