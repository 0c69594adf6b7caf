//! What an entry would do by itself, before anything that it hangs on has a say.

use super::ask::changes;
use super::files::{has_all, needed};
use super::given::Given;
use crate::entry::{Body, Entry};
use crate::failure::{Failure, Reason};
use crate::payload::{Input, RefusedName};
use crate::published::{Found, Needed};
use crate::query::Query;

/// What an entry would do.
#[derive(Debug)]
pub(super) enum Own<'g> {
    /// Be made of answers.
    Make,
    /// Be what is published already, file by file, perhaps at other paths.
    Found(Vec<Found<'g>>, Vec<Needed<'g>>),
    /// Be listed: a selection as a whole has no file.
    Listed,
    /// Stay, since nothing or not enough was told.
    Pending {
        /// Whether every file is there in the wanted form.
        complete: bool,
        /// Whether an answer is under way.
        waits: bool,
    },
    /// Stay, since it cannot be fetched or made.
    Failed(Trouble),
    /// Stay where it is, since a name of it is refused.
    Refused(Trouble),
}

/// Why an entry fails.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// The questions whose answers may mend it.
    pub(super) retry: Vec<Query>,
    /// Whether it was found out now.
    pub(super) news: bool,
}

/// Says what an entry would do.
pub(super) fn own<'g>(entry: &'g Entry, given: &Given<'g>) -> Own<'g> {
    let inputs = entry.inputs.as_slice();
    if let Some(refused) = refused_name(entry, given) {
        return Own::Refused(Trouble {
            failure: name_taken(refused),
            retry: inputs.iter().map(Query::from).collect(),
            news: true,
        });
    }
    if let Some(failure) = given.tried.unrenderable.get(&entry.key()) {
        return Own::Failed(Trouble {
            failure: failure.clone(),
            retry: entry.questions().collect(),
            news: true,
        });
    }
    if is_held(entry) {
        return Own::Pending {
            complete: has_all(entry, given.published),
            waits: false,
        };
    }
    match trouble(entry, inputs, given) {
        Some(trouble) => Own::Failed(trouble),
        None => without_trouble(entry, inputs, given),
    }
}

/// Whether its files are held although the vault says that it is gone. Its selection tells of it.
fn is_held(entry: &Entry) -> bool {
    let selected = entry.selected.as_ref();
    selected.is_some_and(|selected| selected.held_since.is_some())
}

fn without_trouble<'g>(entry: &Entry, inputs: &'g [Input], given: &Given<'g>) -> Own<'g> {
    let waits =
        entry.questions().any(|query| is_open(&query, given)) || given.tried.rendering.contains(&entry.key());
    let pending = Own::Pending {
        complete: has_all(entry, given.published),
        waits,
    };
    if let Body::Selection { .. } = entry.body {
        let told = entry.depends_on.iter().all(|query| given.answers.has(query));
        return if told { Own::Listed } else { pending };
    }
    // What is unresolved has inputs that stand in for those that a list will tell; nothing is made of them.
    if entry.unresolved || waits {
        return pending;
    }
    let told = |input: &Input| given.answers.version(input).is_some();
    let needed = needed(inputs, given.answers);
    let found = entry
        .files
        .iter()
        .map(|file| given.published.made_of(file, &needed));
    if let Some(found) = found.collect::<Option<Vec<_>>>() {
        let mut changing = inputs.iter().filter(|input| changes(input));
        let moved = entry
            .files
            .iter()
            .zip(&found)
            .any(|(file, (at, _))| file.path != **at);
        return if moved || changing.clone().next().is_none() || changing.any(told) {
            Own::Found(found, needed)
        } else {
            pending
        };
    }
    if inputs.iter().all(told) {
        Own::Make
    } else {
        pending
    }
}

/// Why the entry cannot be made, if something says so that was told, now or when it was asked last.
fn trouble(entry: &Entry, inputs: &[Input], given: &Given<'_>) -> Option<Trouble> {
    let news = |query: &Query| given.answers.has(query);
    if let Some((failure, query)) = &entry.obstacle {
        if is_open(query, given) {
            return None;
        }
        return Some(Trouble {
            failure: failure.clone(),
            retry: std::iter::once(query).chain(&entry.depends_on).cloned().collect(),
            news: news(query),
        });
    }
    let failing = inputs
        .iter()
        .filter_map(|input| Some((input, failure_of(input, given)?)));
    let failing: Vec<(&Input, &Failure)> = failing.collect();
    let (input, failure) = failing
        .iter()
        .find(|(input, _)| news(&Query::from(*input)))
        .or(failing.first())?;
    let retry = failing.iter().map(|(input, _)| Query::from(*input));
    Some(Trouble {
        failure: of_input(entry, input, failure),
        retry: retry.chain(entry.depends_on.iter().cloned()).collect(),
        news: news(&Query::from(*input)),
    })
}

/// How an input failed: by its answer, else when it was asked last.
fn failure_of<'g>(input: &Input, given: &Given<'g>) -> Option<&'g Failure> {
    let query = Query::from(input);
    match given.answers.version(input) {
        Some(told) => told.err(),
        None if is_open(&query, given) => None,
        None => given.timing.failure(&query),
    }
}

fn is_open(query: &Query, given: &Given<'_>) -> bool {
    given.open.contains(query) && !given.answers.has(query)
}

/// The failure of an input, which says what it is for when it is not the entry's own object.
fn of_input(entry: &Entry, input: &Input, failure: &Failure) -> Failure {
    let own = entry
        .source()
        .is_some_and(|own| *input == Input::Object(own.clone()));
    if own {
        failure.clone()
    } else {
        let detail = format!("{} needs it: {}", entry.id, failure.detail);
        failure.clone().told_as(detail)
    }
}

fn refused_name<'g>(entry: &Entry, given: &Given<'g>) -> Option<&'g RefusedName> {
    let mut refused = given.tried.refused.iter();
    refused.find(|refused| entry.files.iter().any(|file| refused.covers(&file.path)))
}

/// Takes what stands in the way of an entry; gives the entry's failure.
pub(super) fn name_taken(refused: &RefusedName) -> Failure {
    Failure::new(
        Reason::NameTaken,
        format!("{} stands at `{}` in the volume", refused.found, refused.name),
        format!("move `{}` away, or give the object another path", refused.name),
    )
}
