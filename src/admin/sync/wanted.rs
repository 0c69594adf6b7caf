//! What a request wants to be synced, and whether it can be asked for now.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::StatusCode;
use time::OffsetDateTime;

use crate::admin::answer::{Answer, later, text};
use crate::domain::object::{ObjectId, ObjectKind, VaultId};
use crate::domain::schedule::{Endpoint, SyncScope};
use crate::domain::status::{EntryStatus, Status};

/// What cannot be wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another parameter.
    Parameter,
    /// An object that nobody knows, by this name.
    Unknown(String),
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Parameter => text(StatusCode::BAD_REQUEST, "the one parameter is `object`"),
            Refused::Unknown(name) => text(
                StatusCode::NOT_FOUND,
                &format!("no object of the manifest is called {name:?}; write NAME or VAULT/KIND/NAME"),
            ),
        }
    }
}

/// What `?object=` names; all without it.
pub(super) fn wanted(status: &Status, query: Option<&str>) -> Result<SyncScope, Refused> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut objects = BTreeSet::new();
    let mut is_all = true;
    for (key, value) in pairs {
        if key != "object" {
            return Err(Refused::Parameter);
        }
        is_all = false;
        let known = status.entries.iter().flat_map(|entry| &entry.objects);
        let before = objects.len();
        objects.extend(known.filter(|object| is_called(object, &value)).cloned());
        if objects.len() == before && !objects.iter().any(|object| is_called(object, &value)) {
            return Err(Refused::Unknown(value.into_owned()));
        }
    }
    Ok(if is_all {
        SyncScope::All
    } else {
        SyncScope::Objects(objects)
    })
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

/// Whether an entry has to do with it.
pub(super) fn is_wanted(entry: &EntryStatus, wanted: &SyncScope) -> bool {
    match wanted {
        SyncScope::All => true,
        SyncScope::Objects(objects) => entry.objects.iter().any(|object| objects.contains(object)),
    }
}

/// Whether a sync of `wide` is one of `narrow` too.
pub(super) fn covers(wide: &SyncScope, narrow: &SyncScope) -> bool {
    match (wide, narrow) {
        (SyncScope::All, _) => true,
        (SyncScope::Objects(wide), SyncScope::Objects(narrow)) => narrow.is_subset(wide),
        (SyncScope::Objects(_), SyncScope::All) => false,
    }
}

/// The answer when no vault of what is wanted may be asked now.
pub(super) fn closed(status: &Status, wanted: &SyncScope) -> Option<Answer> {
    let vaults: BTreeSet<_> = match wanted {
        SyncScope::All => status
            .endpoints
            .iter()
            .filter_map(|known| known.endpoint.vault())
            .collect(),
        SyncScope::Objects(objects) => objects.iter().map(|object| &object.vault).collect(),
    };
    let opens = vaults.into_iter().map(|vault| opens_at(status, vault));
    let opens: Option<Vec<_>> = opens.collect();
    let (at, reason) = opens?.into_iter().min_by_key(|(at, _)| *at)?;
    let wait = Duration::try_from(at - OffsetDateTime::now_utc()).unwrap_or_default();
    let line = format!("nothing is asked now: {reason}");
    Some(later(text(StatusCode::SERVICE_UNAVAILABLE, &line), wait))
}

/// When a vault may be asked again, and why not now; none when it may be.
fn opens_at<'s>(status: &'s Status, vault: &VaultId) -> Option<(OffsetDateTime, &'s str)> {
    let gates = status.endpoints.iter().filter(|known| match &known.endpoint {
        Endpoint::Token => true,
        Endpoint::Vault(known) => known == vault,
    });
    let shut = gates.filter_map(|known| {
        let open = known.open.as_ref();
        let at = known.quiet_until.max(open.map(|open| open.next_try))?;
        let reason = open.map_or("the host asked to be left alone", |open| open.error.as_str());
        Some((at, reason))
    });
    shut.max_by_key(|(at, _)| *at)
}
