//! The one gate per host: whether a question may leave now, and what each outcome says of the host.
//!
//! The rules, in the order in which they are asked:
//!
//! 1. A host that asked for quiet (`Retry-After`) gets it, whoever wants to ask, up to five minutes.
//! 2. A 429, or no connection, opens the gate. An answer 5xx, or none in time, opens it only when another object is a
//!    witness of the trouble, and nothing of that host was answered since the request left: otherwise it is the object's
//!    own. Where nothing else is asked for, and where the answer bears a `Retry-After`, no witness is needed.
//! 3. What opened it by a 429 and does so again, although others were answered since, is in trouble alone too.
//! 4. Open, it lets one question through at a time, the probe. Any answer closes it, and the rest may be asked at once;
//!    of an answer to a request from before a 429, that is not believed.
//! 5. Opened by the word of one object, it lets others try soon, and stretches nothing, until one of them says the same.
//! 6. 401, 403 and 404 are answers.
//! 7. Over HTTP/2, a hundred questions are under way at once, two hundred when so many were answered well, and twenty for
//!    an hour after a 429 or a request that was cut off; over HTTP/1.1 always twenty. Those that seem to hang do not count.
//!
//! The numbers are those of [`super::backoff`] and [`super::stretch`].

mod opening;
mod places;
mod retries;

use std::collections::BTreeMap;
use std::time::Duration;

pub use self::opening::Open;
use self::opening::Suspect;
pub use self::places::Asked;
use self::places::Places;
use self::retries::Retries;
use super::backoff;
use super::failure::{Failure, Reason};
use super::moment::{Moment, Now};
use super::protocol::Protocol;
use super::query::Query;
use super::stretch::Stretch;

/// After this long, a question gives its place to another one: what hangs does not hold up the rest.
const SLOW: Duration = Duration::from_secs(1);

/// A throttled question is tried again within the hour, however long its interval is.
const THROTTLED_LONGEST: Duration = Duration::from_hours(1);

/// What a gate knows of its host.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    open: Option<Open>,
    /// Until when the host asked to be left alone.
    quiet_until: Option<Moment>,
    /// When it answered last.
    answered: Option<Moment>,
    /// The questions that are under way, and when they left.
    under_way: BTreeMap<Query, Moment>,
    /// The questions whose 429 opened it, and when.
    culprits: BTreeMap<Query, Moment>,
    /// The questions that end in an error of the host or in silence, and when the first request of each that did had left.
    failing: BTreeMap<Query, Moment>,
    stretch: Stretch,
    retries: Retries,
    places: Places,
}

/// Whether a question may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permit {
    /// Not now.
    No,
    /// Alone, to see whether the host answers again.
    Probe,
    /// Together with others.
    Yes,
}

/// What a failure was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The host: the gate is open.
    Host,
    /// The object alone.
    Object,
}

/// The present of a host: what a gate has to know to say how long to wait.
#[derive(Debug, Clone, Copy)]
pub struct HostNow {
    /// When the outcome arrived.
    pub now: Now,
    /// The shortest interval of what is asked of the host.
    pub interval: Duration,
    /// Whether other objects of the host are asked for too, which would suffer from an open gate.
    pub others: bool,
}

impl Gate {
    /// Whether a question may leave at `now`.
    pub fn permit(&self, query: &Query, asked: Asked, now: Moment) -> Permit {
        if self.quiet_until.is_some_and(|until| now < until) {
            return Permit::No;
        }
        match &self.open {
            None if self.is_full(asked, now) => Permit::No,
            None => Permit::Yes,
            Some(open) if open.probe.is_none() && open.probe_at(query) <= now => Permit::Probe,
            Some(_) => Permit::No,
        }
    }

    /// Whether all places are taken. What hangs takes none.
    fn is_full(&self, asked: Asked, now: Moment) -> bool {
        let quick = self.under_way.values().filter(|left| now.since(**left) < SLOW);
        quick.count() >= self.places.number(asked, now)
    }

    /// When a question that is under way gives its place to another one, if all places are taken.
    pub fn next_place(&self, asked: Asked, now: Moment) -> Option<Moment> {
        let is_full = self.is_full(asked, now);
        let places = self.under_way.values().map(|left| *left + SLOW);
        places.filter(|at| is_full && *at > now).min()
    }

    /// From when on a question may leave, as far as it is known.
    pub fn opens_at(&self, query: &Query) -> Moment {
        let probe_at = self.open.as_ref().map(|open| open.probe_at(query));
        self.quiet_until.max(probe_at).unwrap_or(Moment::START)
    }

    /// When what opened it is tried again.
    pub fn next_try(&self) -> Option<Moment> {
        let probe_at = self.open.as_ref().map(|open| open.probe_at)?;
        self.quiet_until.max(Some(probe_at))
    }

