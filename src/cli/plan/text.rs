//! A plan for people: a line per file, columns aligned, and a summary.

use super::row::{Act, Row, Summary};
use crate::cli::ansi::{GREEN, YELLOW};
use crate::cli::table::{self, Cell, Column, Cut, Look};

const COLUMNS: [Column; 4] = [
    Column::new("ACTION", 9, None, Cut::End),
    Column::new("FILE", 12, None, Cut::Middle),
    Column::new("OBJECT", 12, Some(1), Cut::Middle),
    Column::new("WHY", 12, Some(2), Cut::End),
];

/// The whole plan.
pub(super) fn render(rows: &[Row], look: Look) -> String {
    let lines: Vec<_> = rows.iter().map(cells).collect();
    format!(
        "{}\n{}\n",
        table::render(&COLUMNS, &lines, look),
        Summary::of(rows)
    )
}

fn cells(row: &Row) -> [Cell; 4] {
    let entry = row.owner.as_ref().map(|owner| owner.entry.as_str());
    [
        Cell::colored(row.act.to_string(), color(row.act)),
        row.path.as_str().into(),
        entry.unwrap_or("-").into(),
        row.because.detail.as_str().into(),
    ]
}

const fn color(act: Act) -> &'static str {
    match act {
        Act::Write | Act::Adjust => GREEN,
        Act::Remove | Act::HoldBack => YELLOW,
        Act::Keep => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan::test_rows::rows;

    const ANY_WIDTH: Look = Look {
        width: None,
        color: false,
    };

    #[test]
    fn columns_are_aligned_and_a_summary_comes_last() {
        assert_eq!(
            render(&rows(), ANY_WIDTH),
            "\
ACTION     FILE       OBJECT                WHY
write      a          app/secrets/a         new version 1a2b3c4d… → 3c4d5e6f…
adjust     b          app/secrets/b         mode 0400 → 0440
keep       c          app/secrets/c         unchanged
remove     long/path  -                     leaves the manifest
hold back  optional   app/secrets/optional  failed: notFound

1 to write, 1 to adjust, 1 to remove, 1 to keep, 1 held back
"
        );
    }

    #[test]
    fn colors_are_there_when_they_are_asked_for() {
        let colors = Look {
            color: true,
            ..ANY_WIDTH
        };
        let text = render(&rows(), colors);
        assert!(
            text.contains("\x1b[32mwrite\x1b[0m") && text.contains("\x1b[33mhold back\x1b[0m"),
            "{text:?}"
        );
        assert!(!render(&rows(), ANY_WIDTH).contains('\x1b'));
    }

    #[test]
    fn nothing_to_show_is_a_summary() {
        let text = render(&[], ANY_WIDTH);
        assert!(text.ends_with("\n\n0 to write, 0 to adjust, 0 to remove, 0 to keep, 0 held back\n"));
    }

    #[test]
    fn a_reason_is_one_line_whatever_is_in_it() {
        let mut rows = rows();
        rows[0].because.detail = "a\nb\r\u{1b}[31mc".into();
        let text = render(&rows, ANY_WIDTH);
        assert!(text.contains("a b  [31mc"), "{text}");
        assert_eq!(text.lines().count(), rows.len() + 3);
    }
}
