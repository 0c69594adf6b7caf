//! What the reader of a converted manifest has to know.
//!
//! Invariant: one line each; names and paths of the input are in it, values that could be credentials are not.

use std::cell::RefCell;
use std::fmt;

/// What became of a part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in the manifest, and rests on something that the input does not say.
    Assumed,
    /// It is not in the manifest.
    NotCarried,
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What became of it.
    pub fate: Fate,
    /// The part of the input or of the manifest that is meant.
    pub subject: String,
    /// Why, and what to do.
    pub reason: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.reason)
    }
}

/// Collects remarks; shared by reference, because reading goes on after each.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<Note>>);

impl Notes {
    pub(super) fn assumed(&self, subject: impl Into<String>, reason: impl Into<String>) {
        self.push(Fate::Assumed, subject.into(), reason.into());
    }

    pub(super) fn not_carried(&self, subject: impl Into<String>, reason: impl Into<String>) {
        self.push(Fate::NotCarried, subject.into(), reason.into());
    }

    fn push(&self, fate: Fate, subject: String, reason: String) {
        self.0.borrow_mut().push(Note {
            fate,
            subject,
            reason,
        });
    }

    /// Takes the remarks of another collection behind its own.
    pub(super) fn append(&self, other: Self) {
        self.0.borrow_mut().extend(other.into_list());
    }

    pub(super) fn into_list(self) -> Vec<Note> {
        self.0.into_inner()
    }
}

/// A text of the input for a remark: short, and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let start: String = text.chars().take(LONGEST).collect();
    let mut shown: String = start.escape_debug().collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Why a key has no effect that is only in another case than `reader` reads it in.
pub(super) fn other_case(reader: &str, key: &str, known: &[&str]) -> Option<String> {
    let meant = known.iter().find(|known| key.eq_ignore_ascii_case(known))?;
    Some(format!(
        "{reader} reads `{meant}`, and ignores it in another case; rename it and convert again if it is meant"
    ))
}

/// The first fifty remarks of each sort, and one that says how many more there are: nobody reads thousands, and the
/// first say which kinds there are.
pub(super) fn bounded(notes: Vec<Note>) -> Vec<Note> {
    const SHOWN: usize = 50;
    let mut bounded = Vec::new();
    let (mut assumed, mut not_carried) = (0, 0);
    for note in notes {
        let count = match note.fate {
            Fate::Assumed => &mut assumed,
            Fate::NotCarried => &mut not_carried,
        };
        *count += 1;
        if *count <= SHOWN {
            bounded.push(note);
        }
    }
    for (fate, count) in [(Fate::Assumed, assumed), (Fate::NotCarried, not_carried)] {
        if count > SHOWN {
            bounded.push(Note {
                fate,
                subject: format!("{} more", count - SHOWN),
                reason: "not shown; convert the parts of the configuration one by one to see all".to_owned(),
            });
        }
    }
    bounded
}

/// Texts of the input as a sentence lists them: the first ten, and how many more.
pub(super) fn listed<'t>(texts: impl ExactSizeIterator<Item = &'t str>) -> String {
    const SHOWN: usize = 10;
    let more = texts.len().saturating_sub(SHOWN);
    let shown: Vec<String> = texts.take(SHOWN).map(quoted).collect();
    let end = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("{}{end}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_input_stays_on_one_short_line() {
        assert_eq!(quoted("a\nb\u{1b}"), "`a\\nb\\u{1b}`");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), 63);
    }

    #[test]
    fn of_more_than_fifty_remarks_of_a_sort_the_number_of_the_others_is_told() {
        let notes = Notes::default();
        for number in 0..5_000 {
            notes.not_carried(number.to_string(), "lost");
        }
        notes.assumed("a", "b");
        let bounded = bounded(notes.into_list());
        let shown: Vec<_> = bounded.iter().map(|note| note.subject.as_str()).collect();
        assert_eq!(shown.len(), 52);
        assert_eq!(shown[48..], ["48", "49", "a", "4950 more"]);
        assert_eq!(bounded[51].fate, Fate::NotCarried);
    }

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        let names: Vec<String> = (0..12).map(|n| n.to_string()).collect();
        let text = listed(names.iter().map(String::as_str));
        assert!(text.ends_with("`9` and 2 more"), "{text}");
        assert_eq!(listed(["a", "b"].into_iter()), "`a`, `b`");
    }
}
