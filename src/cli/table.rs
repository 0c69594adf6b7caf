//! Tables for people: columns aligned by what a terminal shows, and never wider than it.

use unicode_width::UnicodeWidthChar;

use super::ansi::OFF;
use crate::domain::plain_text::is_plain;

/// Between two columns.
const GAP: usize = 2;

/// Of a column of versions: half of one names none, so it is whole or goes.
pub(super) const WHOLE_VERSION: usize = 32;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its title.
    pub(super) title: &'static str,
    /// As narrow as it may become before another column goes.
    pub(super) least: usize,
    /// Where it goes when there is no room: the lowest first. `None` stays, and stays when it is empty.
    pub(super) dispensable: Option<u8>,
    /// Where a text that is too long is cut.
    pub(super) cut: Cut,
}

impl Column {
    /// A column with this title.
    pub(super) const fn new(title: &'static str, least: usize, dispensable: Option<u8>, cut: Cut) -> Self {
        Self {
            title,
            least,
            dispensable,
            cut,
        }
    }
}

/// Where a text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Names tell themselves apart at both ends.
    Middle,
    /// Sentences and hexadecimal digits begin with what matters.
    End,
}

/// What stands in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    color: &'static str,
}

impl Cell {
    /// Text in a color, which is an ANSI sequence.
    pub(super) fn colored(text: impl Into<String>, color: &'static str) -> Self {
        Self {
            text: one_line(&text.into()),
            color,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::colored(text, "")
    }
}

/// Words of a service may be in it, which must not make lines of their own, nor move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()
}

/// How wide a table may be, and whether it has colors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// As many places as a line has; any number when nobody looks.
    pub(super) width: Option<usize>,
    /// Whether there are colors.
    pub(super) color: bool,
}

/// The title of each column and the rows, a line each.
pub(super) fn render<const COLUMNS: usize>(
    columns: &[Column; COLUMNS],
    rows: &[[Cell; COLUMNS]],
    look: Look,
) -> String {
    let widths = widths(columns, rows, look.width);
    let titles = columns.map(|column| Cell::from(column.title));
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let start = text.len();
        for (cell, (column, width)) in row.iter().zip(columns.iter().zip(widths)) {
            let Some(room) = width else { continue };
            let shown = shortened(&cell.text, room, column.cut);
            let pad = room - width_of(&shown) + GAP;
            if look.color && !cell.color.is_empty() {
                text.extend([cell.color, &shown, OFF]);
            } else {
                text.push_str(&shown);
            }
            text.extend(std::iter::repeat_n(' ', pad));
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }
    text
}

/// The width of each column; none for one that is left out.
fn widths<const COLUMNS: usize>(
    columns: &[Column; COLUMNS],
    rows: &[[Cell; COLUMNS]],
    limit: Option<usize>,
) -> [Option<usize>; COLUMNS] {
    let mut widths: [Option<usize>; COLUMNS] = std::array::from_fn(|at| {
        let cells = rows.iter().map(|row| width_of(&row[at].text));
        let widest = cells.max().unwrap_or_default();
        let is_shown = widest > 0 || rows.is_empty() || columns[at].dispensable.is_none();
        is_shown.then(|| widest.max(width_of(columns[at].title)))
    });
    let Some(limit) = limit else { return widths };
    let least = |at: usize, width: usize| width.min(columns[at].least);
    while total(
        widths
            .iter()
            .enumerate()
            .map(|(at, width)| Some(least(at, (*width)?))),
    ) > limit
    {
        let shown = (0..COLUMNS).filter(|at| widths[*at].is_some() && columns[*at].dispensable.is_some());
        let Some(goes) = shown.min_by_key(|at| columns[*at].dispensable) else {
            break;
        };
        widths[goes] = None;
    }
    // The widest gives first; below what it should have at least only when nothing else is left to give.
    for floor in [true, false] {
        while total(widths.iter().copied()) > limit {
            let gives = (0..COLUMNS).filter(|at| {
                widths[*at].is_some_and(|width| width > if floor { columns[*at].least } else { 1 })
            });
            let Some(width) = gives
                .max_by_key(|at| widths[*at])
                .and_then(|at| widths[at].as_mut())
            else {
                break;
            };
            *width -= 1;
        }
    }
    widths
}

