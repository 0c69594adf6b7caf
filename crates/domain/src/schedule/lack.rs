//! What is new is due at once: an entry without its files does not wait for the next round because its object was asked
//! for in this one, for the sake of another entry. Once: what is not made with the answer waits like everything else.

use std::collections::BTreeMap;

use super::Schedule;
use crate::desired::FileSpec;
use crate::entry::EntryKey;
use crate::moment::Moment;
use crate::payload::Input;
use crate::query::Query;

/// An entry of which a file is missing, or is not in the form asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Which.
    pub key: EntryKey,
    /// The files that it is to have.
    pub files: Vec<FileSpec>,
    /// What they are made of.
    pub inputs: Vec<Input>,
    /// The questions that lead to them, without those that are under way and those whose answers are at hand.
    pub queries: Vec<Query>,
}

/// What the entries lacked in the last pass: their files, and what those are made of.
pub(super) type Lacks = BTreeMap<EntryKey, (Vec<FileSpec>, Vec<Input>)>;

impl Schedule {
    /// Takes everything that is lacking at the start of a pass. What is lacking in this form since now is due.
    pub fn need(&mut self, lacks: Vec<Lack>, now: Moment) {
        let before = std::mem::take(&mut self.lacks);
        for lack in lacks {
            let what = (lack.files, lack.inputs);
            if before.get(&lack.key) != Some(&what) {
                lack.queries.iter().for_each(|query| self.make_due(query, now));
            }
            self.lacks.insert(lack.key, what);
        }
    }

    /// What failed has a time for its next try already.
    fn make_due(&mut self, query: &Query, now: Moment) {
        let question = self.questions.get_mut(query);
        if let Some(question) = question.filter(|question| question.failure.is_none()) {
            question.due = Some(now);
        }
    }
}
