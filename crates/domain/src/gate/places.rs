//! How many questions may be under way at once, by the version of HTTP that the host speaks.

use std::time::Duration;

use crate::moment::Moment;
use crate::protocol::Protocol;

/// Over HTTP/1.1, where each is a connection; while it is not known what is spoken; after a set-back; and for what is only asked
/// again: nobody waits for that, a vault has an easier time with it, and each request under way costs memory that stays with the
/// process.
const FEW: usize = 20;

/// Over HTTP/2, at first, for what is new. What a server allows is below that at times: the connection holds back what is above.
const MANY: usize = 100;

/// Over HTTP/2, when as many as [`MANY`] were answered well.
const MOST: usize = 200;

/// How long a set-back counts.
const CAREFUL: Duration = Duration::from_hours(1);

/// Whether a question was answered before: then nobody waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It was never answered since the process began.
    First,
    /// It was.
    Again,
}

/// What is known of how much a host takes at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    protocol: Option<Protocol>,
    /// Whether so many as may were under way at once since the last set-back.
    full: bool,
    /// How many were answered well since then.
    well: usize,
    careful_until: Option<Moment>,
}

impl Places {
    /// How many there are for questions asked for the first time, or again.
    pub(super) fn number(&self, asked: Asked, now: Moment) -> usize {
        let careful = self.careful_until.is_some_and(|until| now < until);
        match (self.protocol, asked) {
            (Some(Protocol::Http2), Asked::First) if !careful && self.well >= MANY => MOST,
            (Some(Protocol::Http2), Asked::First) if !careful => MANY,
            _ => FEW,
        }
    }

    /// What is spoken, as far as it is known.
    pub(super) const fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    /// Takes what is spoken from now on.
    pub(super) const fn speak(&mut self, protocol: Protocol) {
        self.protocol = Some(protocol);
    }

    /// Takes that so many are under way.
    pub(super) const fn taken(&mut self, under_way: usize) {
        self.full |= under_way >= MANY;
    }

    /// Takes an answer. It says something of how much the host takes only when much was asked.
    pub(super) const fn answered(&mut self) {
        if self.full {
            self.well = self.well.saturating_add(1);
        }
    }

    /// Takes that the host asked for less, or cut a request off.
    pub(super) fn set_back(&mut self, now: Moment) {
        *self = Self {
            protocol: self.protocol,
            careful_until: Some(now + CAREFUL),
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::START;

    fn speaking(protocol: Protocol) -> Places {
        let mut places = Places::default();
        places.speak(protocol);
        places
    }

    #[test]
    fn http1_and_what_is_not_known_have_twenty_places_whatever_was_answered() {
        for mut places in [Places::default(), speaking(Protocol::Http1)] {
            places.taken(MANY);
            (0..1_000).for_each(|_| places.answered());
            assert_eq!(places.number(Asked::First, NOW), FEW);
        }
    }

    #[test]
    fn http2_has_a_hundred_places_and_twice_as_many_after_a_hundred_answers_to_so_many_at_once() {
        let mut places = speaking(Protocol::Http2);
        (0..1_000).for_each(|_| places.answered());
        assert_eq!(
            places.number(Asked::First, NOW),
            MANY,
            "never were so many under way"
        );
        places.taken(MANY);
        (1..MANY).for_each(|_| places.answered());
        assert_eq!(places.number(Asked::First, NOW), MANY);
        places.answered();
        assert_eq!(places.number(Asked::First, NOW), MOST);
    }

    #[test]
    fn what_is_asked_again_has_twenty_places_whatever_is_spoken() {
        let mut places = speaking(Protocol::Http2);
        places.taken(MANY);
        (0..MANY).for_each(|_| places.answered());
        assert_eq!(places.number(Asked::First, NOW), MOST);
        assert_eq!(places.number(Asked::Again, NOW), FEW);
    }

    #[test]
    fn a_set_back_leaves_twenty_for_an_hour_and_a_hundred_after_that() {
        let mut places = speaking(Protocol::Http2);
        places.taken(MANY);
        (0..MANY).for_each(|_| places.answered());
        places.set_back(NOW);
        (0..MANY).for_each(|_| places.answered());
        assert_eq!(places.number(Asked::First, NOW + Duration::from_mins(59)), FEW);
        assert_eq!(places.number(Asked::First, NOW + CAREFUL), MANY);
    }
}
