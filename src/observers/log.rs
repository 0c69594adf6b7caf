//! What the log says of passes: one line per change, none per no-op, a repeated failure once with a count.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::entry::EntryId;
use crate::domain::event::Event;
use crate::domain::failure::{Failure, FailureClass};
use crate::domain::notice::Notice;
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
            Event::Published {
                entry,
                version,
                expires,
            } => {
                let (version, expires) = (version.as_ref().map(tracing::field::display), written(*expires));
                tracing::info!(object = %entry, version, expires, "Published");
            }
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
                entry,
                reason,
                failures,
            } => tracing::info!(object = %entry, %reason, times = failures, "Recovered"),
            Event::QuietShortened { endpoint, asked } => {
                let asked_seconds = asked.as_secs();
                tracing::warn!(%endpoint, asked_seconds, "Retry-After is longer than 5 minutes; waiting 5 minutes");
            }
            Event::VolumeFailing {
                error,
                cause,
                hint,
                times,
                news: true,
            } => tracing::error!(error, cause, hint, times, "Volume not written"),
            Event::VolumeFailing {
                error, cause, times, ..
            } => tracing::debug!(error, cause, times, "Volume not written"),
            Event::VolumeRecovered { failures } => tracing::info!(times = failures, "Volume recovered"),
            Event::Finished {
                asked,
                written,
                removed,
                took,
            } => {
                let took_milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(asked, written, removed, took_milliseconds, "Pass finished");
            }
        }
    }

    fn failing(&self, event: &Event) {
        let Event::Failing {
            entry,
            objects,
            failure,
            kept,
            required,
            times,
            news,
        } = event
        else {
            return;
        };
        let (reason, hint) = (failure.reason.as_str(), failure.hint.as_str());
        // A failure to sign in names it itself; the rest has nothing to do with it.
        let refused = failure.reason.class() == FailureClass::Refused;
        let identity = self.identity.as_deref().filter(|_| refused);
        let cause = cause(failure);
        if *news {
            tracing::warn!(
                object = %entry, objects, reason, kept, required, times, identity, error = %failure, cause, hint,
                "Object not fetched"
            );
        } else {
            tracing::debug!(object = %entry, objects, reason, times, error = %failure, cause, "Object not fetched");
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

fn remark(entry: &EntryId, notice: &Notice) {
    if notice.is_warning() {
        tracing::warn!(object = %entry, "{notice}");
    } else {
        tracing::info!(object = %entry, "{notice}");
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
