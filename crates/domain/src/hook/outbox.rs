//! What is still to be told.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::change::{self, Change};
use crate::object::HookName;

/// What is still to be told of publishes. It is recorded in the same step as the files.
///
/// A program may find notes of a newer one, and keeps what it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Value>", into = "Vec<Value>")]
pub struct Outbox {
    /// Whether the first set of a new volume is not complete yet.
    pub first_sync: bool,
    /// One for each hook that has something to hear.
    pub notes: Vec<Note>,
    /// What a newer program knows.
    other: Vec<Value>,
}

/// What one hook is still to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Which.
    pub hook: HookName,
    /// When the oldest of the changes was published.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How often it was tried in vain.
    #[serde(default)]
    pub tries: u32,
    /// What changed.
    pub changes: Vec<Change>,
    /// What a newer program knows.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// What a try changes of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The hook heard of these changes.
    Told(HookName, Vec<Change>),
    /// It was tried in vain.
    Failed(HookName),
}

/// The mark of a first set that is not complete.
const FIRST_SYNC: &str = "firstSync";

impl Outbox {
    /// Whether everything was told.
    pub const fn is_empty(&self) -> bool {
        !self.first_sync && self.notes.is_empty() && self.other.is_empty()
    }

    /// The note of a hook.
    pub fn note(&self, hook: &HookName) -> Option<&Note> {
        self.notes.iter().find(|note| note.hook == *hook)
    }

    /// Adds a change of one publish to what a hook is to hear.
    pub(super) fn add(&mut self, hook: &HookName, at: OffsetDateTime, changes: Vec<Change>) {
        if let Some(note) = self.notes.iter_mut().find(|note| note.hook == *hook) {
            for change in changes {
                change::follow(&mut note.changes, change);
            }
            return;
        }
        self.notes.push(Note {
            hook: hook.clone(),
            since: at,
            tries: 0,
            changes,
            other: Map::new(),
        });
    }

    /// With what came of tries since it was recorded.
    pub fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            match edit {
                Edit::Told(hook, changes) => self.told(hook, changes),
                Edit::Failed(hook) => {
                    let notes = self.notes.iter_mut().filter(|note| note.hook == *hook);
                    notes.for_each(|note| {
                        note.fail();
                    });
                }
            }
        }
    }

    fn told(&mut self, hook: &HookName, told: &[Change]) {
        let notes = std::mem::take(&mut self.notes).into_iter();
        let rest = notes.filter_map(|note| {
            if note.hook == *hook {
                note.after(told)
            } else {
                Some(note)
            }
        });
        self.notes = rest.collect();
    }

    /// Without notes for hooks that are no more: nobody is left to hear them.
    pub fn retain(&mut self, is_known: impl Fn(&HookName) -> bool) {
        self.notes.retain(|note| is_known(&note.hook));
    }
}

impl Note {
    /// One more try was in vain; gives how many were.
    pub(super) const fn fail(&mut self) -> u32 {
        self.tries = self.tries.saturating_add(1);
        self.tries
    }

    /// What is left when these changes were told; none when nothing is.
    pub(super) fn after(mut self, told: &[Change]) -> Option<Self> {
        self.tries = 0;
        change::told(&mut self.changes, told);
        (!self.changes.is_empty()).then_some(self)
    }
}

impl From<Vec<Value>> for Outbox {
    fn from(values: Vec<Value>) -> Self {
        let mut outbox = Self::default();
        for value in values {
            if value.get(FIRST_SYNC) == Some(&Value::Bool(true)) {
                outbox.first_sync = true;
            } else {
                match Note::deserialize(&value) {
                    Ok(note) => outbox.notes.push(note),
                    Err(_) => outbox.other.push(value),
                }
            }
        }
        outbox
    }
}

impl From<Outbox> for Vec<Value> {
    fn from(outbox: Outbox) -> Self {
        let first = outbox.first_sync.then(|| serde_json::json!({ FIRST_SYNC: true }));
        let notes = outbox
            .notes
            .into_iter()
            .map(|note| serde_json::to_value(note).expect("a note is plain data with keys that are texts"));
        first.into_iter().chain(notes).chain(outbox.other).collect()
    }
}
