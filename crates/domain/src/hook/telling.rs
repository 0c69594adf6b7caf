//! Who is to hear of what a publish may change.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::change::{self, Change};
use super::outbox::Outbox;
use crate::object::HookName;
use crate::path::RelativePath;

/// Goes along with a payload: what is to be told of each file, if its bytes turn out to be different. Only the volume
/// finds that out, and it records what is to be told in the same step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// What is still to be told of earlier publishes.
    pub open: Outbox,
    /// The hooks that hear something, in manifest order.
    pub hooks: Vec<HookName>,
    /// By path: the changes of its file, and the numbers of the hooks that hear of them.
    pub changes: BTreeMap<RelativePath, (Vec<Change>, Vec<usize>)>,
    /// When.
    pub at: Option<OffsetDateTime>,
}

impl Telling {
    /// Nothing happens but this: what is open stays open.
    pub fn only(open: Outbox) -> Self {
        Self {
            open,
            ..Self::default()
        }
    }

    /// What is still to be told when these files changed or disappeared.
    pub fn outbox<'p>(&self, changed: impl IntoIterator<Item = &'p RelativePath>) -> Outbox {
        let mut heard: Vec<Vec<Change>> = vec![Vec::new(); self.hooks.len()];
        let changed = changed.into_iter().filter_map(|path| self.changes.get(path));
        for (changes, hooks) in changed {
            for &hook in hooks {
                for change in changes {
                    change::gather(&mut heard[hook], change.clone());
                }
            }
        }
        let mut outbox = self.open.clone();
        for (hook, changes) in self.hooks.iter().zip(heard) {
            if let Some(at) = self.at.filter(|_| !changes.is_empty()) {
                outbox.add(hook, at, changes);
            }
        }
        outbox
    }
}
