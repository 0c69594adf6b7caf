//! What came of a sync.

use hyper::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;

use super::wanted::is_wanted;
use crate::admin::answer::{Answer, json};
use crate::domain::age;
use crate::domain::failure::Reason;
use crate::domain::object::VersionId;
use crate::domain::schedule::SyncScope;
use crate::domain::status::{EntryStatus, Status, VolumeTrouble};

/// What came of a sync.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'s> {
    /// Whether all that was asked for is what the vault has.
    synced: bool,
    /// How the volume fails, if it does.
    volume: Option<&'s VolumeTrouble>,
    entries: Vec<EntryOutcome<'s>>,
}

/// What came of it for an entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryOutcome<'s> {
    id: String,
    required: bool,
    as_asked: bool,
    /// Whether it has new bytes.
    written: bool,
    version: Option<&'s VersionId>,
    reason: Option<Reason>,
    error: Option<&'s str>,
    hint: Option<String>,
}

/// Of a sync that began at `began` and came to its end.
pub(super) fn outcome(status: &Status, wanted: &SyncScope, began: OffsetDateTime) -> Answer {
    let entries = status.entries.iter().filter(|entry| is_wanted(entry, wanted));
    let entries: Vec<_> = entries.map(|entry| of(entry, status, began)).collect();
    let volume = status.volume.failure.as_ref();
    let synced = entries.iter().all(|entry| entry.as_asked) && volume.is_none();
    let code = if synced {
        StatusCode::OK
    } else {
        StatusCode::BAD_GATEWAY
    };
    json(
        code,
        &Outcome {
            synced,
            volume,
            entries,
        },
    )
}

fn of<'s>(entry: &'s EntryStatus, status: &'s Status, began: OffsetDateTime) -> EntryOutcome<'s> {
    let mut outcome = EntryOutcome {
        id: entry.id.to_string(),
        required: entry.required,
        // While the volume fails nothing is written, so what an entry has is not known to be what the vault has.
        as_asked: entry.as_asked
            && entry.failure.is_none()
            && entry.stopped_by.is_none()
            && status.volume.failure.is_none(),
        written: entry.written.is_some_and(|written| written >= began),
        version: entry.version.as_ref(),
        reason: None,
        error: None,
        hint: None,
    };
    if let Some(failure) = &entry.failure {
        outcome.reason = Some(failure.reason);
        outcome.error = Some(&failure.failure.detail);
        outcome.hint = Some(failure.hint.to_string());
    } else if let Some(held_back) = &entry.held_back {
        outcome.as_asked = false;
        outcome.error = Some(held_back);
    } else if let Some(host) = &entry.stopped_by {
        // It was not asked, so what it has is not known to be what the vault has.
        let open = status.endpoints.iter().find(|known| known.endpoint == *host);
        if let Some(open) = open.and_then(|known| known.open.as_ref()) {
            outcome.reason = Some(open.reason);
            outcome.error = Some(&open.error);
            let next = age::at(open.next_try);
            outcome.hint = Some(format!("no action: {host} is asked again at {next}"));
        }
    }
    outcome
}
