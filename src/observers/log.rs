//! What the log says of passes: one line per change, none per no-op; failures of one cause are one line, told again while
//! they last.

mod hooks;
mod names;
mod remark;

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::display;

use self::names::Names;
use self::remark::remark;
use crate::domain::age::short;

use crate::domain::entry::EntryId;
use crate::domain::event::Event;
use crate::domain::failure::{Failure, Reach};
use crate::domain::status::Status;
use crate::domain::validity::{Standing, Validity};
use crate::ports::Observer;

/// Writes events to the log.
#[derive(Debug, Default)]
pub struct Log {
    /// Who signs in: named with each refusal of a vault, whose answers rarely do.
    identity: Option<String>,
}

impl Log {
    /// With the name of who signs in, for refusals.
    pub fn signed_in_as(identity: &str) -> Self {
        Self {
            identity: Some(identity.to_owned()),
        }
    }

    fn say(&self, event: &Event) {
        match event {
            Event::SyncAsked => tracing::info!("Sync asked for"),
            Event::Ready {
                objects,
                last_known_good: true,
            } => tracing::info!(objects, "Ready with last known good files"),
            Event::Ready { objects, .. } => tracing::info!(objects, "Ready"),
            Event::NotReady { waiting, volume, age } => not_ready(waiting, volume.as_deref(), *age),
            Event::Published { .. } => published(event),
            Event::MadeAgain { entry } => tracing::debug!(object = %entry, "Made again with the same bytes"),
            Event::Removed { path } => tracing::info!(%path, "Removed"),
            Event::Adjusted { path } => tracing::info!(%path, "Mode or owner changed"),
            Event::Remark { entry, notice } => remark(entry, notice),
            Event::Validity {
                entry,
                standing,
                validity,
            } => validity_of(entry, *standing, *validity),
            Event::Failing { .. } => self.failing(event),
            Event::Recovered {
                entries,
                reason,
                failures,
            } => {
                let [object, names] = Names(entries).fields();
                let objects = entries.len();
                tracing::info!(
                    object,
                    objects,
                    names,
                    reason = reason.as_str(),
                    times = failures,
                    "Recovered"
                );
            }
            Event::QuietShortened { endpoint, asked } => {
                let asked_seconds = asked.as_secs();
                tracing::warn!(%endpoint, asked_seconds, "Retry-After is longer than 5 minutes; waiting 5 minutes");
            }
            Event::VolumeFailing {
                error,
                cause,
                hint,
                times,
                age,
                news: true,
            } => {
                let age = short(*age);
                tracing::error!(
                    error,
                    cause,
                    times,
                    age,
                    hint = hint.to_string(),
                    "Volume not written"
                );
            }
            Event::VolumeFailing {
                error, cause, times, ..
            } => tracing::debug!(error, cause, times, "Volume not written"),
            Event::VolumeRecovered { failures } => tracing::info!(times = failures, "Volume recovered"),
            Event::Reloaded { objects, files } => tracing::info!(objects, files, "Manifest reloaded"),
            Event::ReloadRefused { problems } => {
                let (error, problems) = (problems.first(), problems.len());
                tracing::warn!(error, problems, "Reload refused; everything goes on as before");
            }
            Event::HookSucceeded { .. } | Event::HookFailed { .. } | Event::HookForgotten(_) => {
                hooks::say(event);
            }
            Event::Finished { .. } => finished(event),
            // Counted, not told: the files and failures of it have lines of their own.
            Event::SetPublished { .. } | Event::Answered { .. } => {}
        }
    }

