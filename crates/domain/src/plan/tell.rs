//! Who is to hear of what a plan changes.
//!
//! Whether the bytes of a file differ is found out when it is published; here it is said who hears of it then.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::decide::Plan;
use super::entry_plan::{EntryPlan, Outcome};
use super::file_plan::Action;
use crate::desired::{Content, HookFilter, HookSpec};
use crate::entry::{Entry, Group};
use crate::hook::{Change, Edit, Outbox, Telling};
use crate::object::{GroupName, ObjectId, ObjectName, VersionId};
use crate::path::RelativePath;
use crate::payload::{FileRecord, Input, Observation};

/// What it takes to say who hears of a publish.
#[derive(Debug, Clone, Copy)]
pub struct Tell<'t> {
    /// The hooks of the manifest.
    pub hooks: &'t [HookSpec],
    /// What came of tries since the outbox was recorded.
    pub edits: &'t [Edit],
    /// What is on the volume.
    pub observed: &'t Observation,
    /// When.
    pub now: OffsetDateTime,
}

/// One file that changes.
struct Changing<'c> {
    path: &'c RelativePath,
    name: Option<&'c ObjectName>,
    together: Option<&'c GroupName>,
    changes: Vec<Change>,
}

impl Tell<'_> {
    /// What is to be told of each file when it turns out to be different, and what is still to be told of earlier ones.
    pub fn telling(&self, plan: &Plan, entries: &[Entry]) -> Telling {
        let is_first = self.observed.is_new || self.observed.outbox.first_sync;
        let open = self.open(is_first && !is_complete(plan));
        if self.hooks.is_empty() {
            return Telling::only(open);
        }
        let mut telling = Telling {
            at: Some(self.now),
            hooks: self.hooks.iter().map(|hook| hook.name.clone()).collect(),
            ..Telling::only(open)
        };
        for changing in self.changing(plan, entries) {
            let hearing = self
                .hooks
                .iter()
                .enumerate()
                .filter(|(_, hook)| (hook.on_first_sync || !is_first) && changing.is_for(&hook.when));
            let hooks: Vec<_> = hearing.map(|(number, _)| number).collect();
            if !hooks.is_empty() {
                telling
                    .changes
                    .insert(changing.path.clone(), (changing.changes, hooks));
            }
        }
        telling
    }

    fn open(&self, first_sync: bool) -> Outbox {
        let mut open = self.observed.outbox.clone();
        open.edit(self.edits);
        open.retain(|name| self.hooks.iter().any(|hook| hook.name == *name));
        open.first_sync = first_sync;
        open
    }

    fn changing<'p>(&'p self, plan: &'p Plan, entries: &'p [Entry]) -> Vec<Changing<'p>> {
        let served = self.served();
        let files = plan.files.iter().filter_map(|(path, file)| {
            let unchanged = matches!(&file.action, Action::Keep(at) if at == path);
            let entry = file.entry.and_then(|number| entries.get(number));
            let earlier = self.observed.files.get(path).map(|found| found.record.as_ref());
            (!unchanged).then(|| Changing {
                path,
                name: entry.and_then(Entry::source).map(|source| &source.object.name),
                together: entry.and_then(together),
                changes: changes(path, earlier, &file.record, &served),
            })
        });
        let removals = plan.removals.keys().filter_map(|path| {
            let record = self.observed.files.get(path)?.record.as_ref();
            let entry = entries.iter().find(|entry| entry.removals.contains(path));
            Some(Changing {
                path,
                name: record.object().map(|(source, _)| &source.object.name),
                together: entry.and_then(together),
                changes: objects(record)
                    .map(|(object, version)| Change::new(object, None, Some(version.clone()), path.clone()))
                    .collect(),
            })
        });
        files.chain(removals).collect()
    }

    /// A version of each object that is served now, by the first of its paths.
    fn served(&self) -> BTreeMap<&ObjectId, &VersionId> {
        let mut served = BTreeMap::new();
        for found in self.observed.files.values() {
            for (object, version) in objects(&found.record) {
                served.entry(object).or_insert(version);
            }
        }
        served
    }
}

impl Changing<'_> {
    fn is_for(&self, when: &[HookFilter]) -> bool {
        let name = self.name.map(ObjectName::as_str);
        let fits = |filter: &HookFilter| filter.fits(self.path.as_str(), name, self.together);
        when.is_empty() || when.iter().any(fits)
    }
}

/// Whether the first set is complete: what is required is there, and nothing else may arrive within moments.
fn is_complete(plan: &Plan) -> bool {
    plan.blocked.is_none() && plan.entries.iter().all(is_settled)
}

/// Whether it is there, and no answer of it is on its way that would make it so.
const fn is_settled(entry: &EntryPlan) -> bool {
    let may_arrive = matches!(
        entry.outcome,
        Outcome::Pending {
            complete: false,
            waits: true
        }
    );
    entry.is_there() && !may_arrive
}

const fn together(entry: &Entry) -> Option<&GroupName> {
    match &entry.group {
        Some(Group::Named(name)) => Some(name),
        Some(Group::History(_)) | None => None,
    }
}

/// The objects that a file shows, and their versions. The password of a key store is none of them.
fn objects(record: &FileRecord) -> impl Iterator<Item = (&ObjectId, &VersionId)> {
    let shown = match record.content {
        Content::Template(_) => record.inputs.len(),
        _ => 1,
    };
    let inputs = record.inputs.iter().take(shown);
    inputs.filter_map(|input| match &input.input {
        Input::Object(source) => Some((&source.object, &input.version)),
        Input::File(_) => None,
    })
}

/// What changes at a path. Of what is made of several objects, those that have another version; all, when it is its form
/// that changed.
fn changes(
    path: &RelativePath,
    earlier: Option<&FileRecord>,
    record: &FileRecord,
    served: &BTreeMap<&ObjectId, &VersionId>,
) -> Vec<Change> {
    let before: BTreeMap<_, _> = earlier.into_iter().flat_map(objects).collect();
    let all = objects(record).map(|(object, version)| {
        let previous = before.get(object).or_else(|| served.get(object));
        Change::new(
            object,
            Some(version.clone()),
            previous.map(|version| (*version).clone()),
            path.clone(),
        )
    });
    let all: Vec<_> = all.collect();
    let differ = |change: &&Change| change.version != change.previous;
    if all.iter().any(|change| differ(&change)) {
        all.into_iter().filter(|change| differ(&change)).collect()
    } else {
        all
    }
}
