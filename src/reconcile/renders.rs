//! Rendering, away from the thread that answers signals and timers.
//!
//! Key derivation may take seconds for one value. So each entry is rendered on a thread for blocking work, one after the
//! other, the quick ones first. What is not done in a moment does not hold up the rest: its entry waits, and its end is
//! worth another pass. What has not begun when the loop ends is never begun.

use std::collections::{BTreeMap, BTreeSet};
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

/// What is being rendered, and what is done and not used yet.
pub struct Renders {
    turn: Arc<Semaphore>,
    flights: FuturesUnordered<BoxFuture<'static, (EntryKey, Done)>>,
    under_way: BTreeMap<EntryKey, Origin>,
    done: BTreeMap<EntryKey, Done>,
    /// What was done and no pass has seen.
    unseen: BTreeSet<EntryKey>,
}

/// What came of a job, and of what it was made.
struct Done {
    origin: Origin,
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
    pub fn start(&mut self, jobs: Vec<(EntryKey, Job)>) {
        let (slow, quick): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|(_, job)| job.is_slow());
        for (key, job) in quick.into_iter().chain(slow) {
            let origin = job.origin();
            let is_known = self.under_way.get(&key) == Some(&origin)
                || self.done.get(&key).is_some_and(|done| done.origin == origin);
            if is_known {
                continue;
            }
            self.done.remove(&key);
            self.under_way.insert(key.clone(), origin.clone());
            let turn = Arc::clone(&self.turn);
            self.flights.push(Box::pin(async move {
                let made = render(&turn, job).await;
                (key, Done { origin, made })
            }));
        }
    }

    /// Waits a moment for what is under way.
    pub async fn wait_a_moment(&mut self) {
        let deadline = Instant::now() + MOMENT;
        while let Ok(Some((key, done))) = timeout_at(deadline, self.flights.next()).await {
            self.land(key, done);
        }
    }

    /// Returns when something is done that a pass did not wait for. Never, when nothing is under way. May be dropped and
    /// called again.
    pub async fn finished(&mut self) {
        if self.has_news() {
            return;
        }
        match self.flights.next().await {
            Some((key, done)) => self.land(key, done),
            None => std::future::pending().await,
        }
    }

    fn land(&mut self, key: EntryKey, done: Done) {
        if self.under_way.get(&key) == Some(&done.origin) {
            self.under_way.remove(&key);
            self.unseen.insert(key.clone());
            self.done.insert(key, done);
        }
    }

    /// The bytes of an entry, if it was made of just this.
    pub fn made(&self, key: &EntryKey, origin: &Origin) -> Option<&Made> {
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
    pub fn see(&mut self, key: &EntryKey, origin: &Origin) -> Option<Result<(), Failure>> {
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

async fn render(turn: &Arc<Semaphore>, job: Job) -> Result<Made, Failure> {
    // The semaphore is never closed.
    let _turn = turn.acquire().await;
    let id = job.id().clone();
    let rendered = tokio::task::spawn_blocking(move || job.run()).await;
    rendered.unwrap_or_else(|stopped| {
        let detail = format!("{id} was not rendered to its end");
        Err(Failure::new(Reason::Unrenderable, detail, "report this as a defect").caused_by(stopped))
    })
}