    /// What was fetched and could not be made or placed is another thing to look for than what was not fetched.
    fn failing(&self, event: &Event) {
        let Event::Failing {
            entries,
            objects,
            failure,
            held_back,
            kept,
            required,
            times,
            age,
            news,
        } = event
        else {
            return;
        };
        let (reason, hint) = (failure.reason.as_str(), failure.hint.to_string());
        let (error, cause) = (display(failure), cause(failure));
        let [object, names] = Names(entries).fields();
        let age = short(*age);
        match (failure.reason.reach(), *news) {
            (Reach::Entry, true) => tracing::warn!(
                object,
                objects,
                names,
                reason,
                held_back,
                kept,
                required,
                times,
                age,
                error,
                cause,
                hint,
                "Object not written"
            ),
            (Reach::Entry, false) => {
                tracing::debug!(
                    object,
                    objects,
                    names,
                    reason,
                    times,
                    error,
                    cause,
                    "Object not written"
                );
            }
            (reach, true) => {
                // A failure to sign in names it itself, and an outage has nothing to do with it.
                let identity = self.identity.as_deref().filter(|_| reach == Reach::Refusal);
                tracing::warn!(
                    object,
                    objects,
                    names,
                    reason,
                    held_back,
                    kept,
                    required,
                    times,
                    age,
                    identity,
                    error,
                    cause,
                    hint,
                    "Object not fetched"
                );
            }
            (_, false) => {
                tracing::debug!(
                    object,
                    objects,
                    names,
                    reason,
                    times,
                    error,
                    cause,
                    "Object not fetched"
                );
            }
        }
    }
}

impl Observer for Log {
    fn tell(&mut self, _status: &Status, events: &[Event]) {
        for event in events {
            self.say(event);
        }
    }
}

fn not_ready(waiting: &[EntryId], volume: Option<&str>, age: Duration) {
    let [object, names] = Names(waiting).fields();
    let objects = waiting.len();
    let age = short(age);
    tracing::warn!(
        object,
        objects,
        names,
        volume,
        age,
        "Not ready yet: still waiting for required objects"
    );
}

fn published(event: &Event) {
    let Event::Published {
        entry,
        path,
        files,
        why,
        version,
        expires,
    } = event
    else {
        return;
    };
    let (version, expires) = (version.as_ref().map(display), written(*expires));
    tracing::info!(object = %entry, %path, files, why = why.as_str(), version, expires, "Published");
}

fn finished(event: &Event) {
    let Event::Finished {
        asked,
        written: new,
        removed,
        adjusted,
        took,
        next_due,
        asked_for,
    } = event
    else {
        return;
    };
    let took_milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let next_due = written(next_due.and_then(|due| due.replace_nanosecond(0).ok()));
    if *asked_for || new + removed + adjusted > 0 {
        tracing::info!(
            asked,
            written = new,
            removed,
            adjusted,
            took_milliseconds,
            next_due,
            "Pass finished"
        );
    } else {
        tracing::debug!(
            asked,
            written = new,
            removed,
            adjusted,
            took_milliseconds,
            next_due,
            "Pass finished"
        );
    }
}

fn validity_of(object: &EntryId, standing: Standing, validity: Validity) {
    let [not_before, expires] = [validity.not_before, validity.expires].map(written);
    match standing {
        Standing::Expired => tracing::warn!(%object, expires, "Expired"),
        Standing::ExpiresSoon => tracing::warn!(%object, expires, "Expires soon"),
        Standing::NotYetValid => tracing::warn!(%object, not_before, "Not valid yet"),
        Standing::Valid => {}
    }
}

fn written(time: Option<OffsetDateTime>) -> Option<String> {
    time.and_then(|time| time.format(&Rfc3339).ok())
}

/// What caused a failure, the outermost first, without what the failure says itself.
fn cause(failure: &Failure) -> Option<String> {
    let first = std::error::Error::source(failure)?;
    let said = failure.to_string();
    let causes = std::iter::successors(Some(first), |cause| cause.source()).map(ToString::to_string);
    let untold: Vec<_> = causes.filter(|cause| !said.contains(cause.as_str())).collect();
    (!untold.is_empty()).then(|| untold.join(": "))
}

#[cfg(test)]
mod tests;
