//! From what the manifest asks for to entries that name versions: which versions a history has, which secrets a
//! selection picks, which version a policy means.
//!
//! It is done again whenever more is known. What it cannot know yet it names ([`Expansion::wanted`]), and goes by the
//! last list, or by what is published: nothing that is published is dropped because a list is missing or failed.

mod exodus;
mod left_behind;
mod named;
mod selection;
mod versions;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use time::OffsetDateTime;

use super::answers::{Answers, Lists};
use super::desired::SyncSpec;
use super::entry::{Entry, Group};
use super::object::ObjectId;
use super::path::RelativePath;
use super::path_set::PathSet;
use super::published::Published;
use super::query::Query;
use super::timing::Timing;

/// What an expansion goes by.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// The answers that are at hand.
    pub answers: &'f Answers,
    /// The last lists that came back whole.
    pub lists: &'f Lists,
    /// How questions failed that were answered before.
    pub timing: &'f dyn Timing,
    /// What the volume has.
    pub published: &'f Published<'f>,
    /// The time by the wall clock.
    pub now: OffsetDateTime,
}

/// Entries, and what would make them more certain.
#[derive(Debug)]
pub struct Expansion {
    /// In manifest order: objects, selections, templates.
    pub entries: Vec<Entry>,
    /// Lists and versions that decide what the entries are, each with the time after which it is asked for again.
    pub wanted: BTreeMap<Query, Duration>,
    /// What an answer of this pass leads to; it cannot wait for a time of its own.
    pub followed: BTreeSet<Query>,
}

impl Expansion {
    /// Every question that there may be, each with the shortest interval at which somebody wants it asked.
    pub fn intervals(&self) -> BTreeMap<Query, Duration> {
        // What moves together is asked for together, so the shortest interval of a group counts for all of it.
        let mut groups: BTreeMap<&Group, Duration> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(group) = &entry.group {
                let shortest = groups.entry(group).or_insert(entry.interval);
                *shortest = entry.interval.min(*shortest);
            }
        }
        let mut intervals = self.wanted.clone();
        for entry in &self.entries {
            let of_group = entry.group.as_ref().and_then(|group| groups.get(group));
            for query in entry.questions() {
                want(&mut intervals, query, *of_group.unwrap_or(&entry.interval));
            }
        }
        intervals
    }
}

fn want(intervals: &mut BTreeMap<Query, Duration>, query: Query, interval: Duration) {
    let shortest = intervals.entry(query).or_insert(interval);
    *shortest = interval.min(*shortest);
}

/// Expands a specification, as far as the facts go.
pub fn expand<'f>(spec: &'f SyncSpec, facts: Facts<'f>) -> Expansion {
    let mut expander = Expander {
        spec,
        facts,
        named: OnceCell::new(),
        wanted: BTreeMap::new(),
        followed: BTreeSet::new(),
    };
    let mut entries = Vec::with_capacity(spec.objects.len() + spec.templates.len());
    for object in &spec.objects {
        entries.extend(expander.object(object));
    }
    let templates: Vec<_> = spec
        .templates
        .iter()
        .map(|template| expander.template(template))
        .collect();
    if !spec.selections.is_empty() {
        // What is named goes before what is picked by rule.
        let mut paths = claimed(entries.iter().chain(&templates));
        for selection in &spec.selections {
            entries.extend(expander.selection(selection, &mut paths));
        }
    }
    entries.extend(templates);
    Expansion {
        entries,
        wanted: expander.wanted,
        followed: expander.followed,
    }
}

fn claimed<'e>(entries: impl Iterator<Item = &'e Entry>) -> PathSet {
    let mut paths = PathSet::default();
    for file in entries.flat_map(|entry| &entry.files) {
        // The manifest was checked, so only a history that grew into another path can be refused; the volume tells.
        let _ = paths.claim(&file.path);
    }
    paths
}

/// Collects what would be good to know.
struct Expander<'f> {
    spec: &'f SyncSpec,
    facts: Facts<'f>,
    /// The paths that the manifest names, when somebody wants to know.
    named: OnceCell<BTreeMap<RelativePath, Option<ObjectId>>>,
    wanted: BTreeMap<Query, Duration>,
    followed: BTreeSet<Query>,
}

impl Expander<'_> {
    fn want(&mut self, query: Query, interval: Duration) {
        want(&mut self.wanted, query, interval);
    }
}
