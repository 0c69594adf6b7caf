//! Rendering, away from the thread that answers signals and timers.
//!
//! Key derivation may take seconds for one value. So entries are rendered on a thread for blocking work, one after the
//! other, the quick ones first and many at a time: most are copies of a value. What is not done in a moment does not hold
//! up the rest: its entry waits, and its end is worth another pass. What has not begun when the loop ends is never begun.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::domain::entry::EntryKey;
use crate::domain::failure::{Failure, Reason};
use crate::render::entry::{Job, Made, Origin};

/// How long a pass waits for what is being rendered.
const MOMENT: Duration = Duration::from_millis(250);

/// How many quick entries are rendered in one turn: together they take no longer than a slow one.
const QUICK: usize = 64;

/// What is being rendered, and what is done and not used yet.
pub struct Renders {
    turn: Arc<Semaphore>,
    flights: FuturesUnordered<BoxFuture<'static, Vec<(EntryKey, Done)>>>,
    under_way: BTreeMap<EntryKey, Arc<Origin>>,
    done: BTreeMap<EntryKey, Done>,
    /// What was done and no pass has seen.
    unseen: BTreeSet<EntryKey>,
}

/// What came of a job, and of what it was made.
struct Done {
    origin: Arc<Origin>,
    made: Result<Made, Failure>,
}

impl Default for Renders {
    fn default() -> Self {
        Self::new()
    }
}

impl Renders {
    /// Nothing is under way.
    pub fn new() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            flights: FuturesUnordered::new(),
            under_way: BTreeMap::new(),
            done: BTreeMap::new(),
            unseen: BTreeSet::new(),
        }
    }

    /// Starts the jobs that are not under way or done, the quick ones first.
    pub fn start(&mut self, mut jobs: Vec<(EntryKey, Job)>) {
        jobs.retain(|(key, job)| !self.is_known(key, job.origin()));
        for (key, job) in &jobs {
            self.done.remove(key);
            self.under_way.insert(key.clone(), Arc::clone(job.origin()));
        }
        let (mut slow, mut quick): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|(_, job)| job.is_slow());
        while !quick.is_empty() {
            let later = quick.split_off(quick.len().min(QUICK));
            self.push(std::mem::replace(&mut quick, later));
        }
        for job in slow.drain(..) {
            self.push(vec![job]);
        }
    }

    fn is_known(&self, key: &EntryKey, origin: &Arc<Origin>) -> bool {
        self.under_way.get(key) == Some(origin)
            || self.done.get(key).is_some_and(|done| done.origin == *origin)
    }

    /// Renders these one after the other, in a turn of their own.
    fn push(&mut self, jobs: Vec<(EntryKey, Job)>) {
        let turn = Arc::clone(&self.turn);
        self.flights.push(Box::pin(async move {
            // The semaphore is never closed.
            let _turn = turn.acquire().await;
            let done = tokio::task::spawn_blocking(move || jobs.into_iter().map(render).collect());
            // It ends otherwise only with the runtime, and then nobody waits for it.
            done.await.unwrap_or_default()
        }));
    }

    /// Waits a moment for what is under way.
    pub async fn wait_a_moment(&mut self) {
        let deadline = Instant::now() + MOMENT;
        while let Ok(Some(done)) = timeout_at(deadline, self.flights.next()).await {
            self.land(done);
        }
    }

    /// Returns when something is done that a pass did not wait for. Never, when nothing is under way. May be dropped and
    /// called again.
    pub async fn finished(&mut self) {
        if self.has_news() {
            return;
        }
        match self.flights.next().await {
            Some(done) => self.land(done),
            None => std::future::pending().await,
        }
    }

    fn land(&mut self, all: Vec<(EntryKey, Done)>) {
        for (key, done) in all {
            if self.under_way.get(&key) == Some(&done.origin) {
                self.under_way.remove(&key);
                self.unseen.insert(key.clone());
                self.done.insert(key, done);
            }
        }
    }

    /// The bytes of an entry, if it was made of just this.
    pub fn made(&self, key: &EntryKey, origin: &Arc<Origin>) -> Option<&Made> {
        let done = self.done.get(key).filter(|done| done.origin == *origin)?;
        done.made.as_ref().ok()
    }

    /// Whether something is done that no pass has seen.
    pub fn has_news(&self) -> bool {
        !self.unseen.is_empty()
    }

    /// A pass that begins now sees everything that is done.
    pub fn see_all(&mut self) {
        self.unseen.clear();
    }

    /// The same for an entry, in the middle of a pass: what came of it, if it was made of just this.
    pub fn see(&mut self, key: &EntryKey, origin: &Arc<Origin>) -> Option<Result<(), Failure>> {
        let done = self.done.get(key).filter(|done| done.origin == *origin)?;
        self.unseen.remove(key);
        Some(done.made.as_ref().map(|_| ()).map_err(Clone::clone))
    }

    /// Whether nothing is under way, and nothing done is unseen.
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.unseen.is_empty()
    }

    /// Lets go of what is done, but for what waits for something else.
    pub fn release(&mut self, waits: impl Fn(&EntryKey) -> bool) {
        self.done.retain(|key, _| waits(key));
    }
}

fn render((key, job): (EntryKey, Job)) -> (EntryKey, Done) {
    let origin = Arc::clone(job.origin());
    let id = job.id().clone();
    let made = catch_unwind(AssertUnwindSafe(|| job.run())).unwrap_or_else(|_| {
        let detail = format!("{id} was not rendered to its end");
        Err(Failure::new(
            Reason::Unrenderable,
            detail,
            "report this as a defect",
        ))
    });
    (key, Done { origin, made })
}
