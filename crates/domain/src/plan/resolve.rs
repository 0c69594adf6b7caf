//! The one resolver: which entries may not move, since something that they hang on cannot.
//!
//! 1. An entry of which one name is refused stays in place, with all that moves together with it: a certificate must
//!    not move while its key cannot. Whatever wants the place of such a file stays in place as well, and so on.
//! 2. Of what moves together, nothing moves while one member fails, waits or was not asked. What leaves such a group
//!    is kept too.
//! 3. While files are published whose records are lost, nothing is published until every file can be written again:
//!    what is there and unknown would disappear.
//!
//! Who carries a plan out asks it once more, in an [`Exchange`], when something comes in between: which files have to stay
//! since what replaces them does not come.

mod exchange;

pub use exchange::{Exchange, Standstill};

use std::collections::{BTreeMap, BTreeSet};

use super::ask::changes;
use super::given::Given;
use super::own::{Own, Trouble, name_taken};
use crate::entry::{Entry, EntryId, Group};
use crate::failure::Failure;
use crate::path_set::PathSet;
use crate::payload::RefusedName;
use crate::published::{Found, Published, is_form_of};
use crate::query::Query;

/// What messages call a file that stays in the place of another one.
pub const STAYS: &str = "a published file whose own new path is refused";

/// Why nothing at all may be published: files that are there, and unknown, would disappear without a successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The first entry that cannot be written, and why, if that is known.
    pub by: Option<Failure>,
    /// Whether it only waits for an answer.
    pub waits: bool,
}

/// What may not move.
#[derive(Debug, Default)]
pub(super) struct Resolved<'e> {
    /// By number: the entries that stay in place.
    in_place: BTreeSet<usize>,
    /// Of those, the ones that want a place that is not free.
    displaced: BTreeMap<usize, Trouble>,
    /// The groups that do not move, each with the member that cannot.
    groups: BTreeMap<&'e Group, Cause>,
}

/// The member of a group that cannot move.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) member: EntryId,
    /// Its failure; none when it only waits, or was not asked.
    pub(super) failure: Option<Failure>,
    pub(super) retry: Vec<Query>,
    pub(super) news: bool,
    /// Whether an answer is under way that may end it.
    pub(super) waits: bool,
}

