//! The table that ends `once` on a terminal: what was written, kept and refused; never a value.

use std::fmt::Write as _;

use crate::domain::plan::{Outcome, PlannedObject};

/// One line per object, in manifest order, columns aligned.
pub(super) fn render(objects: &[PlannedObject]) -> String {
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

fn row(object: &PlannedObject) -> [String; 4] {
    let (version, result, reason) = match &object.outcome {
        Outcome::Fetched { version, changed, .. } => (
            version.as_str(),
            if *changed { "written" } else { "unchanged" },
            "",
        ),
        Outcome::Unasked { complete: true } => ("", "unchanged", ""),
        Outcome::Unasked { complete: false } => ("", "missing", "not fetched yet"),
        Outcome::Failed { failure, kept: true } => ("", "kept", failure.reason.as_str()),
        Outcome::Failed { failure, kept: false } => ("", "refused", failure.reason.as_str()),
    };
    [
        object.source.to_string(),
        version.to_owned(),
        result.to_owned(),
        reason.to_owned(),
    ]
}
