//! When each question is asked again: the memory of due times, of failures and of the gates. Pure: `now` is passed in.
//!
//! What is asked of one host at one interval is a round, with one due time, so that a pass stays a pass. A question is
//! due when it was not asked since its round began. One that fails by itself has a due time of its own; one that its
//! host's gate stopped stays due. What an entry is made of that is new is due at once. An interval that is edited counts
//! from when its questions were asked.

mod endpoint;
mod lack;
mod learn;
mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use self::endpoint::Endpoint;
pub use self::lack::Lack;
use self::lack::Lacks;
pub use self::learn::Ended;
use self::round::{Lane, Round};
use super::backoff;
use super::failure::Failure;
use super::gate::{Asked, Gate, Permit};
use super::moment::{Moment, Now};
use super::object::{ObjectId, VaultId};
use super::protocol::Protocol;
use super::query::Query;
use super::timing::Timing;

/// Due times and gates. At first everything is due.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    rounds: BTreeMap<Lane, Round>,
    questions: BTreeMap<Query, Question>,
    gates: BTreeMap<Endpoint, Gate>,
    volume: VolumeTries,
    lacks: Lacks,
}

/// What is remembered of a question.
#[derive(Debug, Clone, Default)]
struct Question {
    lane: Option<Lane>,
    /// When it left last, unless a gate stopped it then.
    asked: Option<Moment>,
    /// When it left last.
    left: Option<Moment>,
    answered: Option<Moment>,
    /// How it failed when it was asked last.
    failure: Option<Failure>,
    failures: u32,
    /// Its own due time, when it does not wait for its round.
    due: Option<Moment>,
    /// Until when it is not asked, whoever wants to know: its last answer's `Retry-After`. The gate knows that of the host;
    /// this is for what is throttled alone.
    quiet_until: Option<Moment>,
}

/// Tries of a volume that fails.
#[derive(Debug, Clone, Copy, Default)]
struct VolumeTries {
    failures: u32,
    due: Option<Moment>,
}

/// Which questions somebody wants to be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncScope {
    /// All.
    All,
    /// Those about these objects.
    Objects(BTreeSet<ObjectId>),
}

impl SyncScope {
    fn covers(&self, query: &Query) -> bool {
        match self {
            Self::All => true,
            Self::Objects(objects) => query.object().is_some_and(|object| objects.contains(object)),
        }
    }

    /// Whether the way to what is wanted goes through a gate.
    fn passes(&self, endpoint: &Endpoint) -> bool {
        match (self, endpoint) {
            (Self::All, _) => true,
            (Self::Objects(objects), Endpoint::Token) => !objects.is_empty(),
            (Self::Objects(objects), Endpoint::Vault(vault)) => {
                objects.iter().any(|object| object.vault == *vault)
            }
        }
    }
}

impl Schedule {
    /// Takes the questions that there are, each with its interval, at the start of a pass. Begins the rounds that are
    /// due, and forgets what is not asked any more.
    pub fn begin_pass(&mut self, intervals: &BTreeMap<Query, Duration>, now: Moment, jitter: f64) {
        self.add_rounds(intervals, jitter);
        self.forget(intervals);
        if self.volume.due.take_if(|due| *due <= now).is_some() {
            // What was fetched for the publish that failed is lost.
            self.rounds.values_mut().for_each(|round| round.next = now);
        }
        self.begin_rounds(now, jitter);
    }

    /// Puts each question into its round. What was asked a moment ago is not asked again because its interval is another
    /// one now.
    fn add_rounds(&mut self, intervals: &BTreeMap<Query, Duration>, jitter: f64) {
        let mut new: BTreeMap<Lane, Option<Moment>> = BTreeMap::new();
        for (query, &interval) in intervals {
            let lane = Lane::of(query, interval);
            let question = match self.questions.get_mut(query) {
                Some(question) => question,
                None => self.questions.entry(query.clone()).or_default(),
            };
            if !self.rounds.contains_key(&lane) {
                let first = new.entry(lane.clone()).or_default();
                *first = first.iter().copied().chain(question.asked).min();
            }
            question.lane = Some(lane);
        }
        for (lane, asked) in new {
            let gate = lane.vault().cloned().map(Endpoint::Vault);
            let gate = gate.and_then(|endpoint| self.gates.get(&endpoint));
            let round = asked.map_or_else(Round::due, |asked| Round::after(asked, &lane, gate, jitter));
            self.rounds.insert(lane, round);
        }
    }

