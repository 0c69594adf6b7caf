//! The table that ends `once` on a terminal: what was written, kept and refused; never a value.

use std::fmt::Write as _;

use crate::domain::object::VersionId;
use crate::domain::status::EntryStatus;

/// One line per object, in manifest order, columns aligned.
pub(super) fn render(objects: &[EntryStatus]) -> String {
    let rows: Vec<[String; 4]> = objects.iter().map(row).collect();
    let head = ["OBJECT", "VERSION", "RESULT", "REASON"].map(str::to_owned);
    let mut widths = head.clone().map(|cell| cell.len());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for [object, version, result, reason] in std::iter::once(&head).chain(&rows) {
        let [a, b, c, _] = widths;
        let line = format!("{object:a$}  {version:b$}  {result:c$}  {reason}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row(entry: &EntryStatus) -> [String; 4] {
    let version = entry.version.as_ref().map_or("", VersionId::as_str);
    let (version, result, reason) = match &entry.failure {
        Some(failure) => ("", if failure.kept { "kept" } else { "refused" }, failure.reason.as_str()),
        None if !entry.complete => ("", "missing", "not fetched yet"),
        None if entry.written.is_some() => (version, "written", ""),
        None => (version, "unchanged", ""),
    };
    [
        entry.id.to_string(),
        version.to_owned(),
        result.to_owned(),
        reason.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::domain::entry::{EntryId, EntryKey};
    use crate::domain::failure::{Failure, Reason};
    use crate::domain::object::{ObjectId, ObjectKind, ObjectName, Source, VaultId, VersionSelector};
    use crate::domain::validity::Validity;

    use super::*;

    fn object(name: &str, outcome: Outcome) -> PlannedEntry {
        let id = EntryId::Object(Source {
            object: ObjectId {
                vault: VaultId::named("app"),
                kind: ObjectKind::Secret,
                name: ObjectName::parse(name).expect("valid"),
            },
            version: VersionSelector::Latest,
        });
        PlannedEntry {
            key: EntryKey::Id(id.clone()),
            id,
            required: true,
            outcome,
            notices: Vec::new(),
            validity: Validity::default(),
            made: Vec::new(),
        }
    }

    fn failed(kept: bool) -> Outcome {
        let failure = Failure::new(Reason::Forbidden, "not shown", "not shown");
        Outcome::Failed {
            failure,
            kept,
            again: Vec::new(),
        }
    }

    #[test]
    fn each_object_is_a_line_that_says_what_became_of_it() {
        let version = VersionId::parse(&"0a".repeat(16)).expect("valid");
        let fetched = |changed| Outcome::Fetched {
            version: Some(version.clone()),
            changed,
        };
        let objects = [
            object("new", fetched(true)),
            object("same", fetched(false)),
            object("old", failed(true)),
            object("none", failed(false)),
            object("pinned", Outcome::Unasked { complete: true }),
        ];
        let text = render(&objects);
        let expected = [
            "OBJECT              VERSION                           RESULT     REASON",
            "app/secrets/new     0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a  written",
            "app/secrets/same    0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a  unchanged",
            "app/secrets/old                                       kept       forbidden",
            "app/secrets/none                                      refused    forbidden",
            "app/secrets/pinned                                    unchanged",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
