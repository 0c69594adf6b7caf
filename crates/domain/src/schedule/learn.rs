//! What the schedule learns of a question: that it left, and how it ended.

use std::time::Duration;

use super::{Endpoint, Schedule};
use crate::backoff;
use crate::failure::{Failure, Reach, Reason};
use crate::gate::{Blame, Gate, HostNow};
use crate::moment::{Moment, Now};
use crate::object::VaultId;
use crate::protocol::Protocol;
use crate::query::Query;

/// How a question ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// The question.
    pub query: &'a Query,
    /// When it left.
    pub asked_at: Moment,
    /// Its failure, if it failed.
    pub failure: Option<&'a Failure>,
    /// Retries that it was given and did not need.
    pub unused: u32,
    /// Whether the host cut off a request of it.
    pub cut_off: bool,
}

/// What happens to the question after a failure.
enum Next {
    /// It waits for the gate, and is due when that lets it through.
    Gate,
    /// It has a due time of its own.
    Own(Moment),
    /// It waits for its round.
    Round,
}

impl Schedule {
    /// Takes a question that leaves; gives how often its requests may be repeated.
    pub fn begin(&mut self, query: &Query, now: Moment) -> u32 {
        let question = self.questions.entry(query.clone()).or_default();
        question.asked = Some(now);
        question.left = Some(now);
        question.due = None;
        for endpoint in Endpoint::for_query(query) {
            self.gates.entry(endpoint).or_default().begin(query);
        }
        self.vault_gate(query).map_or(0, |gate| {
            gate.occupy(query, now);
            gate.take_retry()
        })
    }

    /// Takes the end of a question.
    pub fn ended(&mut self, ended: Ended<'_>, now: Now) {
        let Ended {
            query,
            failure,
            unused,
            cut_off,
            ..
        } = ended;
        for endpoint in Endpoint::for_query(query) {
            self.gates.entry(endpoint).or_default().end(query);
        }
        if let Some(gate) = self.vault_gate(query) {
            gate.give_back(unused);
            if cut_off {
                gate.set_back(now.at);
            }
        }
        let next = match failure.map(|failure| failure.reason.reach()) {
            None => {
                self.host_answered(ended, now.at);
                Next::Round
            }
            Some(Reach::Refusal | Reach::Entry) => {
                self.host_answered(ended, now.at);
                self.after_refusal(query, now)
            }
            Some(Reach::Vault) => self.host_failed(ended, now),
            Some(Reach::SignIn) => self.no_token(ended, now),
        };
        let question = self.questions.entry(query.clone()).or_default();
        question.failure = failure.cloned();
        question.quiet_until = failure
            .and_then(|failure| asked_wait(failure, now))
            .map(|wait| now.at + wait);
        question.failures = failure.map_or(0, |_| question.failures.saturating_add(1));
        if failure.is_none() {
            question.answered = Some(now.at);
        }
        match next {
            Next::Gate => question.asked = None,
            Next::Own(due) => question.due = Some(due),
            Next::Round => {}
        }
    }

    fn host_answered(&mut self, ended: Ended<'_>, now: Moment) {
        for endpoint in Endpoint::for_query(ended.query) {
            self.gates
                .entry(endpoint)
                .or_default()
                .answered(ended.query, ended.asked_at, now);
        }
    }

    fn host_failed(&mut self, ended: Ended<'_>, now: Now) -> Next {
        let (query, Some(failure), Some(vault)) = (ended.query, ended.failure, ended.query.vault()) else {
            return Next::Round;
        };
        // It came as far as the vault.
        let token = self.gates.entry(Endpoint::Token).or_default();
        token.answered(query, ended.asked_at, now.at);
        let host = self.host_now(&Endpoint::Vault(vault.clone()), query, now);
        let gate = self.gates.entry(Endpoint::Vault(vault.clone())).or_default();
        match gate.failed(query, ended.asked_at, failure, host) {
            Blame::Host => {
                self.hold_witnesses(query, &Endpoint::Vault(vault.clone()));
                Next::Gate
            }
            Blame::Object => Next::Own(now.at + self.own_wait(query, failure, now)),
        }
    }

