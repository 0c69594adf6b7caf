//! The questions that are under way.
//!
//! Questions leave as their gates let them, some at a time for each host, and are no barrier for each other: what has
//! arrived is published although something else is still awaited. When that is worth while, [`Asking::settled`] says:
//! when everything asked is answered, when news is at hand and no answer came for a quarter of a second, or a second
//! after the first news. A failed question stays a failure in the schedule; nothing is remembered here but what is under
//! way and what was not used yet.

mod flight;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use self::flight::{Flight, Landed, leads_on};
use super::passwords::PasswordReads;
use super::uptime::Uptime;
use crate::domain::answers::Answers;
use crate::domain::call::Call;
use crate::domain::gate::Permit;
use crate::domain::moment::{Moment, Now};
use crate::domain::news::Baseline;
use crate::domain::object::VaultId;
use crate::domain::protocol::Protocol;
use crate::domain::query::Query;
use crate::domain::schedule::{Ended, Schedule};
use crate::ports::{Attempts, Jitter, Vault};

/// How long questions may take.
#[derive(Debug, Clone, Copy)]
pub struct AskLimits {
    /// Longest time for one object or password file.
    pub per_object: Duration,
    /// Longest time for a list, which is as long as its vault makes it.
    pub per_list: Duration,
}

impl Default for AskLimits {
    fn default() -> Self {
        Self {
            per_object: Duration::from_secs(30),
            per_list: Duration::from_secs(90),
        }
    }
}

/// News is published when no answer came for this long.
const QUIET: Duration = Duration::from_millis(250);

/// News is published this long after it arrived, whatever else comes.
const LATEST: Duration = Duration::from_secs(1);

/// Which news is worth a publish before everything is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// All, after a moment.
    Short,
    /// None: everything is waited for, and no answer is let go, so that the last decision knows all of them.
    Endless,
    /// The same, when the time for it is over: nothing is asked any more, and what is at hand has to do.
    Over,
}

/// Hears of each question and answer; for a progress line.
pub trait AskProgress: Send + Sync {
    /// A question left.
    fn asked(&self, query: &Query);

    /// It has an answer, which is what was asked for or not; others wait to leave.
    fn answered(&self, query: &Query, fetched: bool, waiting: &mut dyn Iterator<Item = &Query>);
}

/// Where the schedule's [`Now`] comes from.
#[derive(Clone, Copy)]
pub struct NowSource<'n> {
    /// The time.
    pub uptime: &'n Uptime,
    /// Whether last known good is served.
    pub ready: bool,
    /// Chance.
    pub jitter: &'n dyn Jitter,
}

impl NowSource<'_> {
    fn now(&self) -> Now {
        Now {
            at: self.uptime.now(),
            ready: self.ready,
            jitter: self.jitter.sample(),
        }
    }
}

/// The questions that are under way, and the answers that are not used up.
pub struct Asking<V> {
    vault: Arc<V>,
    passwords: Arc<PasswordReads>,
    limits: AskLimits,
    patience: Patience,
    asks_no_more: bool,
    /// By host, what may leave when there is a place and its gate lets it, the most urgent first.
    queues: BTreeMap<Option<VaultId>, VecDeque<Query>>,
    /// What left, and when.
    open: BTreeMap<Query, Instant>,
    flights: FuturesUnordered<BoxFuture<'static, Landed>>,
    /// For each vault that a question left for, what tells when its host speaks something else than its gate knows.
    listening: BTreeSet<VaultId>,
    spoken: FuturesUnordered<BoxFuture<'static, (VaultId, Protocol)>>,
    answers: Answers,
    baseline: Baseline,
    news: Option<Instant>,
    last_answer: Option<Instant>,
    /// Whether an answer arrived that may lead to other questions.
    leads_on: bool,
    asked: usize,
    calls: Vec<Call>,
    progress: Option<Arc<dyn AskProgress>>,
}