    fn begin_rounds(&mut self, now: Moment, jitter: f64) {
        let mut hosts = BTreeSet::new();
        // By host, the shortest interval first: its rounds are those in which a stretch may fall.
        for (lane, round) in &mut self.rounds {
            let is_shortest = hosts.insert(lane.vault().cloned());
            if round.next > now {
                continue;
            }
            let endpoint = lane.vault().cloned().map(Endpoint::Vault);
            let gate = endpoint.map(|endpoint| self.gates.entry(endpoint).or_default());
            round.begin(lane, gate, is_shortest, now, jitter);
        }
    }

    fn forget(&mut self, intervals: &BTreeMap<Query, Duration>) {
        self.questions.retain(|query, _| intervals.contains_key(query));
        let lanes: BTreeSet<&Lane> = self
            .questions
            .values()
            .filter_map(|known| known.lane.as_ref())
            .collect();
        self.rounds.retain(|lane, _| lanes.contains(lane));
        let vaults: BTreeSet<&VaultId> = self.rounds.keys().filter_map(Lane::vault).collect();
        self.gates
            .retain(|endpoint, _| endpoint.vault().is_none_or(|vault| vaults.contains(vault)));
        for gate in self.gates.values_mut() {
            gate.retain(|query| intervals.contains_key(query));
        }
    }

    /// Somebody wants to know now. A `Retry-After` holds all the same.
    pub fn wake(&mut self, wanted: &SyncScope, now: Moment) {
        let Self {
            rounds,
            questions,
            gates,
            volume,
            ..
        } = self;
        volume.due = volume.due.map(|due| due.min(now));
        for (_, question) in questions.iter_mut().filter(|(query, _)| wanted.covers(query)) {
            question.due = question.quiet_until.max(Some(now));
        }
        if *wanted == SyncScope::All {
            for round in rounds.values_mut() {
                round.next = now;
            }
        }
        for (_, gate) in gates.iter_mut().filter(|(endpoint, _)| wanted.passes(endpoint)) {
            gate.wake(now);
        }
    }

    /// Whether the question may leave at `now`: its host and the token endpoint each have a say.
    pub fn permit(&self, query: &Query, now: Moment) -> Permit {
        let gates = Endpoint::for_query(query).filter_map(|endpoint| self.gates.get(&endpoint));
        let asked = self.asked(query);
        gates
            .map(|gate| gate.permit(query, asked, now))
            .min()
            .unwrap_or(Permit::Yes)
    }

    /// When a place at the question's host becomes free although nothing is answered.
    pub fn next_place(&self, query: &Query, now: Moment) -> Option<Moment> {
        let gate = query.vault().cloned().map(Endpoint::Vault);
        gate.and_then(|endpoint| self.gates.get(&endpoint))?
            .next_place(self.asked(query), now)
    }

    fn asked(&self, query: &Query) -> Asked {
        let question = self.questions.get(query);
        if question.is_some_and(|question| question.answered.is_some()) {
            Asked::Again
        } else {
            Asked::First
        }
    }

    /// From when on it may leave, as far as that is known.
    fn opens_at(&self, query: &Query) -> Moment {
        let gates = Endpoint::for_query(query).filter_map(|endpoint| self.gates.get(&endpoint));
        gates
            .map(|gate| gate.opens_at(query))
            .max()
            .unwrap_or(Moment::START)
    }

    /// What keeps a question from leaving at `now`.
    pub fn stops(&self, query: &Query, now: Moment) -> Option<Endpoint> {
        let asked = self.asked(query);
        Endpoint::for_query(query).find(|endpoint| {
            self.gates
                .get(endpoint)
                .is_some_and(|gate| gate.permit(query, asked, now) < Permit::Yes)
        })
    }

