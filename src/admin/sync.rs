//! `POST /sync`: asks for a sync now, waits for its end, and tells what came of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use hyper::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};

use super::answer::{Answer, json, later, text};
use super::board::Exposed;
use crate::domain::entry::EntryId;
use crate::domain::failure::Reason;
use crate::domain::hint::Hint;
use crate::domain::object::{ObjectId, ObjectKind, VersionId};
use crate::domain::schedule::{Endpoint, SyncScope};
use crate::domain::status::{EntryStatus, Status};
use crate::reconcile::trigger::Waker;

/// From one sync that somebody asks for to the next.
const PAUSE: Duration = Duration::from_secs(5);

/// Longest wait for the end of a sync; a list of a vault may take 90 s.
const LONGEST: Duration = Duration::from_mins(2);

/// Whether the sync came to its end.
type Ended = Shared<BoxFuture<'static, bool>>;

/// The syncs that were asked for.
pub(super) struct Syncs {
    waker: Waker,
    last: Mutex<Option<Last>>,
}

/// The last one.
struct Last {
    wanted: SyncScope,
    began: Instant,
    ended: Ended,
}

/// What came of a sync.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    /// Whether all that was asked for is what the vault has.
    synced: bool,
    entries: Vec<EntryOutcome>,
}

/// What came of it for an entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryOutcome {
    id: String,
    required: bool,
    as_asked: bool,
    version: Option<VersionId>,
    reason: Option<Reason>,
    error: Option<String>,
    hint: Option<Hint>,
}

impl Syncs {
    pub(super) const fn new(waker: Waker) -> Self {
        Self {
            waker,
            last: Mutex::new(None),
        }
    }

    /// Answers 200 when all that was asked for succeeded, else 502.
    pub(super) async fn answer(&self, exposed: &Exposed, query: Option<&str>) -> Answer {
        let Some(status) = exposed.status() else {
            return later(text(StatusCode::SERVICE_UNAVAILABLE, "starting"), PAUSE);
        };
        let wanted = match wanted(&status, query) {
            Ok(wanted) => wanted,
            Err(refused) => return refused,
        };
        if let Some(closed) = closed(&status, &wanted) {
            return closed;
        }
        let ended = match self.begin(&wanted) {
            Ok(ended) => ended,
            Err(wait) => {
                let answer = text(StatusCode::TOO_MANY_REQUESTS, "a sync was asked for a moment ago");
                return later(answer, wait);
            }
        };
        if !ended.await {
            return text(
                StatusCode::GATEWAY_TIMEOUT,
                "the sync has not come to its end; see /status",
            );
        }
        match exposed.status() {
            Some(status) => outcome(&status, &wanted),
            None => text(StatusCode::SERVICE_UNAVAILABLE, "starting"),
        }
    }

    /// Begins a sync, or joins the one that is under way; says how long to wait where it is too soon.
    fn begin(&self, wanted: &SyncScope) -> Result<Ended, Duration> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*last {
            let is_under_way = last.ended.peek().is_none();
            if is_under_way && last.wanted == *wanted {
                return Ok(last.ended.clone());
            }
            let wait = PAUSE.saturating_sub(last.began.elapsed());
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        let answered = self.waker.sync(wanted.clone());
        let ended = async move { matches!(timeout(LONGEST, answered).await, Ok(Ok(_))) };
        let ended = ended.boxed().shared();
        *last = Some(Last {
            wanted: wanted.clone(),
            began: Instant::now(),
            ended: ended.clone(),
        });
        Ok(ended)
    }
}

