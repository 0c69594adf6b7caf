//! Which questions a pass asks next.

use std::collections::{BTreeMap, BTreeSet};

use super::files::needed;
use crate::domain::entry::{Entry, Group};
use crate::domain::expand::Expansion;
use crate::domain::object::VersionSelector;
use crate::domain::payload::Input;
use crate::domain::published::Published;
use crate::domain::query::{Known, Query};

/// When a question may be asked.
pub trait Timing {
    /// Whether it is time to ask.
    fn is_due(&self, query: &Query) -> bool;
    /// Whether it may be asked for the sake of another one: its last answer was no failure, or it is due.
    fn may_ask(&self, query: &Query) -> bool;
}

/// The same for every question: it is time, or it is not.
impl Timing for bool {
    fn is_due(&self, _: &Query) -> bool {
        *self
    }

    fn may_ask(&self, _: &Query) -> bool {
        *self
    }
}

/// The questions that are worth asking now, each once; none when everything is known that can be.
///
/// - What the expansion wants decides what the entries are, and is asked when it is due; what it follows, at once.
/// - The current version of an object, and a password file, are asked for when due.
/// - One version for ever is asked for when its files are not all published: it is immutable.
/// - An entry that has to be made again needs all its inputs, and what moves together is asked for together.
pub fn questions(
    expansion: &Expansion,
    published: &Published<'_>,
    known: &Known,
    timing: &impl Timing,
) -> BTreeSet<Query> {
    let Expansion {
        entries,
        wanted,
        followed,
    } = expansion;
    let due = wanted.iter().filter(|query| timing.is_due(query));
    let mut questions: BTreeSet<Query> = due.chain(followed).cloned().collect();
    let is_due = |entry: &Entry| {
        let inputs = entry.inputs();
        let inputs = inputs.iter().map(Query::from);
        inputs
            .chain(entry.decided_by.iter().cloned())
            .any(|query| timing.is_due(&query))
    };
    let mut due_groups: BTreeMap<&Group, bool> = BTreeMap::new();
    for entry in entries {
        if let Some(group) = &entry.group {
            // What was asked for the sake of another entry, and has something new, moves its group too.
            let moves = || {
                let inputs = entry.inputs();
                is_told(&inputs, known) && !is_served(entry, &inputs, published, known)
            };
            *due_groups.entry(group).or_default() |= is_due(entry) || moves();
        }
    }
    let is_together = |entry: &Entry| entry.group.as_ref().is_some_and(|group| due_groups[group]);
    for entry in entries.iter().filter(|entry| is_together(entry)) {
        questions.extend(entry.decided_by.iter().cloned());
    }
    questions.retain(|query| !known.has(query) && timing.may_ask(query));
    for entry in entries.iter().filter(|entry| !entry.undecided) {
        let due = is_together(entry) || is_due(entry);
        let inputs = entry.inputs();
        let served = is_served(entry, &inputs, published, known);
        let told = is_told(&inputs, known);
        let asked = inputs.iter().filter(|input| {
            let query = Query::from(*input);
            let for_itself = due && (changes(input) || !served);
            let for_the_others = told && !served;
            !known.has(&query) && (for_itself || for_the_others) && timing.may_ask(&query)
        });
        questions.extend(asked.map(Query::from));
    }
    questions
}

/// Whether asking again can give another version.
pub(super) const fn changes(input: &Input) -> bool {
    match input {
        Input::Object(source) => matches!(source.version, VersionSelector::Latest),
        Input::File(_) => true,
    }
}

/// Whether something of the inputs was told.
fn is_told(inputs: &[Input], known: &Known) -> bool {
    inputs
        .iter()
        .any(|input| matches!(known.version(input), Some(Ok(_))))
}

/// Whether every file is published, made of what is known of the inputs.
fn is_served(entry: &Entry, inputs: &[Input], published: &Published<'_>, known: &Known) -> bool {
    let needed = needed(inputs, known);
    entry
        .files
        .iter()
        .all(|file| published.made_of(file, &needed).is_some())
}
