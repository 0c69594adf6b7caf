//! When each hook is due.

mod hook;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use self::hook::Hook;
use super::change::Change;
use super::outbox::{Edit, Outbox};
use crate::desired::{HookAction, HookSpec};
use crate::moment::{Moment, Now};
use crate::object::HookName;

/// Every hook of the manifest: what it is still to hear, and when it is tried.
///
/// One try of a hook is under way at a time. Hooks run side by side unless they share an object: then in the order of the
/// manifest, and a hook that fails holds up no other.
#[derive(Debug, Clone, Default)]
pub struct HookQueue {
    hooks: Vec<Hook>,
    /// What came of tries and is not recorded yet.
    edits: Vec<Edit>,
    /// Whether the first set of a new volume is not complete yet: no hook runs before that.
    first_sync: bool,
    /// The code that a hook asked the program to end with. No other hook begins after that.
    exit: Option<u8>,
}

/// What is known of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookStatus {
    /// Its name.
    pub name: HookName,
    /// What it does: `exec`, `signal`, `http`, `touch`.
    pub kind: &'static str,
    /// What it has still to hear; empty when it was told everything.
    pub waiting: Vec<Change>,
    /// When the oldest of that was published.
    #[serde(with = "time::serde::rfc3339::option")]
    pub waiting_since: Option<OffsetDateTime>,
    /// How often that was tried in vain.
    pub tries: u32,
    /// Whether a try is under way.
    pub running: bool,
    /// When it succeeded last, in this process.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_success: Option<OffsetDateTime>,
    /// How long that took, in milliseconds.
    #[serde(rename = "lastDurationMs", serialize_with = "milliseconds")]
    pub last_took: Option<Duration>,
    /// How it failed last, while it does.
    pub failure: Option<HookFailure>,
    /// The hook that it waits for: one that shares an object, and is under way or comes first.
    pub behind: Option<HookName>,
    /// When it is tried next, if it is to be.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_try: Option<OffsetDateTime>,
    /// How often it succeeded, in this process.
    pub successes: u64,
    /// How often it failed, in this process.
    pub failures: u64,
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn milliseconds<S: serde::Serializer>(took: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
        .serialize(serializer)
}

/// Why a try failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookFailure {
    /// What was seen.
    pub error: String,
    /// What to do.
    pub hint: String,
}

/// A hook that is to run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookCall {
    /// Which, and how.
    pub hook: Arc<HookSpec>,
    /// What it hears.
    pub changes: Vec<Change>,
    /// How often this was tried in vain before.
    pub tries: u32,
}

/// What a hook that is no more had still to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Which.
    pub hook: HookName,
    /// That.
    pub changes: Vec<Change>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookTry {
    /// What was called.
    pub call: HookCall,
    /// Whether it succeeded.
    pub result: Result<(), HookFailure>,
    /// How long it took.
    pub took: Duration,
}

/// What a try means for the hook; nothing, when it succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// How often in a row it has failed.
    pub failures: u32,
    /// How long it has been failing.
    pub age: Duration,
    /// How long until the next try, if it failed.
    pub next: Option<Duration>,
    /// Whether it is worth a person's attention: new, or a reminder.
    pub news: bool,
}

impl HookQueue {
    /// Takes the hooks of a manifest. Those that were there before keep what is known of them. Gives those that are no more
    /// and had still something to hear.
    pub fn declare(&mut self, specs: &[HookSpec]) -> Vec<Forgotten> {
        let mut known = std::mem::take(&mut self.hooks);
        for spec in specs {
            let at = known.iter().position(|hook| hook.is(&spec.name));
            let mut hook = at.map_or_else(|| Hook::new(spec), |at| known.swap_remove(at));
            hook.change(spec);
            self.hooks.push(hook);
        }
        known.into_iter().filter_map(Hook::forget).collect()
    }

    /// What is recorded for hooks that are no more.
    pub fn forgotten(&self, outbox: &Outbox) -> Vec<Forgotten> {
        let unknown = outbox.notes.iter().filter(|note| !self.knows(&note.hook));
        let forgotten = unknown.map(|note| Forgotten {
            hook: note.hook.clone(),
            changes: note.changes.clone(),
        });
        forgotten.collect()
    }

