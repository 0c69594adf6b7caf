//! What came of a sync, for people: a row for each entry, and a summary.

use super::outcome::{Entry, Outcome};
use crate::cli::ansi::{GREEN, RED};
use crate::cli::table::{self, Cell, Column, Cut, Look, WHOLE_VERSION};

const COLUMNS: [Column; 4] = [
    Column::new("OBJECT", 12, None, Cut::Middle),
    Column::new("VERSION", WHOLE_VERSION, Some(1), Cut::End),
    Column::new("STATE", 9, None, Cut::End),
    Column::new("WHY", 12, Some(2), Cut::End),
];

/// The whole of it.
pub(super) fn render(outcome: &Outcome, look: Look) -> String {
    let rows: Vec<_> = outcome.entries.iter().map(row).collect();
    let current = outcome.entries.iter().filter(|entry| entry.as_asked).count();
    let written = outcome.entries.iter().filter(|entry| entry.written).count();
    let of = match outcome.entries.len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    format!(
        "{}\n{current} of {of} as asked for, {written} written\n",
        table::render(&COLUMNS, &rows, look)
    )
}

fn row(entry: &Entry) -> [Cell; 4] {
    let (state, color) = match (entry.as_asked, entry.written) {
        (true, true) => ("written", GREEN),
        (true, false) => ("unchanged", ""),
        (false, _) => ("failed", RED),
    };
    let why = entry.reason.as_deref().or(entry.error.as_deref());
    [
        entry.id.as_str().into(),
        entry.version.as_deref().unwrap_or_default().into(),
        Cell::colored(state, color),
        why.unwrap_or_default().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::outcome::read;
    use super::*;

    #[test]
    fn each_entry_is_a_row_that_says_what_became_of_it() {
        let body = br#"{"synced":false,"volume":null,"entries":[
            {"id":"app/secrets/a","required":true,"asAsked":true,"written":true,"version":"1a2b"},
            {"id":"app/secrets/b","required":true,"asAsked":true,"written":false,"version":"2b3c"},
            {"id":"app/secrets/c","required":true,"asAsked":false,"reason":"forbidden"}]}"#;
        let look = Look {
            width: Some(60),
            color: false,
        };
        assert_eq!(
            render(&read(body).expect("readable"), look),
            "OBJECT         VERSION  STATE      WHY\n\
             app/secrets/a  1a2b     written\n\
             app/secrets/b  2b3c     unchanged\n\
             app/secrets/c           failed     forbidden\n\
             \n2 of 3 entries as asked for, 1 written\n"
        );
    }
}
