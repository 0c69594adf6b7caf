//! Tables for people. One ends `once` on a terminal: what was written, kept and refused; never a value.

use std::fmt::Write as _;

use crate::domain::object::VersionId;
use crate::domain::status::EntryStatus;

/// One line per object, in manifest order.
pub(super) fn render(objects: &[EntryStatus]) -> String {
    let head = ["OBJECT", "VERSION", "RESULT", "REASON"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(objects.iter().map(row)).collect();
    aligned(&rows)
}

/// Rows as lines, columns aligned.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths);
        let cells: Vec<_> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn row(entry: &EntryStatus) -> [String; 4] {
    let version = entry.version.as_ref().map_or("", VersionId::as_str);
    let (version, result, reason) = match &entry.failure {
        Some(failure) => (
            "",
            if failure.kept { "kept" } else { "refused" },
            failure.reason.as_str(),
        ),
        None if !entry.complete => ("", "missing", "not fetched yet"),
        None if entry.held_back.is_some() => (version, "held back", ""),
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
    use crate::domain::desired::OnStart;
    use crate::domain::failure::Reason;
    use crate::domain::plan::Outcome;
    use crate::domain::status::Status;
    use crate::domain::status::test_passes::{entry, failed, made, pass, pending, served};

    use super::*;

    #[test]
    fn each_object_is_a_line_that_says_what_became_of_it() {
        let mut refused = failed("none", Reason::Forbidden);
        if let Outcome::Failed { kept, .. } = &mut refused.outcome {
            *kept = false;
        }
        let pinned = Outcome::Served {
            version: None,
            changed: false,
            confirmed: false,
        };
        let entries = vec![
            made("new"),
            served("same"),
            failed("old", Reason::Forbidden),
            refused,
            entry("pinned", pinned),
            pending("unasked", true),
            pending("late", false),
        ];
        let mut status = Status::new(OnStart::Fresh);
        status.fold(pass(entries), 0.5);
        let text = render(&status.entries);
        let expected = [
            "OBJECT               VERSION                           RESULT     REASON",
            "app/secrets/new      00000000000000000000000000000001  written",
            "app/secrets/same     00000000000000000000000000000001  unchanged",
            "app/secrets/old                                        kept       forbidden",
            "app/secrets/none                                       refused    forbidden",
            "app/secrets/pinned                                     unchanged",
            "app/secrets/unasked                                    unchanged",
            "app/secrets/late                                       missing    not fetched yet",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