    /// Takes a question that leaves now, and occupies a place.
    pub(super) fn occupy(&mut self, query: &Query, now: Moment) {
        self.under_way.insert(query.clone(), now);
        self.places.taken(self.under_way.len());
    }

    /// Takes what the host speaks.
    pub(super) const fn speak(&mut self, protocol: Protocol) {
        self.places.speak(protocol);
    }

    /// What the host speaks, as far as it is known.
    pub(super) const fn protocol(&self) -> Option<Protocol> {
        self.places.protocol()
    }

    /// Takes that the host cut a request off, or wants fewer.
    pub(super) fn set_back(&mut self, now: Moment) {
        self.places.set_back(now);
    }

    /// Takes a question that leaves now: through an open gate, it is the probe.
    pub(super) fn begin(&mut self, query: &Query) {
        if let Some(open) = &mut self.open {
            open.probe = Some(query.clone());
        }
    }

    /// Takes a question that came back, or was given up.
    pub(super) fn end(&mut self, query: &Query) {
        self.under_way.remove(query);
        if let Some(open) = &mut self.open
            && open.probe.as_ref() == Some(query)
        {
            open.probe = None;
        }
    }

    /// Gives how often the requests of a question may be repeated: a probe's never.
    pub(super) fn take_retry(&mut self) -> u32 {
        match &self.open {
            Some(_) => 0,
            None => self.retries.take(),
        }
    }

    /// Takes back what [`Gate::take_retry`] gave and was not needed.
    pub(super) fn give_back(&mut self, retries: u32) {
        self.retries.give_back(retries);
    }

    /// Takes an answer to a request that left at `asked_at`, if only that the object may not be read.
    pub(super) fn answered(&mut self, query: &Query, asked_at: Moment, now: Moment) {
        self.answered = Some(now);
        self.culprits.remove(query);
        self.failing.remove(query);
        self.retries.refund();
        self.places.answered();
        let is_from_before = self
            .open
            .as_ref()
            .is_some_and(|open| open.failure.reason == Reason::Throttled && asked_at < open.since);
        if !is_from_before {
            self.open = None;
        }
    }

    /// Takes a failure of a request that left at `asked_at`; says who is to blame for it.
    pub(super) fn failed(
        &mut self,
        query: &Query,
        asked_at: Moment,
        failure: &Failure,
        host: HostNow,
    ) -> Blame {
        if failure.reason == Reason::Throttled {
            self.set_back(host.now.at);
        }
        let blame = self.blame(query, asked_at, failure, host);
        if blame == Blame::Host {
            self.keep_quiet(failure, host);
            self.open(query, asked_at, failure, host);
        } else if failure.reason == Reason::Conflict {
            self.answered(query, asked_at, host.now.at);
        }
        blame
    }

    fn blame(&mut self, query: &Query, asked_at: Moment, failure: &Failure, host: HostNow) -> Blame {
        let is_its_own = match failure.reason {
            Reason::Throttled => self.open.is_none() && self.opened_it_alone(query),
            // An answer to another question since it fails says that the host is there, also when this one is tried again
            // later, with nobody beside it.
            Reason::Unavailable | Reason::TimedOut => {
                let began = *self.failing.entry(query.clone()).or_insert(asked_at);
                let speaks_for_all = failure.retry_after.is_some() || !host.others;
                self.answered_since(began) || !speaks_for_all && self.witnesses(query).next().is_none()
            }
            // A deletion that is under way is the object's.
            Reason::Conflict => true,
            _ => false,
        };
        if is_its_own { Blame::Object } else { Blame::Host }
    }

    /// Whether the object's 429 opened it, and others were answered since.
    fn opened_it_alone(&self, query: &Query) -> bool {
        let mut culprits = self.culprits.iter();
        culprits.any(|(culprit, opened)| culprit.shares_object(query) && self.answered_since(*opened))
    }

    fn answered_since(&self, then: Moment) -> bool {
        self.answered.is_some_and(|answered| answered > then)
    }

    /// The questions about other objects that fail, with no answer since.
    pub(super) fn witnesses(&self, query: &Query) -> impl Iterator<Item = &Query> {
        let fail = self
            .failing
            .iter()
            .filter(|(_, began)| !self.answered_since(**began));
        fail.map(|(witness, _)| witness)
            .filter(|witness| !witness.shares_object(query))
    }

    /// Whether it is the word of one object so far that the host is in trouble.
    fn speaks_alone(&self, query: &Query, failure: &Failure, host: HostNow) -> bool {
        let may_be_its_own = matches!(
            failure.reason,
            Reason::Throttled | Reason::Unavailable | Reason::TimedOut
        );
        may_be_its_own
            && host.others
            && self.open.as_ref().is_none_or(|open| open.is_by(query))
            && self.witnesses(query).next().is_none()
    }