    /// The schedule at a time.
    pub const fn at(&self, now: Moment) -> At<'_> {
        At(self, now)
    }

    /// When there is something to do after a pass that began at `began`, in which `stopped` did not get through their
    /// gates. `None` when nothing is ever due.
    pub fn next_due(&self, began: Moment, stopped: &BTreeSet<Query>) -> Option<Moment> {
        // Without a volume, nothing that could be fetched has a place to go.
        if self.volume.due.is_some() {
            return self.volume.due;
        }
        let rounds = self.rounds.values().map(|round| round.next);
        let own = self.questions.values().filter_map(|question| question.due);
        let gates = stopped.iter().map(|query| self.opens_at(query));
        // What was due when the pass began, and was not asked, needs no asking. Nor does a gate that was to let a
        // question through by then: its probe is under way, or there was no place; an answer ends either.
        let later = own.chain(gates).filter(|at| *at > began);
        rounds.chain(later).min()
    }

    /// When a question is due next, for who looks from outside.
    pub fn due_of(&self, query: &Query) -> Option<Moment> {
        let question = self.questions.get(query)?;
        let round = self.rounds.get(question.lane.as_ref()?)?;
        Some(question.due.unwrap_or(round.next).max(self.opens_at(query)))
    }

    /// The mean time between two askings of a question, as its host's gate stretches it.
    pub fn effective_interval(&self, query: &Query) -> Option<Duration> {
        let lane = self.questions.get(query)?.lane.as_ref()?;
        let gate = lane.vault().cloned().map(Endpoint::Vault);
        let gate = gate.and_then(|endpoint| self.gates.get(&endpoint));
        Some(gate.map_or(lane.interval, |gate| gate.stretch().effective(lane.interval)))
    }

    /// Whether somebody asks the question.
    pub fn knows(&self, query: &Query) -> bool {
        self.questions.contains_key(query)
    }

    /// How a question failed, if it failed when it was asked last.
    pub fn failure(&self, query: &Query) -> Option<&Failure> {
        self.questions.get(query)?.failure.as_ref()
    }

    /// Whether its answer is news whatever it says: there was none yet, or the last one was a failure.
    pub fn is_unconfirmed(&self, query: &Query) -> bool {
        let question = self.questions.get(query);
        question.is_none_or(|question| question.answered.is_none() || question.failure.is_some())
    }

    /// Which of the questions that are due leaves first: the smaller the key, the sooner. What is required goes before
    /// what is not, then what was not answered for longest. What failed goes after all that did not, the latest try last,
    /// and what opened its gate after that.
    pub fn urgency(&self, query: &Query, required: bool) -> impl Ord + use<> {
        let question = self.questions.get(query);
        let mut gates = Endpoint::for_query(query).filter_map(|endpoint| self.gates.get(&endpoint));
        let failed = question.filter(|question| question.failure.is_some());
        (
            gates.any(|gate| gate.is_culprit(query)),
            failed.and_then(|question| question.left),
            !required,
            question.and_then(|question| question.answered),
        )
    }

    /// What the host of a vault speaks, as far as it is known.
    pub fn protocol(&self, vault: &VaultId) -> Option<Protocol> {
        let gate = self.gates.get(&Endpoint::Vault(vault.clone()))?;
        gate.protocol()
    }

    /// Every gate of which something is known.
    pub fn gates(&self) -> impl Iterator<Item = (&Endpoint, &Gate)> {
        self.gates.iter()
    }

    /// The volume failed: everything is due again after a wait.
    pub fn volume_failed(&mut self, now: Now) {
        self.volume.failures = self.volume.failures.saturating_add(1);
        let interval = self.shortest_interval(None);
        let wait = backoff::away(self.volume.failures, now.ready, interval, now.jitter);
        self.volume.due = Some(now.at + wait);
    }

    /// The volume worked.
    pub const fn volume_worked(&mut self) {
        self.volume = VolumeTries {
            failures: 0,
            due: None,
        };
    }

    /// The shortest interval of what is asked of a vault, or of all of them.
    fn shortest_interval(&self, vault: Option<&VaultId>) -> Duration {
        let lanes = self
            .rounds
            .keys()
            .filter(|lane| vault.is_none() || lane.vault() == vault);
        lanes
            .map(|lane| lane.interval)
            .min()
            .unwrap_or(Duration::from_mins(5))
    }
}

impl Schedule {
    /// Whether it is time to ask.
    fn is_due_at(&self, query: &Query, now: Moment) -> bool {
        let Some(question) = self.questions.get(query) else {
            return true;
        };
        let round = question.lane.as_ref().and_then(|lane| self.rounds.get(lane));
        match question.due {
            Some(due) => due <= now,
            None => question
                .asked
                .is_none_or(|asked| round.is_none_or(|round| asked < round.began)),
        }
    }
}

/// A schedule at the time at which a pass began.
#[derive(Debug, Clone, Copy)]
pub struct At<'s>(pub &'s Schedule, pub Moment);

impl Timing for At<'_> {
    fn is_due(&self, query: &Query) -> bool {
        self.0.is_due_at(query, self.1)
    }

    fn may_ask(&self, query: &Query) -> bool {
        self.0.failure(query).is_none() || self.is_due(query)
    }

    fn failure(&self, query: &Query) -> Option<&Failure> {
        self.0.failure(query)
    }
}

#[cfg(test)]
mod tests;
