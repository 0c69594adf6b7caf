//! A plan for people: a line per file, columns aligned, and a summary.

use super::row::{Row, Summary};
use crate::cli::table;

/// The whole plan.
pub(super) fn render(rows: &[Row]) -> String {
    let head = ["ACTION", "FILE", "OBJECT", "WHY"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    format!("{}\n{}\n", table::aligned(&lines), Summary::of(rows))
}

fn cells(row: &Row) -> [String; 4] {
    let entry = row.owner.as_ref().map(|owner| owner.entry.as_str());
    [
        row.act.to_string(),
        row.path.clone(),
        entry.unwrap_or("-").to_owned(),
        one_line(&row.because.detail),
    ]
}

/// Words of a service may be in it, which must not make lines of their own, nor move the cursor.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
