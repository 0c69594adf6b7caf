//! What the log says of passes: one line per change, none per no-op, a repeated failure once with a count.

use std::collections::{BTreeMap, BTreeSet};

use time::format_description::well_known::Rfc3339;

use crate::domain::entry::{EntryId, EntryKey};
use crate::domain::failure::{Failure, FailureClass, Reason};
use crate::domain::object::{Source, VaultId, VersionSelector};
use crate::domain::notice::Notice;
use crate::domain::plan::{Outcome, PlannedEntry};
use crate::domain::validity::Standing;
use crate::ports::VolumeFailure;

use super::pass::PassReport;

/// Repetitions after which a lasting failure is mentioned again.
const REMINDERS: [u32; 4] = [10, 100, 1_000, 10_000];

/// Remembers what it said, so that it says it once.
#[derive(Debug, Default)]
pub struct Reporter {
    /// How often in a row each entry failed, by reason. Not by what messages call it: the version that a policy means
    /// may be another one in the next pass.
    failing: BTreeMap<EntryKey, BTreeMap<Reason, u32>>,
    /// What was remarked on each entry, and on each version whatever its slot in a history.
    notices: BTreeMap<EntryKey, Vec<Notice>>,
    /// What the validity of each entry that is not simply valid meant.
    standing: BTreeMap<EntryKey, Standing>,
    volume_failures: u32,
    /// Who signs in: named with each refusal of a vault, whose answers rarely do.
    pub(super) identity: Option<String>,
}

/// An object, why it failed, and how often in a row.
type Failed<'a> = (&'a PlannedEntry, &'a Failure, u32);

impl Reporter {
    /// Says what is new in the report of a pass. `failing` knows the entries that failed when they were asked for last,
    /// in a pass before.
    pub fn report(&mut self, report: &PassReport, failing: impl Fn(&PlannedEntry) -> bool) {
        self.forget(report);
        self.report_volume(report.volume_failure.as_ref());
        report_changes(report);
        self.report_notices(report);
        self.report_validity(report);
        self.report_recoveries(report, failing);
        self.report_failures(report);
        tracing::debug!(
            asked = report.asked,
            written = report.publication.written.len(),
            removed = report.publication.removed.len(),
            milliseconds = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
            "Pass finished"
        );
    }

    fn report_volume(&mut self, failure: Option<&VolumeFailure>) {
        let Some(failure) = failure else {
            if self.volume_failures > 0 {
                tracing::info!(failures = self.volume_failures, "Volume recovered");
            }
            self.volume_failures = 0;
            return;
        };
        self.volume_failures += 1;
        let (times, cause) = (self.volume_failures, failure.cause().to_string());
        if times == 1 || REMINDERS.contains(&times) {
            tracing::error!(error = %failure, cause, hint = failure.hint(), times, "Volume not written");
        } else {
            tracing::debug!(error = %failure, cause, times, "Volume not written");
        }
    }

    /// Lets go of what is not in the report: the versions of a history come and go.
    fn forget(&mut self, report: &PassReport) {
        // A pass that could not observe the volume does not know every entry.
        if report.volume_failure.is_some() {
            return;
        }
        let keys: BTreeSet<&EntryKey> = report.entries.iter().map(|entry| &entry.key).collect();
        self.failing.retain(|key, _| keys.contains(key));
        let keys: BTreeSet<EntryKey> = report.entries.iter().map(remarked_key).collect();
        self.notices.retain(|key, _| keys.contains(key));
    }

    fn report_notices(&mut self, report: &PassReport) {
        for entry in &report.entries {
            // An entry that was not rendered in this pass has nothing new to remark.
            if !matches!(entry.outcome, Outcome::Fetched { changed: true, .. }) {
                continue;
            }
            let key = remarked_key(entry);
            let mut remarked = self.notices.remove(&key).unwrap_or_default();
            for notice in entry.notices.iter().filter(|notice| !remarked.contains(notice)) {
                if notice.is_warning() {
                    tracing::warn!(object = %entry.id, "{notice}");
                } else {
                    tracing::info!(object = %entry.id, "{notice}");
                }
            }
            if is_of_one_version(entry) {
                // It was perhaps only moved, without remarks; what was once true of it stays true.
                remarked.retain(|notice| !entry.notices.contains(notice));
                remarked.extend_from_slice(&entry.notices);
            } else {
                remarked.clone_from(&entry.notices);
            }
            if !remarked.is_empty() {
                self.notices.insert(key, remarked);
            }
        }
    }

    /// One line when something is not valid yet, when it comes near its end without a successor, and when it is over.
    fn report_validity(&mut self, report: &PassReport) {
        if report.volume_failure.is_some() {
            return;
        }
        let mut told = BTreeMap::new();
        for entry in &report.entries {
            let standing = entry.validity.standing(report.at);
            if standing == Standing::Valid {
                continue;
            }
            if self.standing.get(&entry.key) != Some(&standing) {
                let [not_before, expires] = [entry.validity.not_before, entry.validity.expires]
                    .map(|time| time.and_then(|time| time.format(&Rfc3339).ok()));
                let object = &entry.id;
                match standing {
                    Standing::Expired => tracing::warn!(%object, expires, "Expired"),
                    Standing::ExpiresSoon => tracing::warn!(%object, expires, "Expires soon"),
                    Standing::NotYetValid => tracing::warn!(%object, not_before, "Not valid yet"),
                    Standing::Valid => {}
                }
            }
            told.insert(entry.key.clone(), standing);
        }
        self.standing = told;
    }

