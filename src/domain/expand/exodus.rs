//! Secrets that leave a selection: at once when they are few, and on the vault's second word when they are many.
//!
//! Invariant: a vault that came back empty under its name, or a deletion by mistake, does not empty a selection at once.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::desired::SelectionSpec;
use crate::domain::failure::{Failure, Reason};
use crate::domain::object::ObjectName;

/// From so many files on, more than half of them are many. Fewer are many when they are all.
const FEWEST: usize = 4;

/// The vault has to say it twice, at least so far apart.
const SHORTEST: Duration = Duration::from_mins(5);

/// A published secret that the vault says is not in its selection any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    /// Since when its file is held, by its record.
    pub(super) held_since: Option<OffsetDateTime>,
    /// Whether the vault says so now.
    pub(super) is_told: bool,
}

/// The files of a selection that are held although the vault says that their secrets are gone.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Since when each is.
    pub(super) since: BTreeMap<ObjectName, OffsetDateTime>,
    /// How many files the selection has.
    served: usize,
}

impl Held {
    /// Of `served` published files, decides which of those that are gone are held at `now`.
    pub(super) fn of(
        spec: &SelectionSpec,
        served: usize,
        gone: &BTreeMap<ObjectName, Gone>,
        now: OffsetDateTime,
    ) -> Self {
        let all = gone.len() == served;
        let many = all || served >= FEWEST && gone.len() * 2 > served;
        let since = gone.iter().filter_map(|(name, gone)| {
            // A time in the future is none: somebody's clock was wrong.
            let known = gone.held_since.filter(|since| *since <= now);
            let is_confirmed = gone.is_told && known.is_some_and(|since| now - since >= span(spec));
            let is_held = match known {
                Some(_) => !is_confirmed || all && !spec.may_be_empty,
                None => many || !gone.is_told,
            };
            is_held.then(|| (name.clone(), known.unwrap_or(now)))
        });
        Self {
            since: since.collect(),
            served,
        }
    }

    /// What there is to tell of the selection while files of it are held.
    pub(super) fn failure(&self, spec: &SelectionSpec) -> Option<Failure> {
        let last = self.since.values().max()?;
        let (held, served) = (self.since.len(), self.served);
        let detail = format!(
            "{spec}: the vault says that {held} of {served} secrets are gone; their files stay for now"
        );
        let hint = if held == served && !spec.may_be_empty {
            "recover the secrets; if the selection is to become empty, set `mayBeEmpty: true` on it"
                .to_owned()
        } else {
            let again = (*last + span(spec)).format(&Rfc3339).unwrap_or_default();
            format!(
                "recover the secrets; otherwise their files go when the vault says so again after {again}"
            )
        };
        Some(Failure::new(Reason::ManyGone, detail, hint))
    }
}

fn span(spec: &SelectionSpec) -> Duration {
    spec.interval.max(SHORTEST)
}