    fn keep_quiet(&mut self, failure: &Failure, host: HostNow) {
        if let Some(wish) = failure.retry_after {
            let until = host.now.at + backoff::retry_after(wish, host.now.jitter);
            self.quiet_until = self.quiet_until.max(Some(until));
        }
    }

    fn open(&mut self, query: &Query, asked_at: Moment, failure: &Failure, host: HostNow) {
        let alone = self.speaks_alone(query, failure, host);
        match &mut self.open {
            Some(open) if asked_at < open.since => {
                open.asked_for = open.asked_for.max(failure.retry_after);
                if !alone {
                    self.confirm(failure.reason, host);
                }
            }
            _ => self.open_for_longer(query, failure, alone, host),
        }
    }

    /// Takes that a question failed too that left together with the one that opened it. That says nothing new, unless the
    /// other one was alone until now.
    fn confirm(&mut self, reason: Reason, host: HostNow) {
        let suspect = self.open.as_mut().and_then(|open| open.suspect.take());
        if suspect.is_some() && host.now.ready && reason == Reason::Throttled {
            let probe_at = host.now.at + self.stretched_wait(false, host);
            self.open.iter_mut().for_each(|open| open.probe_at = probe_at);
        }
    }

    fn open_for_longer(&mut self, query: &Query, failure: &Failure, alone: bool, host: HostNow) {
        let now = host.now.at;
        if failure.reason == Reason::Throttled {
            self.culprits.insert(query.clone(), now);
        }
        let earlier = self.open.take();
        let earlier = earlier.as_ref();
        let failures = earlier.map_or(0, |open| open.failures).saturating_add(1);
        self.open = Some(Open {
            since: earlier.map_or(now, |open| open.since),
            failures,
            probe_at: now + self.wait(failures, failure.reason, alone, host),
            failure: failure.clone(),
            asked_for: earlier.and_then(|open| open.asked_for).max(failure.retry_after),
            suspect: alone.then(|| Suspect {
                query: query.clone(),
                others_at: others_at(earlier, host),
            }),
            probe: None,
        });
    }

    fn wait(&mut self, failures: u32, reason: Reason, alone: bool, host: HostNow) -> Duration {
        if host.now.ready && reason == Reason::Throttled {
            return self.stretched_wait(alone, host);
        }
        backoff::away(failures, host.now.ready, host.interval, host.now.jitter)
    }

    /// How long to wait after a 429 while files are served. The word of one object stretches nothing.
    fn stretched_wait(&mut self, alone: bool, host: HostNow) -> Duration {
        if !alone {
            self.stretch.raise(host.interval, host.now.at);
        }
        self.throttled_wait(host.interval, host.now.jitter)
    }

    /// The regular wait, or an hour if that is shorter.
    pub(super) fn throttled_wait(&self, interval: Duration, jitter: f64) -> Duration {
        self.stretch.wait(interval, jitter).min(THROTTLED_LONGEST)
    }

    /// Somebody wants to know now: the next probe may leave, unless the host asked for quiet.
    pub(super) fn wake(&mut self, now: Moment) {
        if let Some(open) = &mut self.open {
            open.probe_at = open.probe_at.min(now);
            if let Some(suspect) = &mut open.suspect {
                suspect.others_at = suspect.others_at.min(now);
            }
        }
    }

    /// Forgets the questions that nobody asks any more.
    pub(super) fn retain(&mut self, is_asked: impl Fn(&Query) -> bool) {
        self.culprits.retain(|query, _| is_asked(query));
        self.failing.retain(|query, _| is_asked(query));
    }

    /// A regular round of questions begins.
    pub(super) fn round_begins(&mut self, now: Moment) {
        self.stretch.lower(now);
    }

    /// Whether a question is asked after all others: its 429 opened the gate.
    pub fn is_culprit(&self, query: &Query) -> bool {
        self.culprits.contains_key(query)
    }

    /// Why it is open, if it is.
    pub const fn opening(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// Until when the host asked for quiet.
    pub const fn quiet_until(&self) -> Option<Moment> {
        self.quiet_until
    }

    /// How much the intervals are stretched.
    pub const fn stretch(&self) -> &Stretch {
        &self.stretch
    }
}

/// When others may try while one object speaks alone: after the first wait, however often it says so.
fn others_at(earlier: Option<&Open>, host: HostNow) -> Moment {
    let known = earlier.and_then(|open| open.suspect.as_ref());
    known.map_or_else(
        || host.now.at + backoff::away(1, host.now.ready, host.interval, host.now.jitter),
        |suspect| suspect.others_at,
    )
}

#[cfg(test)]
mod tests;