    fn report_recoveries(&mut self, report: &PassReport, failing: impl Fn(&PlannedEntry) -> bool) {
        let failed: BTreeSet<&EntryId> = report.failures().map(|(entry, _)| &entry.id).collect();
        // Entries of one object recover together, and are one line.
        let mut recovered: BTreeMap<(&EntryId, Reason), u32> = BTreeMap::new();
        for entry in &report.entries {
            let served = match entry.outcome {
                Outcome::Fetched { .. } => true,
                Outcome::Unasked { complete } => complete,
                Outcome::Failed { .. } => false,
            };
            if !served || failed.contains(&entry.id) || failing(entry) {
                continue;
            }
            for (reason, failures) in self.failing.remove(&entry.key).into_iter().flatten() {
                let most = recovered.entry((&entry.id, reason)).or_default();
                *most = failures.max(*most);
            }
        }
        for ((id, reason), failures) in recovered {
            tracing::info!(object = %id, %reason, failures, "Recovered");
        }
    }

    /// Failures that have one cause for many objects (identity, outage of a vault) are one line.
    fn report_failures(&mut self, report: &PassReport) {
        let mut groups: BTreeMap<(Option<&VaultId>, Reason), Vec<Failed<'_>>> = BTreeMap::new();
        let mut alone = Vec::new();
        let mut told: BTreeSet<(&EntryId, Reason)> = BTreeSet::new();
        for (object, failure) in report.failures() {
            let times = self.count(&object.key, failure.reason);
            // Entries may share an object, and fail differently.
            if !told.insert((&object.id, failure.reason)) {
                continue;
            }
            match failure.reason.class() {
                FailureClass::Identity => groups
                    .entry((None, failure.reason))
                    .or_default()
                    .push((object, failure, times)),
                FailureClass::Unavailable => {
                    let vault = object.id.vault();
                    groups
                        .entry((vault, failure.reason))
                        .or_default()
                        .push((object, failure, times));
                }
                FailureClass::Refused | FailureClass::Volume => alone.push((object, failure, times)),
            }
        }
        for (object, failure, times) in alone {
            self.say(object, failure, 1, times);
        }
        for group in groups.into_values() {
            let objects = group.len();
            let newest = group.into_iter().min_by_key(|(_, _, times)| *times);
            if let Some((object, failure, times)) = newest {
                self.say(object, failure, objects, times);
            }
        }
    }

    /// How often in a row the entry failed for this reason. A failure for another one begins anew.
    fn count(&mut self, key: &EntryKey, reason: Reason) -> u32 {
        let said = self.failing.entry(key.clone()).or_default();
        said.retain(|known, _| *known == reason);
        let times = said.entry(reason).or_default();
        *times += 1;
        *times
    }

    fn say(&self, object: &PlannedEntry, failure: &Failure, objects: usize, times: u32) {
        let kept = matches!(object.outcome, Outcome::Failed { kept: true, .. });
        let (reason, hint, required) = (failure.reason.as_str(), failure.hint.as_str(), object.required);
        // A failure to sign in names it itself; the rest has nothing to do with it.
        let refused = failure.reason.class() == FailureClass::Refused;
        let identity = self.identity.as_deref().filter(|_| refused);
        if times == 1 || REMINDERS.contains(&times) {
            tracing::warn!(
                object = %object.id, objects, reason, kept, required, times, identity, error = %failure, hint,
                "Object not fetched"
            );
        } else {
            tracing::debug!(object = %object.id, objects, reason, times, error = %failure, "Object not fetched");
        }
    }
}

/// What tells the remarks on an entry from those on others. A version goes from slot to slot of its history, so its
/// path plays no part.
fn remarked_key(entry: &PlannedEntry) -> EntryKey {
    if is_of_one_version(entry) {
        EntryKey::Id(entry.id.clone())
    } else {
        entry.key.clone()
    }
}

const fn is_of_one_version(entry: &PlannedEntry) -> bool {
    matches!(
        entry.id,
        EntryId::Object(Source {
            version: VersionSelector::Exact(_),
            ..
        })
    )
}

/// One line for each object whose files are new, and one for each path that disappeared or changed its mode.
fn report_changes(report: &PassReport) {
    if report.volume_failure.is_some() {
        return;
    }
    for entry in &report.entries {
        if let Outcome::Fetched {
            version,
            changed: true,
        } = &entry.outcome
        {
            if !entry
                .made
                .iter()
                .any(|path| report.publication.written.contains(path))
            {
                tracing::debug!(object = %entry.id, "Made again with the same bytes");
                continue;
            }
            let version = version.as_ref().map(tracing::field::display);
            let expires = entry
                .validity
                .expires
                .and_then(|expires| expires.format(&Rfc3339).ok());
            tracing::info!(object = %entry.id, version, expires, "Published");
        }
    }
    for path in &report.publication.removed {
        tracing::info!(%path, "Removed");
    }
    for path in &report.publication.adjusted {
        tracing::info!(%path, "Mode or owner changed");
    }
}

#[cfg(test)]
mod tests;
