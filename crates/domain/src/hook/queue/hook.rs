//! One hook: what it is still to hear, and when it is tried.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::{Forgotten, HookCall, HookFailure, HookStatus, HookTry, Tried};
use crate::desired::{HookAction, HookSpec};
use crate::hook::change::Change;
use crate::hook::outbox::Note;
use crate::lasting::Lasting;
use crate::moment::{Moment, Now};
use crate::object::HookName;

/// What is known of one hook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    spec: Arc<HookSpec>,
    /// What it is still to hear.
    note: Option<Note>,
    /// When it is tried next, if there is something to hear.
    due: Moment,
    running: bool,
    /// Since when it fails, and when that is told, while it does.
    lasting: Option<Lasting>,
    failure: Option<HookFailure>,
    last_success: Option<OffsetDateTime>,
    last_took: Option<Duration>,
    successes: u64,
    failures: u64,
}

impl Hook {
    pub(super) fn new(spec: &HookSpec) -> Self {
        Self {
            spec: Arc::new(spec.clone()),
            note: None,
            due: Moment::START,
            running: false,
            lasting: None,
            failure: None,
            last_success: None,
            last_took: None,
            successes: 0,
            failures: 0,
        }
    }

    pub(super) fn name(&self) -> &HookName {
        &self.spec.name
    }

    pub(super) fn is(&self, name: &HookName) -> bool {
        self.spec.name == *name
    }

    /// Takes what the manifest says of it now. One that was mended is tried at once.
    pub(super) fn change(&mut self, spec: &HookSpec) {
        if *self.spec != *spec {
            self.spec = Arc::new(spec.clone());
            self.due = Moment::START;
        }
    }

    /// The manifest has it no more: gives what it had still to hear. A try that is under way may yet tell that.
    pub(super) fn forget(self) -> Option<Forgotten> {
        let note = self.note.filter(|_| !self.running)?;
        Some(Forgotten {
            hook: note.hook,
            changes: note.changes,
        })
    }

    /// Takes what it is still to hear. What is new waits for more of it, and a moment by chance.
    pub(super) fn take(&mut self, note: Option<&Note>, now: Now) {
        let known = self.note.as_ref().map(|note| note.changes.as_slice());
        let changes = note.map(|note| note.changes.as_slice());
        let is_news = changes.is_some() && changes != known;
        if is_news && self.lasting.is_none() {
            self.due = now.at + self.spec.debounce + self.spec.splay.mul_f64(now.jitter.clamp(0.0, 1.0));
        }
        self.note = note.cloned();
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running
    }

    pub(super) const fn has_something_to_hear(&self) -> bool {
        self.note.is_some()
    }

    /// Whether it has something to hear that was never tried.
    pub(super) fn is_untried(&self) -> bool {
        self.note.as_ref().is_some_and(|note| note.tries == 0) && self.lasting.is_none()
    }

    /// When it is tried next, if it is to be and no try is under way.
    pub(super) fn due(&self) -> Option<Moment> {
        (self.note.is_some() && !self.running).then_some(self.due)
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// What decides who is tried first: its place in the manifest, and last what ends the program.
    pub(super) fn place(&self, number: usize) -> (bool, usize) {
        (self.spec.action.is_exit(), number)
    }

    pub(super) fn shares_an_object(&self, other: &Self) -> bool {
        let mut actions = [&self.spec.action, &other.spec.action].into_iter();
        if actions.any(HookAction::is_exit) {
            return true;
        }
        let (mine, others) = (self.waiting(), other.waiting());
        mine.iter()
            .any(|mine| others.iter().any(|other| mine.is_of(other)))
    }

    fn waiting(&self) -> &[Change] {
        self.note.as_ref().map_or(&[], |note| &note.changes)
    }

    /// It runs from now on.
    pub(super) fn start(&mut self) -> HookCall {
        self.running = true;
        HookCall {
            hook: Arc::clone(&self.spec),
            changes: self.waiting().to_vec(),
            tries: self.note.as_ref().map_or(0, |note| note.tries),
        }
    }

    /// A try came to its end.
    pub(super) fn ended(&mut self, done: &HookTry, at: OffsetDateTime, now: Now) -> Tried {
        self.running = false;
        match &done.result {
            Ok(()) => self.succeeded(done, at, now),
            Err(failure) => self.failed(failure, now),
        }
    }

    fn succeeded(&mut self, done: &HookTry, at: OffsetDateTime, now: Now) -> Tried {
        self.lasting = None;
        self.failure = None;
        self.last_success = Some(at);
        self.last_took = Some(done.took);
        self.successes += 1;
        // What changed meanwhile is another call. It has waited for this one already.
        let heard = done.call.changes.as_slice();
        self.note = self.note.take().and_then(|note| note.after(heard));
        self.due = now.at;
        Tried::default()
    }

    fn failed(&mut self, failure: &HookFailure, now: Now) -> Tried {
        self.failures += 1;
        let lasting = self.lasting.get_or_insert_with(|| Lasting::begun(now.at));
        let (age, news) = (lasting.age(now.at), now.at >= lasting.due());
        if news {
            lasting.tell(now.at);
        }
        self.failure = Some(failure.clone());
        let failures = self.note.as_mut().map_or(1, Note::fail);
        let wait = self.wait_after(failures, now.jitter);
        self.due = now.at + wait;
        Tried {
            failures,
            age,
            next: Some(wait),
            news,
        }
    }

    /// The first wait, doubled with each failure up to the longest; the upper half of it by chance.
    fn wait_after(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self
            .spec
            .retry
            .initial
            .saturating_mul(1 << failures.saturating_sub(1).min(16));
        let wait = doubled.min(self.spec.retry.max);
        wait / 2 + (wait / 2).mul_f64(jitter.clamp(0.0, 1.0))
    }

    /// What is known of it. `now` is `at` by the wall clock.
    pub(super) fn status(&self, at: OffsetDateTime, now: Moment) -> HookStatus {
        let next = self.due().map(|due| at + due.since(now));
        HookStatus {
            name: self.spec.name.clone(),
            kind: self.spec.action.word(),
            waiting: self.waiting().to_vec(),
            waiting_since: self.note.as_ref().map(|note| note.since),
            tries: self.note.as_ref().map_or(0, |note| note.tries),
            running: self.running,
            last_success: self.last_success,
            last_took: self.last_took,
            failure: self.failure.clone(),
            behind: None,
            next_try: next,
            successes: self.successes,
            failures: self.failures,
        }
    }
}
