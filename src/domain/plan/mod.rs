//! What to ask for, and what to publish given what was told: pure functions of entries, observation and answers.
//!
//! The rule of a failure: the entry keeps the files that it has. The rule of a success: all files of the entry are made
//! of the versions that were fetched. What moves together moves only when nothing of it failed.

mod ask;
mod files;
mod group;
mod make;
mod refusal;

use time::OffsetDateTime;

pub use self::ask::{Timing, questions};
use self::files::PlannedFiles;
pub use self::files::has_all;
use self::refusal::Staying;
pub use self::refusal::{moving, name_taken};
use super::entry::{Entry, EntryId, EntryKey};
use super::failure::Failure;
use super::notice::Notice;
use super::object::VersionId;
use super::path::RelativePath;
use super::payload::{Payload, RefusedName, Validity};
use super::published::Published;
use super::query::{Known, Query};

/// What shall be published, and what became of each entry.
#[derive(Debug)]
pub struct Plan {
    /// The whole desired set.
    pub payload: Payload,
    /// One for each entry, in its order.
    pub entries: Vec<PlannedEntry>,
}

/// What became of one entry in a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedEntry {
    /// Tells it from the others, over passes.
    pub key: EntryKey,
    /// What messages call it.
    pub id: EntryId,
    /// Whether start-up waits for it.
    pub required: bool,
    /// What the volume will serve.
    pub outcome: Outcome,
    /// Remarks of the renderer.
    pub notices: Vec<Notice>,
    /// When what the volume will serve is valid.
    pub validity: Validity,
    /// The files that were made or moved in this pass; their bytes may be the same all the same.
    pub made: Vec<RelativePath>,
}

/// What the volume will serve for one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What was just fetched.
    Fetched {
        /// Its version, when it is made of one object.
        version: Option<VersionId>,
        /// Whether the published files were of other versions or another form, or were missing.
        changed: bool,
    },
    /// What is published already; it was not asked for in this pass.
    Unasked {
        /// Whether every file is there in the wanted form.
        complete: bool,
    },
    /// It could not be fetched or made.
    Failed {
        /// Why.
        failure: Failure,
        /// Whether every file of it is still there from an earlier pass, of the version that is pinned, if one is.
        kept: bool,
        /// The questions that are to be asked again for it.
        again: Vec<Query>,
    },
}

/// Makes the plan: renders what was fetched, keeps what was not. An entry of which one path is refused does not move.
pub fn plan(
    entries: &[Entry],
    published: &Published<'_>,
    known: &Known,
    refused: &[RefusedName],
    now: OffsetDateTime,
) -> Plan {
    let staying = Staying::new(entries, published, refused);
    let make = |(number, entry): (usize, &Entry)| match staying.failure(number) {
        Some(failure) => (Vec::new(), refusal::entry(entry, published, failure.clone())),
        None => make::entry(entry, published, known, now),
    };
    let mut planned: Vec<(PlannedFiles, PlannedEntry)> = entries.iter().enumerate().map(make).collect();
    let held = group::hold_back(entries, published, known, &mut planned);
    let wanted = entries.iter().flat_map(|entry| &entry.files);
    let mut payload = Payload {
        wanted: wanted.map(|file| file.path.clone()).collect(),
        ..Payload::default()
    };
    let mut outcomes = Vec::with_capacity(planned.len());
    for (number, (files, entry)) in planned.into_iter().enumerate() {
        if !staying.has(number) {
            payload.files.extend(files);
        }
        outcomes.push(entry);
    }
    staying.keep(entries, published, &mut payload);
    group::keep_leaving(entries, &held, published, &mut payload);
    Plan {
        payload,
        entries: outcomes,
    }
}
