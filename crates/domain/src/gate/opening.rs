//! An open gate: why, since when, and who may try.

use std::time::Duration;

use crate::failure::Failure;
use crate::moment::Moment;
use crate::query::Query;

/// Why a gate is open, and until when.
#[derive(Debug, Clone)]
pub struct Open {
    /// Since when.
    pub since: Moment,
    /// How many tries failed in a row, the first included.
    pub failures: u32,
    /// When the next question may try.
    pub probe_at: Moment,
    /// How the last try failed.
    pub failure: Failure,
    /// The longest quiet that was asked for since then.
    pub asked_for: Option<Duration>,
    /// Who said so, while nobody else did.
    pub(super) suspect: Option<Suspect>,
    /// The question that tries now.
    pub(super) probe: Option<Query>,
}

/// A question that opened a gate, and may have spoken of its own object only.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) query: Query,
    /// When another object may try.
    pub(super) others_at: Moment,
}

impl Open {
    /// Whether it is only the object of this question whose word keeps it open.
    pub(super) fn is_by(&self, query: &Query) -> bool {
        let suspect = self.suspect.as_ref();
        suspect.is_some_and(|suspect| suspect.query.shares_object(query))
    }

    /// When a question may try.
    pub(super) fn probe_at(&self, query: &Query) -> Moment {
        match &self.suspect {
            Some(suspect) if !self.is_by(query) => suspect.others_at,
            _ => self.probe_at,
        }
    }
}