impl<V: Vault + 'static> Asking<V> {
    /// Nothing is under way.
    pub fn new(vault: Arc<V>, passwords: Arc<PasswordReads>, limits: AskLimits, patience: Patience) -> Self {
        Self {
            vault,
            passwords,
            limits,
            patience,
            asks_no_more: false,
            queues: BTreeMap::new(),
            open: BTreeMap::new(),
            flights: FuturesUnordered::new(),
            listening: BTreeSet::new(),
            spoken: FuturesUnordered::new(),
            answers: Answers::default(),
            baseline: Baseline::default(),
            news: None,
            last_answer: None,
            leads_on: false,
            asked: 0,
            calls: Vec::new(),
            progress: None,
        }
    }

    /// Lets somebody hear of each answer.
    pub fn watched_by(&mut self, progress: Arc<dyn AskProgress>) {
        self.progress = Some(progress);
    }

    /// Asks another vault from now on. What is under way with the earlier one comes to its end.
    pub fn ask_of(&mut self, vault: Arc<V>) {
        self.vault = vault;
        self.listening.clear();
        self.spoken.clear();
    }

    /// The answers that are not used up.
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The questions that left and are not answered.
    pub fn open(&self) -> BTreeSet<Query> {
        self.open.keys().cloned().collect()
    }

    /// Takes what is to be asked, the most urgent first, in place of what did not leave yet; and what the volume has,
    /// which tells what is news.
    pub fn ask(
        &mut self,
        mut questions: Vec<Query>,
        baseline: Baseline,
        schedule: &mut Schedule,
        uptime: &Uptime,
    ) {
        self.queues.clear();
        if !self.lets_go() {
            // What is kept is not asked for again, however often it is due meanwhile.
            questions.retain(|query| !self.answers.has(query));
        }
        for query in questions {
            self.queues
                .entry(query.vault().cloned())
                .or_default()
                .push_back(query);
        }
        self.baseline = baseline;
        self.leads_on = false;
        self.send(schedule, uptime);
    }

    /// Nothing is to be asked, in place of what did not leave yet, and nothing is under way.
    pub fn ask_nothing(&mut self) {
        self.queues.clear();
        self.leads_on = false;
    }

    /// The questions that did not leave, because of their gates.
    pub fn stopped(&self) -> BTreeSet<Query> {
        self.queues.values().flatten().cloned().collect()
    }

    /// How many questions left since the last call of this.
    pub fn take_asked(&mut self) -> usize {
        std::mem::take(&mut self.asked)
    }

    /// What vaults answered since the last call of this.
    pub fn take_calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls)
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether it is time to use the answers.
    pub fn is_ripe(&self) -> bool {
        self.open.is_empty()
            || match self.patience {
                Patience::Short => self.ripe_at().is_some_and(|at| at <= Instant::now()),
                Patience::Endless => false,
                Patience::Over => true,
            }
    }

    fn ripe_at(&self) -> Option<Instant> {
        let (news, last) = (self.news?, self.last_answer?);
        Some((last + QUIET).min(news + LATEST))
    }

    /// Waits as long as this from now on.
    pub const fn wait(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Whether answers are let go when they were used.
    pub fn lets_go(&self) -> bool {
        self.patience == Patience::Short
    }

    /// Lets nothing leave any more. What is under way comes to its own end.
    pub const fn ask_no_more(&mut self) {
        self.asks_no_more = true;
    }

    /// The vaults that a question left for within the last second: their answers are worth waiting for.
    pub fn just_asked(&self) -> BTreeSet<VaultId> {
        let just = self.open.iter().filter(|(_, left)| left.elapsed() < LATEST);
        just.filter_map(|(query, _)| query.vault().cloned()).collect()
    }

    /// Lets go of the answers that nothing waits for.
    pub fn release(&mut self, needed: &BTreeSet<Query>) {
        self.answers.retain(|query| needed.contains(query));
        self.news = None;
    }

    /// Lets go of everything that arrived: without a volume it has no place to go, and all is asked for again.
    pub fn give_up(&mut self) {
        if self.lets_go() {
            self.release(&BTreeSet::new());
        }
        self.leads_on = false;
    }

    /// Returns when there is something to do for a pass: the answers are ripe, or one of them leads to other questions.
    /// Never, when nothing is under way. May be dropped and called again.
    pub async fn settled(&mut self, schedule: &mut Schedule, present: NowSource<'_>) {
        loop {
            if self.open.is_empty() && self.last_answer.is_none() {
                std::future::pending::<()>().await;
            }
            if self.leads_on || self.is_ripe() {
                self.last_answer = self.last_answer.filter(|_| !self.open.is_empty());
                return;
            }
            let next_look = self.next_look(schedule, present.uptime);
            tokio::select! {
                biased;
                Some((vault, protocol)) = self.spoken.next() => {
                    schedule.speaks(&vault, protocol);
                    self.listen(vault, Some(protocol));
                }
                Some(landed) = self.flights.next() => self.land(landed, schedule, present),
                () = sleep_until(next_look) => {}
            }
            self.send(schedule, present.uptime);
        }
    }

    /// When something changes although no answer arrives.
    fn next_look(&self, schedule: &Schedule, uptime: &Uptime) -> Instant {
        let ripe = self.ripe_at().filter(|_| self.patience == Patience::Short);
        let now = uptime.now();
        let waiting = self.queues.values().filter_map(VecDeque::front);
        let places = waiting.filter_map(|query| schedule.next_place(query, now));
        let places = places.map(|at| uptime.instant(at));
        let far = Instant::now() + self.limits.per_list;
        ripe.into_iter().chain(places).min().unwrap_or(far)
    }

    fn land(&mut self, landed: Landed, schedule: &mut Schedule, present: NowSource<'_>) {
        let Landed {
            query,
            left,
            answer,
            call,
            unused,
            cut_off,
        } = landed;
        self.calls.extend(call);
        let now = present.now();
        let ended = Ended {
            query: &query,
            asked_at: left,
            failure: answer.as_ref().err(),
            unused,
            cut_off,
        };
        let is_awaited = schedule.is_unconfirmed(&query);
        schedule.ended(ended, now);
        self.open.remove(&query);
        let arrived = Instant::now();
        self.last_answer = Some(arrived);
        if is_awaited || self.baseline.is_news(&query, &answer) {
            self.news.get_or_insert(arrived);
        }
        self.leads_on |= leads_on(&query, &answer);
        if let Some(progress) = &self.progress {
            let mut waiting = self.queues.values().flatten();
            progress.answered(&query, answer.is_ok(), &mut waiting);
        }
        self.answers.learn(query, answer);
    }

    /// Lets leave what may.
    fn send(&mut self, schedule: &mut Schedule, uptime: &Uptime) {
        if self.asks_no_more || self.patience == Patience::Over {
            return;
        }
        let now = uptime.now();
        for (host, mut queue) in std::mem::take(&mut self.queues) {
            while let Some(query) = queue.pop_front_if(|query| schedule.permit(query, now) > Permit::No) {
                self.leave(query, schedule, now);
            }
            self.queues.insert(host, queue);
        }
    }

    fn listen(&mut self, vault: VaultId, known: Option<Protocol>) {
        let adapter = Arc::clone(&self.vault);
        self.spoken.push(Box::pin(async move {
            let protocol = adapter.speaks_other_than(&vault, known).await;
            (vault, protocol)
        }));
    }

    fn leave(&mut self, query: Query, schedule: &mut Schedule, now: Moment) {
        if let Some(vault) = query.vault()
            && self.listening.insert(vault.clone())
        {
            self.listen(vault.clone(), schedule.protocol(vault));
        }
        let attempts = Attempts::new(schedule.begin(&query, now));
        let began = Instant::now();
        self.open.insert(query.clone(), began);
        self.asked += 1;
        if let Some(progress) = &self.progress {
            progress.asked(&query);
        }
        let limit = match &query {
            Query::Object(_) | Query::File(_) => self.limits.per_object,
            Query::Versions(_) | Query::Secrets(_) => self.limits.per_list,
        };
        let flight = Flight {
            vault: Arc::clone(&self.vault),
            passwords: Arc::clone(&self.passwords),
            attempts,
            left: now,
            began,
            limit,
        };
        self.flights.push(Box::pin(flight.land(query)));
    }
}
