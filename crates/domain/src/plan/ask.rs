//! Which questions a pass asks next.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{has_all, needed};
use crate::answers::Answers;
use crate::entry::{Entry, Group};
use crate::expand::Expansion;
use crate::payload::Input;
use crate::published::Published;
use crate::query::Query;
use crate::schedule::Lack;
use crate::timing::Timing;

/// The questions that are worth asking now, each once, besides those that are `open`: asked, and not answered yet.
///
/// - What the expansion wants decides what the entries are, and is asked when it is due; what it follows, at once.
/// - The current version of an object, and a password file, are asked for when due.
/// - One version for ever is asked for when its files are not all published: it is immutable.
/// - An entry that has to be made again needs all its inputs, and what moves together is asked for together.
pub fn questions(
    expansion: &Expansion,
    published: &Published<'_>,
    answers: &Answers,
    open: &BTreeSet<Query>,
    timing: &dyn Timing,
) -> BTreeSet<Query> {
    let asking = Asking {
        published,
        answers,
        open,
        timing,
    };
    let Expansion {
        entries,
        wanted,
        followed,
    } = expansion;
    let due = wanted.keys().filter(|query| timing.is_due(query));
    let mut questions: BTreeSet<Query> = due.filter(|query| !open.contains(*query)).cloned().collect();
    questions.extend(followed.iter().filter(|query| asking.may_follow(query)).cloned());
    let due_groups = asking.due_groups(entries);
    for entry in entries {
        let together = entry.group.as_ref().is_some_and(|group| due_groups[group]);
        if together {
            let decisive = entry.depends_on.iter().filter(|query| asking.may_follow(query));
            questions.extend(decisive.cloned());
        }
        if !entry.unresolved {
            questions.extend(asking.of_inputs(entry, together));
        }
    }
    questions
}

/// The entries of which a file is not at its path, or not in the form asked for. What only moves is moved at once; whether
/// it is what the vault has is asked beside that, unless its version is known.
pub fn lacks(
    entries: &[Entry],
    published: &Published<'_>,
    answers: &Answers,
    open: &BTreeSet<Query>,
) -> Vec<Lack> {
    let lacking = entries
        .iter()
        .filter(|entry| !is_served(entry, published, answers) && !is_in_place(entry, published));
    let lacks = lacking.map(|entry| {
        let queries: Vec<Query> = if entry.unresolved {
            entry.depends_on.clone()
        } else {
            entry.inputs.iter().map(Query::from).collect()
        };
        let awaited = queries
            .into_iter()
            .filter(|query| !answers.has(query) && !open.contains(query));
        Lack {
            key: entry.key(),
            files: entry.files.clone(),
            queries: awaited.collect(),
            inputs: entry.inputs.clone(),
        }
    });
    lacks.collect()
}

/// Whether asking again can give another version.
pub(super) const fn changes(input: &Input) -> bool {
    match input {
        Input::Object(source) => source.version.may_change(),
        Input::File(_) => true,
    }
}

/// What is known when questions are chosen.
struct Asking<'a> {
    published: &'a Published<'a>,
    answers: &'a Answers,
    open: &'a BTreeSet<Query>,
    timing: &'a dyn Timing,
}

impl Asking<'_> {
    /// Whether a question may be asked for the sake of another one.
    fn may_follow(&self, query: &Query) -> bool {
        !self.answers.has(query) && !self.open.contains(query) && self.timing.may_ask(query)
    }

    /// Whether something of the entry is asked in its own right. A version for ever that is published is not asked for
    /// again: its question would be due for as long as there is an entry.
    fn is_due(&self, entry: &Entry) -> bool {
        let mut asked = entry
            .inputs
            .iter()
            .filter(|input| !entry.unresolved && (changes(input) || !self.is_served(entry)));
        let mut decisive = entry.depends_on.iter();
        decisive.any(|query| self.timing.is_due(query))
            || asked.any(|input| self.timing.is_due(&Query::from(input)))
    }

    /// The groups of which a member is due, or has something new: what was asked for the sake of another entry moves its
    /// group too.
    fn due_groups<'e>(&self, entries: &'e [Entry]) -> BTreeMap<&'e Group, bool> {
        let mut due: BTreeMap<&Group, bool> = BTreeMap::new();
        for entry in entries {
            if let Some(group) = &entry.group {
                *due.entry(group).or_default() |=
                    self.is_due(entry) || self.is_told(entry) && !self.is_served(entry);
            }
        }
        due
    }

    /// The questions for what an entry is made of.
    fn of_inputs(&self, entry: &Entry, together: bool) -> Vec<Query> {
        let served = self.is_served(entry);
        let remade = self.is_told(entry) && !served;
        let asked = entry.inputs.iter().filter(|input| {
            let query = Query::from(*input);
            let needed = changes(input) || !served;
            let for_itself = needed && self.timing.is_due(&query) && !self.open.contains(&query);
            let for_others = remade || together && needed;
            for_itself || for_others && self.may_follow(&query)
        });
        asked.map(Query::from).collect()
    }

    /// Whether something of the inputs was told.
    fn is_told(&self, entry: &Entry) -> bool {
        let mut inputs = entry.inputs.iter();
        inputs.any(|input| matches!(self.answers.version(input), Some(Ok(_))))
    }

    fn is_served(&self, entry: &Entry) -> bool {
        is_served(entry, self.published, self.answers)
    }
}

/// Whether every file is there in the wanted form, at its own path.
fn is_in_place(entry: &Entry, published: &Published<'_>) -> bool {
    let mut files = entry.files.iter();
    has_all(entry, published) && files.all(|file| published.at(&file.path).is_some())
}

/// Whether every file is published, made of what is known of the inputs.
fn is_served(entry: &Entry, published: &Published<'_>, answers: &Answers) -> bool {
    let needed = needed(&entry.inputs, answers);
    let mut files = entry.files.iter();
    files.all(|file| published.made_of(file, &needed).is_some())
}
