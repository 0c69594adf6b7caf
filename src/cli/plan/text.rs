//! A plan for people: a line per file, columns aligned, and a summary.

use super::row::{Row, Summary};
use crate::cli::table;
use crate::domain::plain_text::is_plain;

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
    text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::plan::test_rows::rows;

    #[test]
    fn columns_are_aligned_and_a_summary_comes_last() {
        assert_eq!(
            render(&rows()),
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
    fn nothing_to_show_is_a_summary() {
        let text = render(&[]);
        assert!(text.ends_with("\n\n0 to write, 0 to adjust, 0 to remove, 0 to keep, 0 held back\n"));
    }

    #[test]
    fn a_reason_is_one_line_whatever_is_in_it() {
        let mut rows = rows();
        rows[0].because.detail = "a\nb\r\u{1b}[31mc".into();
        let text = render(&rows);
        assert!(text.contains("a b  [31mc"), "{text}");
        assert_eq!(text.lines().count(), rows.len() + 3);
    }
}