    /// Whether it has the hook.
    pub fn knows(&self, name: &HookName) -> bool {
        self.hooks.iter().any(|hook| hook.is(name))
    }

    /// Takes what is recorded of what is still to be told, once `recorded` edits are in it.
    pub fn take(&mut self, outbox: &Outbox, recorded: usize, now: Now) {
        self.edits.drain(..recorded.min(self.edits.len()));
        self.first_sync = outbox.first_sync;
        let mut outbox = outbox.clone();
        outbox.edit(&self.edits);
        for hook in &mut self.hooks {
            hook.take(outbox.notes.iter().find(|note| hook.is(&note.hook)), now);
        }
    }

    /// What came of tries and is not recorded yet.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Takes the hooks that are to run now; each counts as running from now on. Those that were not tried yet come first, so
    /// that hooks that hang cannot take turns and keep the one behind them waiting; then manifest order.
    pub fn start(&mut self, now: Moment) -> Vec<HookCall> {
        let mut calls = Vec::new();
        if self.first_sync || self.exit.is_some() {
            return calls;
        }
        let mut order: Vec<usize> = (0..self.hooks.len()).collect();
        order.sort_by_key(|number| !self.hooks[*number].is_untried());
        for number in order {
            if self.hooks[number].is_due(now) && self.waits_for(number).is_none() {
                calls.push(self.hooks[number].start());
            }
        }
        calls
    }

    /// Another hook that shares an object and is under way, or is to be tried first. One that ends the program shares
    /// everything, and comes last.
    fn waits_for(&self, number: usize) -> Option<&HookName> {
        let hook = &self.hooks[number];
        let others = self
            .hooks
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number);
        let first = others
            .filter(|(_, other)| other.shares_an_object(hook))
            .find(|(place, other)| {
                other.is_running() || other.is_untried() && other.place(*place) < hook.place(number)
            });
        first.map(|(_, other)| other.name())
    }

    /// When the next hook is due that is not under way.
    pub fn next_due(&self) -> Option<Moment> {
        if self.first_sync || self.exit.is_some() {
            return None;
        }
        let free = (0..self.hooks.len()).filter(|number| self.waits_for(*number).is_none());
        free.filter_map(|number| self.hooks[number].due()).min()
    }

    /// A try came to its end.
    pub fn ended(&mut self, done: &HookTry, at: OffsetDateTime, now: Now) -> Tried {
        let name = &done.call.hook.name;
        self.edits.push(match &done.result {
            Ok(()) => Edit::Told(name.clone(), done.call.changes.clone()),
            Err(_) => Edit::Failed(name.clone()),
        });
        if let (HookAction::Exit(code), Ok(())) = (&done.call.hook.action, &done.result) {
            self.exit = Some(*code);
        }
        match self.hooks.iter_mut().find(|hook| hook.is(name)) {
            Some(hook) => hook.ended(done, at, now),
            // The manifest was exchanged meanwhile.
            None => Tried::default(),
        }
    }

    /// The hooks that have something to hear.
    pub fn waiting(&self) -> impl Iterator<Item = &HookName> {
        let waiting = self.hooks.iter().filter(|hook| hook.has_something_to_hear());
        waiting.map(Hook::name)
    }

    /// Whether a try is under way.
    pub fn is_running(&self) -> bool {
        self.hooks.iter().any(Hook::is_running)
    }

    /// The code that a hook asked the program to end with, once it is recorded that this was told: else it would end again and
    /// again.
    pub fn exit(&self) -> Option<u8> {
        self.exit.filter(|_| self.edits.is_empty())
    }

    /// What is known of each, in manifest order. `now` is `at` by the wall clock.
    pub fn statuses(&self, at: OffsetDateTime, now: Moment) -> Vec<HookStatus> {
        let statuses = self.hooks.iter().enumerate().map(|(number, hook)| HookStatus {
            behind: self.waits_for(number).filter(|_| !hook.is_running()).cloned(),
            ..hook.status(at, now)
        });
        statuses.collect()
    }
}
