//! Secrets that leave a selection: at once when they are few, and on the vault's second word when they are many.
//!
//! Invariant: a vault that came back empty under its name, or a deletion by mistake, does not empty a selection at once.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use crate::age;
use crate::desired::SelectionSpec;
use crate::failure::{Failure, Reason};
use crate::object::ObjectName;

/// From so many files on, more than half of them are many. Fewer are many when they are all.
const FEWEST: usize = 4;

/// The vault has to say it twice, at least so far apart.
const SHORTEST: Duration = Duration::from_mins(5);

/// How a secret leaves a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// The vault does not have it.
    Deleted,
    /// The vault has it, and its tags do not fit the rule.
    OtherTags,
}

/// A published secret that the vault says is not in its selection any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    /// Since when its file is held, by its record.
    pub(super) held_since: Option<OffsetDateTime>,
    /// What the vault says now; none when it was not asked, or did not answer.
    pub(super) told: Option<Leaving>,
}

/// The files of a selection that are held although the vault says that their secrets are not in it any more.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Since when each is.
    pub(super) since: BTreeMap<ObjectName, OffsetDateTime>,
    /// How many of them are deleted, as the vault says now.
    deleted: usize,
    /// How many have other tags.
    retagged: usize,
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
            let is_confirmed = gone.told.is_some() && known.is_some_and(|since| now - since >= span(spec));
            let is_held = match known {
                Some(_) => !is_confirmed || all && !spec.may_be_empty,
                None => many || gone.told.is_none(),
            };
            is_held.then(|| (name.clone(), known.unwrap_or(now)))
        });
        let since: BTreeMap<_, _> = since.collect();
        let count = |leaving| {
            let told = since.keys().filter_map(|name| gone.get(name)?.told);
            told.filter(|told| *told == leaving).count()
        };
        Self {
            deleted: count(Leaving::Deleted),
            retagged: count(Leaving::OtherTags),
            since,
            served,
        }
    }

    /// What there is to tell of the selection while files of it are held.
    pub(super) fn failure(&self, spec: &SelectionSpec) -> Option<Failure> {
        let last = self.since.values().max()?;
        let (held, mend) = (self.since.len(), self.mend());
        let detail = format!(
            "{spec}: the vault says that {}; their files stay for now",
            self.seen()
        );
        let hint = if held == self.served && !spec.may_be_empty {
            format!("{mend}; if the selection is to become empty, set `mayBeEmpty: true` on it")
        } else {
            let again = age::at(*last + span(spec));
            format!("{mend}; otherwise their files go when the vault says so again after {again}")
        };
        Some(Failure::new(Reason::ManyGone, detail, hint))
    }

    /// How many leave, and how.
    fn seen(&self) -> String {
        let (held, served) = (self.since.len(), self.served);
        if self.retagged == 0 {
            return format!("{held} of {served} secrets are gone");
        }
        let (is, has) = (["is", "are"], ["has", "have"]);
        let unsaid = held - self.retagged - self.deleted;
        let parts: Vec<_> = [
            (self.retagged, has, "other tags"),
            (self.deleted, is, "gone"),
            (unsaid, is, "not told of now"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, verb, what)| format!("{count} {} {what}", verb[usize::from(count > 1)]))
        .collect();
        format!(
            "{held} of {served} secrets do not fit the rule any more ({})",
            parts.join(", ")
        )
    }

    /// What to do when they should not leave.
    fn mend(&self) -> &'static str {
        match (self.retagged, self.since.len() - self.retagged) {
            (0, _) => "recover the secrets",
            (_, 0) => "give the secrets their tags back, or edit the rule",
            _ => "give the secrets their tags back, or edit the rule, and recover those that are gone",
        }
    }
}

fn span(spec: &SelectionSpec) -> Duration {
    spec.interval.max(SHORTEST)
}