/// What `?object=` names; all without it.
fn wanted(status: &Status, query: Option<&str>) -> Result<SyncScope, Answer> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut objects = BTreeSet::new();
    let mut is_all = true;
    for (key, value) in pairs {
        if key != "object" {
            return Err(text(StatusCode::BAD_REQUEST, "the one parameter is `object`"));
        }
        is_all = false;
        let named = status.entries.iter().filter_map(|entry| object_of(&entry.id));
        let named: BTreeSet<_> = named
            .filter(|object| is_called(object, &value))
            .cloned()
            .collect();
        if named.is_empty() {
            return Err(text(
                StatusCode::NOT_FOUND,
                "the manifest has no such object; write NAME or VAULT/KIND/NAME",
            ));
        }
        objects.extend(named);
    }
    Ok(if is_all {
        SyncScope::All
    } else {
        SyncScope::Objects(objects)
    })
}

const fn object_of(id: &EntryId) -> Option<&ObjectId> {
    match id {
        EntryId::Object(source) => Some(&source.object),
        EntryId::Template(_) | EntryId::Selection { .. } => None,
    }
}

/// Whether `NAME` or `VAULT/KIND/NAME` is the object.
fn is_called(object: &ObjectId, text: &str) -> bool {
    let parts: Vec<_> = text.split('/').collect();
    match parts.as_slice() {
        [name] => object.name.as_str().eq_ignore_ascii_case(name),
        [vault, kind, name] => {
            object.vault.name.as_str() == *vault
                && kind_of(kind) == Some(object.kind)
                && object.name.as_str().eq_ignore_ascii_case(name)
        }
        _ => false,
    }
}

fn kind_of(text: &str) -> Option<ObjectKind> {
    let kinds = [ObjectKind::Secret, ObjectKind::Certificate, ObjectKind::Key];
    kinds
        .into_iter()
        .find(|kind| text == kind.collection() || text == kind.to_string())
}

/// The answer when none of what is wanted can be asked for now.
fn closed(status: &Status, wanted: &SyncScope) -> Option<Answer> {
    let mut opens: Vec<Option<(OffsetDateTime, &str)>> = Vec::new();
    for entry in status.entries.iter().filter(|entry| is_wanted(entry, wanted)) {
        let vault = entry.id.vault()?;
        let shut = status.endpoints.iter().filter(|known| match &known.endpoint {
            Endpoint::Token => true,
            Endpoint::Vault(known) => known == vault,
        });
        let shut = shut.filter_map(|known| {
            let open = known.open.as_ref();
            let at = known.quiet_until.max(open.map(|open| open.next_try))?;
            Some((
                at,
                open.map_or("the vault asked to be left alone", |open| open.error.as_str()),
            ))
        });
        opens.push(shut.max_by_key(|(at, _)| *at));
    }
    let (at, reason) = opens
        .into_iter()
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min_by_key(|(at, _)| *at)?;
    let wait = Duration::try_from(at - OffsetDateTime::now_utc()).unwrap_or_default();
    let line = format!("nothing is asked now: {reason}");
    Some(later(text(StatusCode::SERVICE_UNAVAILABLE, &line), wait))
}

fn is_wanted(entry: &EntryStatus, wanted: &SyncScope) -> bool {
    match wanted {
        SyncScope::All => true,
        SyncScope::Objects(objects) => object_of(&entry.id).is_some_and(|object| objects.contains(object)),
    }
}

fn outcome(status: &Arc<Status>, wanted: &SyncScope) -> Answer {
    let entries = status.entries.iter().filter(|entry| is_wanted(entry, wanted));
    let entries: Vec<_> = entries
        .map(|entry| EntryOutcome {
            id: entry.id.to_string(),
            required: entry.required,
            as_asked: entry.as_asked && entry.failure.is_none(),
            version: entry.version.clone(),
            reason: entry.failure.as_ref().map(|failure| failure.reason),
            error: entry
                .failure
                .as_ref()
                .map(|failure| failure.failure.detail.clone()),
            hint: entry.failure.as_ref().map(|failure| failure.hint.clone()),
        })
        .collect();
    let synced = entries.iter().all(|entry| entry.as_asked) && status.volume.failure.is_none();
    let code = if synced {
        StatusCode::OK
    } else {
        StatusCode::BAD_GATEWAY
    };
    json(code, &Outcome { synced, entries })
}
