//! What of a pass is worth telling: changes, and remarks.

use std::collections::BTreeSet;

use super::Status;
use crate::entry::{EntryId, EntryKey};
use crate::event::Event;
use crate::object::{Source, VersionSelector};
use crate::outcome::Decided;
use crate::path::RelativePath;
use crate::plan::{EntryPlan, Outcome, Why};

impl Status {
    /// One event for each object whose files are new, and one for each path that disappeared or changed its mode.
    pub(super) fn tell_changes(decided: &Decided, events: &mut Vec<Event>) {
        for plan in &decided.plan.entries {
            let Outcome::Served {
                version,
                changed: true,
                ..
            } = &plan.outcome
            else {
                continue;
            };
            let entry = plan.id.clone();
            let written = &decided.publication.written;
            let mut new = plan.made.iter().filter(|path| written.contains(path));
            let files = new.clone().count();
            events.push(match new.next() {
                Some(path) => Event::Published {
                    entry,
                    path: path.clone(),
                    files,
                    why: why(decided, path),
                    version: version.clone(),
                    expires: plan.validity.expires,
                },
                None => Event::MadeAgain { entry },
            });
        }
        let removed = decided.publication.removed.iter().cloned();
        events.extend(removed.map(|path| Event::Removed { path }));
        let adjusted = decided.publication.adjusted.iter().cloned();
        events.extend(adjusted.map(|path| Event::Adjusted { path }));
    }

    /// What is odd about entries that were made, each remark once.
    pub(super) fn tell_remarks(&mut self, decided: &Decided, events: &mut Vec<Event>) {
        let plans = &decided.plan.entries;
        let keys: BTreeSet<EntryKey> = plans.iter().map(remarked_key).collect();
        self.remarks.retain(|key, _| keys.contains(key));
        for (number, plan) in plans.iter().enumerate() {
            if !is_news_of(plan) {
                continue;
            }
            let notices = decided
                .notices
                .get(&number)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let key = remarked_key(plan);
            let mut remarked = self.remarks.remove(&key).unwrap_or_default();
            let news = notices.iter().filter(|notice| !remarked.contains(notice));
            events.extend(news.map(|notice| Event::Remark {
                entry: plan.id.clone(),
                notice: notice.clone(),
            }));
            if is_of_one_version(plan) {
                // It was perhaps only moved, without remarks; what was once true of it stays true.
                remarked.retain(|notice| !notices.contains(notice));
                remarked.extend_from_slice(notices);
            } else {
                remarked = notices.to_vec();
            }
            if !remarked.is_empty() {
                self.remarks.insert(key, remarked);
            }
        }
    }
}

/// Why a file is new.
fn why(decided: &Decided, path: &RelativePath) -> Why {
    let file = decided.plan.files.get(path);
    file.map_or(Why::Missing, |file| file.why.clone())
}

/// Whether a pass may have something new to remark on an entry: it made its files, or it was told what a selection picks.
const fn is_news_of(plan: &EntryPlan) -> bool {
    match (&plan.id, &plan.outcome) {
        (EntryId::Selection { .. }, Outcome::Served { .. }) => true,
        (_, Outcome::Served { changed, .. }) => *changed,
        (_, Outcome::Pending { .. } | Outcome::Failed { .. }) => false,
    }
}

/// What tells the remarks on an entry from those on others. A version goes from slot to slot of its history, so its
/// path plays no part.
fn remarked_key(plan: &EntryPlan) -> EntryKey {
    if is_of_one_version(plan) {
        EntryKey::Id(plan.id.clone())
    } else {
        plan.key.clone()
    }
}

const fn is_of_one_version(plan: &EntryPlan) -> bool {
    matches!(
        plan.id,
        EntryId::Object(Source {
            version: VersionSelector::Exact(_),
            ..
        })
    )
}
