//! What is known of hooks.

use time::OffsetDateTime;

use super::Status;
use crate::event::Event;
use crate::hook::{HookCall, HookTry, Outbox};
use crate::moment::{Moment, Now};
use crate::outcome::{PassOutcome, RecordedOutbox};

impl Status {
    /// Takes what is recorded of what hooks are still to hear.
    pub(super) fn fold_outbox(&mut self, outcome: &PassOutcome, now: Now) {
        if let Some(RecordedOutbox { outbox, edits }) = &outcome.outbox {
            self.hooks.take(outbox, *edits, now);
        }
        self.show_hooks(outcome.at, outcome.began);
    }

    /// Takes what an earlier process left to be told.
    pub(super) fn recall_outbox(&mut self, outbox: &Outbox, at: OffsetDateTime, now: Now) {
        self.hooks.take(outbox, 0, now);
        self.show_hooks(at, now.at);
    }

    /// Takes the hooks that are to run now. `now` is `at` by the wall clock.
    pub fn start_hooks(&mut self, at: OffsetDateTime, now: Moment) -> Vec<HookCall> {
        let calls = self.hooks.start(now);
        if !calls.is_empty() {
            self.show_hooks(at, now);
        }
        calls
    }

    /// A try of a hook came to its end; gives what there is to tell of that.
    pub fn hook_ended(&mut self, done: &HookTry, at: OffsetDateTime, now: Now) -> Event {
        let tried = self.hooks.ended(done, at, now);
        self.show_hooks(at, now.at);
        let hook = done.call.hook.name.clone();
        match &done.result {
            Ok(()) => Event::HookSucceeded {
                hook,
                kind: done.call.hook.action.word(),
                changes: done.call.changes.clone(),
                took: done.took,
                tries: done.call.tries.saturating_add(1),
            },
            Err(failure) => Event::HookFailed {
                hook,
                kind: done.call.hook.action.word(),
                failure: failure.clone(),
                times: tried.failures,
                age: tried.age,
                next: tried.next,
                news: tried.news,
            },
        }
    }

    fn show_hooks(&mut self, at: OffsetDateTime, now: Moment) {
        self.hook_statuses = self.hooks.statuses(at, now);
    }
}
