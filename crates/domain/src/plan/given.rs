//! What a decision goes by.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use crate::answers::Answers;
use crate::entry::EntryKey;
use crate::failure::Failure;
use crate::payload::RefusedName;
use crate::published::Published;
use crate::query::Query;
use crate::timing::Timing;

/// What a decision goes by.
#[derive(Clone, Copy)]
pub struct Given<'g> {
    /// What the volume has.
    pub published: &'g Published<'g>,
    /// Whether files are published whose records are lost.
    pub records_lost: bool,
    /// The answers that are at hand.
    pub answers: &'g Answers,
    /// How questions failed that are not asked now.
    pub timing: &'g dyn Timing,
    /// The questions that are asked and not answered yet.
    pub open: &'g BTreeSet<Query>,
    /// What came of attempts to carry the decision out.
    pub tried: &'g Tried,
    /// The time, for what is made now.
    pub now: OffsetDateTime,
    /// Whether what is kept gets a new record when the vault confirmed it.
    pub confirm: bool,
}

/// What came of attempts to carry a decision out. The decision is made again with it.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// Names at which the volume cannot write.
    pub refused: Vec<RefusedName>,
    /// Entries of which no bytes could be made.
    pub unrenderable: BTreeMap<EntryKey, Failure>,
    /// Entries whose bytes are being made, and are not there yet.
    pub rendering: BTreeSet<EntryKey>,
}

impl Tried {
    /// Takes names that the volume refuses; says whether one of them is new.
    pub fn add_refused(&mut self, refused: Vec<RefusedName>) -> bool {
        let before = self.refused.len();
        for name in refused {
            if !self.refused.contains(&name) {
                self.refused.push(name);
            }
        }
        self.refused.len() > before
    }
}