impl<'e> Resolved<'e> {
    /// Takes what each entry would do by itself; finds out which of them may not.
    pub(super) fn of(entries: &'e [Entry], own: &[Own<'_>], given: &Given<'_>) -> Self {
        let mut resolved = Self::default();
        let refused = own
            .iter()
            .enumerate()
            .filter(|(_, own)| matches!(own, Own::Refused(_)));
        resolved.in_place = refused.map(|(number, _)| number).collect();
        while resolved.add_members(entries) | resolved.add_displaced(entries, given.published) {}
        for (number, (entry, own)) in entries.iter().zip(own).enumerate() {
            if let Some(group) = &entry.group
                && let Some(cause) = resolved.cause(number, entry, own, given)
            {
                resolved.groups.entry(group).or_insert(cause);
            }
        }
        resolved
    }

    /// Whether the entry keeps its files where they are.
    pub(super) fn is_in_place(&self, number: usize) -> bool {
        self.in_place.contains(&number)
    }

    /// Why an entry stays in place that wants another's place.
    pub(super) fn displaced(&self, number: usize) -> Option<&Trouble> {
        self.displaced.get(&number)
    }

    /// What keeps the entry from moving although it could.
    pub(super) fn held_back(&self, entry: &Entry) -> Option<&Cause> {
        self.groups.get(entry.group.as_ref()?)
    }

    /// The files of the entries that stay in place.
    pub(super) fn files_in_place<'o>(
        &self,
        entries: &[Entry],
        published: &Published<'o>,
    ) -> impl Iterator<Item = (usize, Found<'o>)> {
        let files = self.in_place.iter().flat_map(|&number| {
            let files = entries.get(number).map(|entry| published.last_good(entry));
            files
                .unwrap_or_default()
                .into_iter()
                .map(move |(_, found)| (number, found))
        });
        files.collect::<Vec<_>>().into_iter()
    }

    /// Why nothing at all may be published.
    pub(super) fn blocked(&self, entries: &[Entry], own: &[Own<'_>], given: &Given<'_>) -> Option<Blocked> {
        if !given.records_lost {
            return None;
        }
        let causes = entries
            .iter()
            .zip(own)
            .enumerate()
            .filter_map(|(number, (entry, own))| {
                let trouble = self.displaced.get(&number);
                match (own, trouble, self.held_back(entry)) {
                    (Own::Failed(trouble) | Own::Refused(trouble), _, _) | (_, Some(trouble), _) => {
                        Some(Blocked {
                            by: Some(trouble.failure.clone()),
                            waits: false,
                        })
                    }
                    (Own::Pending { complete, waits }, _, None) if *complete && !waits => None,
                    (Own::Pending { waits, .. }, _, _) => Some(Blocked {
                        by: None,
                        waits: *waits,
                    }),
                    (_, _, Some(cause)) => Some(Blocked {
                        by: cause.failure.clone(),
                        waits: cause.waits,
                    }),
                    (Own::Make | Own::Found(..) | Own::Listed, None, None) => None,
                }
            });
        causes.min_by_key(|blocked| (blocked.waits, blocked.by.is_none()))
    }

    /// Adds what moves together with those that stay in place; says whether there was any.
    fn add_members(&mut self, entries: &[Entry]) -> bool {
        let before = self.in_place.len();
        let groups: BTreeSet<&Group> = self
            .in_place
            .iter()
            .filter_map(|&number| entries.get(number)?.group.as_ref())
            .collect();
        let numbered = entries.iter().enumerate();
        let members =
            numbered.filter(|(_, entry)| entry.group.as_ref().is_some_and(|group| groups.contains(group)));
        self.in_place.extend(members.map(|(number, _)| number));
        self.in_place.len() > before
    }

    /// Adds entries that want the place of what stays in place; says whether there was any.
    fn add_displaced(&mut self, entries: &[Entry], published: &Published<'_>) -> bool {
        let mut places = PathSet::default();
        for (_, (at, _)) in self.files_in_place(entries, published) {
            // The same file may be the last good one of two entries.
            let _ = places.claim(at);
        }
        let before = self.in_place.len();
        for (number, entry) in entries.iter().enumerate() {
            if self.in_place.contains(&number) {
                continue;
            }
            let mut wanted = entry.files.iter().filter(|file| {
                let at = published.at(&file.path);
                !at.is_some_and(|at| is_form_of(&at.record, &file.content, &entry.inputs))
            });
            if let Some(name) = wanted.find_map(|file| places.in_the_way(&file.path)) {
                let refused = RefusedName {
                    name: name.to_owned(),
                    found: STAYS.to_owned(),
                };
                let trouble = Trouble {
                    failure: name_taken(&refused),
                    retry: entry.inputs.iter().map(Query::from).collect(),
                    news: true,
                };
                self.displaced.insert(number, trouble);
                self.in_place.insert(number);
            }
        }
        self.in_place.len() > before
    }

    /// Why what moves together with this entry cannot, if that is so.
    fn cause(&self, number: usize, entry: &Entry, own: &Own<'_>, given: &Given<'_>) -> Option<Cause> {
        if let (Own::Failed(trouble) | Own::Refused(trouble), _) | (_, Some(trouble)) =
            (own, self.displaced(number))
        {
            return Some(Cause {
                member: entry.id.clone(),
                failure: Some(trouble.failure.clone()),
                retry: trouble.retry.clone(),
                news: trouble.news,
                waits: false,
            });
        }
        let unknown = |query: &Query| !given.answers.has(query);
        let inputs = &entry.inputs;
        // Unresolved, it has inputs that only stand in for others.
        let changing = inputs.iter().filter(|input| !entry.unresolved && changes(input));
        let asked = changing.map(Query::from).chain(entry.depends_on.iter().cloned());
        let mut retry: Vec<Query> = asked.filter(unknown).collect();
        let (complete, waits) = match own {
            Own::Pending { complete, waits } => (*complete, *waits),
            _ => (true, false),
        };
        if complete && retry.is_empty() && !waits {
            return None;
        }
        if retry.is_empty() {
            retry = inputs.iter().map(Query::from).filter(unknown).collect();
        }
        Some(Cause {
            member: entry.id.clone(),
            failure: None,
            retry,
            news: false,
            waits,
        })
    }
}
