//! What became of an entry.

use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

use crate::entry::{Body, Entry, EntryId, EntryKey};
use crate::failure::Failure;
use crate::object::VersionId;
use crate::path::RelativePath;
use crate::payload::{FileRecord, Validity};
use crate::query::Query;

/// What became of one entry in a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPlan {
    /// Tells it from the others, over passes.
    pub key: EntryKey,
    /// What messages call it.
    pub id: EntryId,
    /// Whether start-up waits for it.
    pub required: bool,
    /// The mean time after which it is asked for again, as the manifest has it.
    pub interval: Duration,
    /// The paths of its files, also of those without bytes now. A selection as a whole has none.
    pub files: Vec<RelativePath>,
    /// What the volume will serve.
    pub outcome: Outcome,
    /// When what the volume will serve is valid; of what is made now, known when it is.
    pub validity: Validity,
    /// When the versions that the volume will serve were fetched first.
    pub since: Option<OffsetDateTime>,
    /// The files that are made or moved; their bytes may be the same all the same.
    pub made: Vec<RelativePath>,
    /// Why it does not move although it could.
    pub held_back: Option<HeldBack>,
    /// Whether it is known which files it has: false of a selection without its list.
    pub listed: bool,
}

/// Why an entry does not move although it could: something that it moves together with cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// What moves together, in words: "`together: web`", "the history at app/key".
    pub group: String,
    /// The member that cannot move.
    pub member: EntryId,
}

/// What the volume will serve for one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every file of it, as asked for.
    Served {
        /// Its version, when it is made of one object and that was told.
        version: Option<VersionId>,
        /// Whether the published files were of other versions or another form, or were missing.
        changed: bool,
        /// Whether the vault said so in this pass.
        confirmed: bool,
    },
    /// What is published already. Nothing, or not enough, was told of it in this pass.
    Pending {
        /// Whether every file is there in the wanted form.
        complete: bool,
        /// Whether an answer is under way.
        waits: bool,
    },
    /// It could not be fetched, made or placed.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether every file of it is still there from an earlier pass, of the version that is pinned, if one is.
        kept: bool,
        /// The questions that are to be asked again for it.
        retry: Vec<Query>,
        /// Whether this pass found it out, and not an earlier one.
        news: bool,
    },
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "held back with {}, because {} cannot move",
            self.group, self.member
        )
    }
}

impl EntryPlan {
    /// Whether nothing that is required of it is missing: its files will be there, of whatever version. Of a selection as a
    /// whole, which has none, only its list says what that is. While one entry is not there, what left the manifest stays.
    pub(super) const fn is_there(&self) -> bool {
        let has_all = match &self.outcome {
            Outcome::Served { .. } => true,
            Outcome::Pending { complete, .. } => *complete,
            Outcome::Failed { kept, .. } => *kept,
        };
        !self.required || self.listed && has_all
    }

    /// Of an entry that makes and moves nothing, with the record of its first file.
    pub(super) fn new(entry: &Entry, outcome: Outcome, record: Option<&FileRecord>) -> Self {
        Self {
            key: entry.key(),
            id: entry.id.clone(),
            required: entry.required,
            interval: entry.interval,
            files: entry.files.iter().map(|file| file.path.clone()).collect(),
            outcome,
            validity: record.map(|record| record.validity).unwrap_or_default(),
            since: record.map(|record| record.fetched),
            made: Vec::new(),
            held_back: None,
            listed: !matches!(entry.body, Body::Selection { listed: false, .. }),
        }
    }
}
