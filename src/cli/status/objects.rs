//! The table of entries: which version is served, how old it is, when it expires, and why it is not current.

use time::OffsetDateTime;

use super::seen::{Entry, Seen};
use crate::cli::age::{age, until};
use crate::cli::ansi::{RED, YELLOW};
use crate::cli::table::{self, Cell, Column, Cut, Look, WHOLE_VERSION};
use crate::domain::validity::Standing;

const COLUMNS: [Column; 8] = [
    Column::new("OBJECT", 12, None, Cut::Middle),
    Column::new("VERSION", WHOLE_VERSION, Some(1), Cut::End),
    Column::new("STATE", 7, None, Cut::End),
    Column::new("AGE", 4, Some(6), Cut::End),
    Column::new("CONFIRMED", 9, Some(4), Cut::End),
    Column::new("EXPIRES", 10, Some(5), Cut::End),
    Column::new("NEXT", 4, Some(2), Cut::End),
    Column::new("WHY", 12, Some(3), Cut::End),
];

/// A row for each entry, in the order of the manifest.
pub(super) fn render(seen: &Seen, now: OffsetDateTime, look: Look) -> String {
    let rows: Vec<_> = seen.entries.iter().map(|entry| row(entry, seen, now)).collect();
    table::render(&COLUMNS, &rows, look)
}

fn row(entry: &Entry, seen: &Seen, now: OffsetDateTime) -> [Cell; 8] {
    let (state, color) = state(entry);
    let ago = |then: Option<OffsetDateTime>| then.map(|then| age(now - then)).unwrap_or_default();
    let (expires, expires_color) = expiry(entry, now);
    [
        entry.id.as_str().into(),
        entry.version.as_deref().unwrap_or_default().into(),
        Cell::colored(state, color),
        ago(entry.since).into(),
        ago(entry.last_success).into(),
        Cell::colored(expires, expires_color),
        entry
            .next_due
            .map(|due| until(now, due))
            .unwrap_or_default()
            .into(),
        why(entry, seen).into(),
    ]
}

/// In the words of the table of `once`, as far as they fit what lasts.
fn state(entry: &Entry) -> (&'static str, &'static str) {
    let current = entry.as_asked && entry.failure.is_none() && entry.held_back.is_none();
    match (entry.complete, current) {
        (true, true) => ("current", ""),
        (true, false) => ("kept", YELLOW),
        (false, _) if entry.required => ("missing", RED),
        (false, _) => ("missing", YELLOW),
    }
}

/// Why it is not current.
fn why(entry: &Entry, seen: &Seen) -> String {
    if let Some(failure) = &entry.failure {
        return failure.reason.clone();
    }
    if let Some(held_back) = &entry.held_back {
        return held_back.clone();
    }
    if let Some(host) = &entry.stopped_by {
        let open = seen.endpoints.iter().find(|known| known.endpoint == *host);
        let reason = open
            .and_then(|known| known.open.as_ref())
            .map(|open| open.reason.as_str());
        return format!("{}: {host}", reason.unwrap_or("stopped"));
    }
    if entry.waits {
        "asked".to_owned()
    } else if entry.complete && !entry.as_asked {
        "not confirmed".to_owned()
    } else {
        String::new()
    }
}

fn expiry(entry: &Entry, now: OffsetDateTime) -> (String, &'static str) {
    let Some(expires) = entry.validity.expires else {
        return (String::new(), "");
    };
    let date = expires.date().to_string();
    match entry.validity.standing(now) {
        Standing::Expired => (format!("{date} (over)"), RED),
        Standing::ExpiresSoon => (format!("{date} ({})", until(now, expires)), YELLOW),
        Standing::NotYetValid | Standing::Valid => (date, ""),
    }
}