    /// How long a question waits that is in trouble alone.
    fn own_wait(&self, query: &Query, failure: &Failure, now: Now) -> Duration {
        let interval = self.interval(query);
        let gate = query.vault().cloned().map(Endpoint::Vault);
        let wait = match gate.and_then(|endpoint| self.gates.get(&endpoint)) {
            // Its files are good, and its next regular time comes anyway. What is not throttled is tried once before that.
            Some(gate) if now.ready && (failure.reason == Reason::Throttled || self.failures(query) > 0) => {
                gate.throttled_wait(interval, now.jitter)
            }
            _ => backoff::away(self.failures(query) + 1, now.ready, interval, now.jitter),
        };
        wait.max(asked_wait(failure, now).unwrap_or_default())
    }

    /// What had failed alone until its host turned out to be in trouble waits for the gate now.
    fn hold_witnesses(&mut self, query: &Query, endpoint: &Endpoint) {
        let gate = self.gates.get(endpoint);
        for witness in gate.into_iter().flat_map(|gate| gate.witnesses(query)) {
            if let Some(question) = self.questions.get_mut(witness)
                && question.due.take().is_some()
            {
                question.asked = None;
            }
        }
    }

    fn no_token(&mut self, ended: Ended<'_>, now: Now) -> Next {
        let (query, Some(failure)) = (ended.query, ended.failure) else {
            return Next::Round;
        };
        let host = self.host_now(&Endpoint::Token, query, now);
        let gate = self.gates.entry(Endpoint::Token).or_default();
        gate.failed(query, ended.asked_at, failure, host);
        Next::Gate
    }

    /// Somebody has to mend it. While files are served, its round is soon enough.
    fn after_refusal(&self, query: &Query, now: Now) -> Next {
        if now.ready {
            return Next::Round;
        }
        let wait = backoff::refused(self.failures(query) + 1, self.interval(query), now.jitter);
        Next::Own(now.at + wait)
    }

    /// Takes an entry that failed for the `times`th time although its questions were answered: they are asked again
    /// like one that was refused.
    pub fn entry_failed<'q>(&mut self, queries: impl IntoIterator<Item = &'q Query>, times: u32, now: Now) {
        if now.ready {
            return;
        }
        for query in queries {
            let wait = backoff::refused(times, self.interval(query), now.jitter);
            let question = self.questions.entry(query.clone()).or_default();
            // What failed itself has its time already.
            if question.failure.is_none() {
                question.due = question.due.or(Some(now.at + wait));
            }
        }
    }

    /// Takes what the host of a vault speaks.
    pub fn speaks(&mut self, vault: &VaultId, protocol: Protocol) {
        let gate = self.gates.entry(Endpoint::Vault(vault.clone())).or_default();
        gate.speak(protocol);
    }

    fn vault_gate(&mut self, query: &Query) -> Option<&mut Gate> {
        let vault = query.vault()?.clone();
        Some(self.gates.entry(Endpoint::Vault(vault)).or_default())
    }

    fn failures(&self, query: &Query) -> u32 {
        self.questions.get(query).map_or(0, |question| question.failures)
    }

    fn interval(&self, query: &Query) -> Duration {
        let lane = self
            .questions
            .get(query)
            .and_then(|question| question.lane.as_ref());
        lane.map_or_else(|| self.shortest_interval(query.vault()), |lane| lane.interval)
    }

    fn host_now(&self, endpoint: &Endpoint, query: &Query, now: Now) -> HostNow {
        let mut asked = self.questions.keys();
        HostNow {
            now,
            interval: self.shortest_interval(endpoint.vault()),
            others: asked.any(|other| other.vault() == endpoint.vault() && !other.shares_object(query)),
        }
    }
}

/// How long a failure says to wait.
fn asked_wait(failure: &Failure, now: Now) -> Option<Duration> {
    let wish = failure.retry_after?;
    Some(backoff::retry_after(wish, now.jitter))
}