fn total(widths: impl Iterator<Item = Option<usize>>) -> usize {
    widths
        .flatten()
        .map(|width| width + GAP)
        .sum::<usize>()
        .saturating_sub(GAP)
}

/// The places that a terminal needs for a text.
fn width_of(text: &str) -> usize {
    text.chars().map(width_of_char).sum()
}

fn width_of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The text in no more places than these, with a `…` where it was cut.
pub(super) fn shortened(text: &str, room: usize, cut: Cut) -> String {
    if width_of(text) <= room {
        return text.to_owned();
    }
    let rest = room.saturating_sub(1);
    let tail = match cut {
        Cut::Middle => rest / 2,
        Cut::End => 0,
    };
    let end = fitting(text.chars().rev(), tail);
    let end: String = text[text.len() - end..]
        .chars()
        // What combines with a character that is cut away would combine with the `…`.
        .skip_while(|c| width_of_char(*c) == 0)
        .collect();
    format!("{}…{end}", &text[..fitting(text.chars(), rest - tail)])
}

/// How many bytes of these characters fit.
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> usize {
    let mut used = 0;
    let fits = chars.take_while(|c| {
        used += width_of_char(*c);
        used <= room
    });
    fits.map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::new("PATH", 8, None, Cut::Middle),
        Column::new("NOTE", 6, Some(1), Cut::Middle),
        Column::new("STATE", 7, None, Cut::Middle),
    ];

    fn rendered(rows: &[[&str; 3]], width: usize) -> Vec<String> {
        let rows: Vec<_> = rows.iter().map(|row| row.map(Cell::from)).collect();
        let look = Look {
            width: Some(width),
            color: false,
        };
        let text = render(&COLUMNS, &rows, look);
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_wide_character_takes_two_places_and_a_combining_one_none() {
        let rows = [
            ["漢字/パス", "n", "written"],
            ["e\u{301}", "n", "kept"],
            ["plain/path", "n", "kept"],
        ];
        assert_eq!(
            rendered(&rows, 80),
            [
                "PATH        NOTE  STATE",
                "漢字/パス   n     written",
                "e\u{301}           n     kept",
                "plain/path  n     kept",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_whatever_is_in_it() {
        let long = "ä漢".repeat(100);
        for width in 1..200 {
            for row in rendered(&[[&long, &long, "written"], ["a", "b", "c"]], width) {
                assert!(width_of(&row) <= width.max(5), "{width}: {row}");
            }
        }
    }

    #[test]
    fn what_matters_less_goes_first_and_an_empty_column_is_not_shown() {
        let rows = [["certificates/web.pem", "a long note", "written"]];
        assert_eq!(
            rendered(&rows, 27),
            ["PATH      NOTE      STATE", "cert…pem  a lo…ote  written"].map(str::to_owned)
        );
        assert_eq!(
            rendered(&rows, 24),
            ["PATH             STATE", "certifi…web.pem  written"].map(str::to_owned)
        );
        assert_eq!(
            rendered(&[["a", "", "written"]], 80),
            ["PATH  STATE", "a     written"]
        );
    }

    #[test]
    fn names_are_cut_in_the_middle_and_sentences_at_the_end() {
        assert_eq!(shortened("certificates/web.pem", 11, Cut::Middle), "certi…b.pem");
        assert_eq!(shortened("certificates/web.pem", 11, Cut::End), "certificat…");
        assert_eq!(shortened("漢字漢字", 6, Cut::Middle), "漢…字");
        assert_eq!(shortened("abc", 3, Cut::Middle), "abc");
        assert_eq!(shortened("abc", 1, Cut::Middle), "…");
    }

    #[test]
    fn a_cell_is_one_line_and_colors_do_not_move_it() {
        let rows = [[
            Cell::from("a\nb\r\u{1b}[31mc"),
            Cell::from("n"),
            Cell::colored("kept", "\x1b[33m"),
        ]];
        let look = |color| Look { width: None, color };
        let plain = render(&COLUMNS, &rows, look(false));
        assert!(plain.contains("a b  [31mc  n     kept\n"), "{plain}");
        let colored = render(&COLUMNS, &rows, look(true));
        assert_eq!(colored.replace("\x1b[33m", "").replace("\x1b[0m", ""), plain);
        assert_ne!(colored, plain);
    }
}
