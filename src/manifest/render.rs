//! Problems as text: one line each for logs, or with the source line and a caret for people.
//!
//! Invariant: no control character of the manifest reaches the output, and its length is bounded by the number of
//! problems, not by the length of lines.

use std::fmt::{self, Write as _};

use super::problem::{Mark, Problem};

/// Characters of a source line that are shown at most.
const SNIPPET_WIDTH: usize = 120;
/// Bytes of a source line that is shown; finding a column in a longer one takes too long for thousands of problems.
const LONGEST_LINE: usize = 16 * 1024;
/// Characters shown before the marked ones when a line is too long to show whole.
const SNIPPET_LEAD: usize = 40;

/// Everything that is wrong with a manifest, in the order of the file; never empty.
///
/// Its `Display` has one line per problem, `PATH:LINE:COLUMN: CODE: MESSAGE`, without anything that the file holds
/// but the names of keys and vaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    origin: String,
    text: String,
    list: Vec<Problem>,
}

impl Problems {
    /// Problems of `text`, which came from `origin`.
    pub(super) fn new(origin: &str, text: &str, list: Vec<Problem>) -> Self {
        Self {
            origin: origin.to_owned(),
            text: text.to_owned(),
            list,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none, which no caller ever sees.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// The problems for a person: with source lines, hints and a count; with ANSI colours when `color` says so.
    ///
    /// It shows lines of the manifest, so it is for the terminal of whoever has the file, not for logs.
    pub fn render(&self, color: bool) -> String {
        let style = if color { &Style::ANSI } else { &Style::PLAIN };
        let mut out = String::new();
        let lines = lines_of(&self.text);
        for problem in &self.list {
            self.render_one(problem, &lines, style, &mut out);
            out.push('\n');
        }
        let noun = if self.list.len() == 1 {
            "problem"
        } else {
            "problems"
        };
        push(
            &mut out,
            format_args!("{}: {} {noun}\n", self.origin, self.list.len()),
        );
        out
    }

    fn render_one(&self, problem: &Problem, lines: &[&str], style: &Style, out: &mut String) {
        let Style {
            error,
            bold,
            hint,
            off,
            ..
        } = style;
        push(
            out,
            format_args!(
                "{error}error[{}]{off}{bold}: {}{off}\n",
                problem.code, problem.message
            ),
        );
        match problem.at {
            Some(mark) => self.render_place(mark, problem.hides_rest, lines, style, out),
            None => push(out, format_args!("  {}-->{off} {}\n", style.gutter, self.origin)),
        }
        if let Some((mark, what)) = problem.related {
            push(out, format_args!("{hint}note{off}: {what}\n"));
            self.render_place(mark, problem.hides_rest, lines, style, out);
        }
        if let Some(text) = &problem.hint {
            push(out, format_args!("{hint}hint{off}: {text}\n"));
        }
    }

    fn render_place(&self, mark: Mark, hides_rest: bool, lines: &[&str], style: &Style, out: &mut String) {
        let Style {
            gutter, error, off, ..
        } = style;
        let number = mark.line.to_string();
        let pad = " ".repeat(number.len());
        push(
            out,
            format_args!("{pad} {gutter}-->{off} {}:{mark}\n", self.origin),
        );
        let Some(snippet) = Snippet::of(lines, mark, hides_rest) else {
            return;
        };
        let Snippet { line, indent, carets } = snippet;
        push(out, format_args!("{pad} {gutter}|{off}\n"));
        push(out, format_args!("{gutter}{number} |{off} {line}\n"));
        let (indent, carets) = (" ".repeat(indent), "^".repeat(carets));
        push(
            out,
            format_args!("{pad} {gutter}|{off} {indent}{error}{carets}{off}\n"),
        );
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            f.write_str(&self.origin)?;
            if let Some(mark) = problem.at {
                write!(f, ":{mark}")?;
            }
            write!(f, ": {}: {}", problem.code, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The part of a source line that is shown, and where its carets stand.
struct Snippet {
    line: String,
    indent: usize,
    carets: usize,
}

impl Snippet {
    fn of(lines: &[&str], mark: Mark, hides_rest: bool) -> Option<Self> {
        let line = lines.get(usize::try_from(mark.line).ok()?.checked_sub(1)?)?;
        if line.len() > LONGEST_LINE {
            return None;
        }
        let line: Vec<char> = line.trim_end().chars().map(visible).collect();
        let start = usize::try_from(mark.column).ok()?.checked_sub(1)?.min(line.len());
        let end = start
            .saturating_add(usize::try_from(mark.width).ok()?)
            .min(line.len());
        let last = if hides_rest { end } else { line.len() };
        let first = if last > SNIPPET_WIDTH {
            start.saturating_sub(SNIPPET_LEAD)
        } else {
            0
        };
        let shown = last.min(first + SNIPPET_WIDTH);
        let mut out = String::new();
        if first > 0 {
            out.push('…');
        }
        out.extend(line.get(first..shown)?);
        if shown < line.len() {
            out.push('…');
        }
        let indent = start - first + usize::from(first > 0);
        let carets = end.min(shown).saturating_sub(start).max(1);
        Some(Self {
            line: out,
            indent,
            carets,
        })
    }
}

/// Lines as YAML counts them: a carriage return ends one too, unless a line feed follows, and a byte-order mark is
/// not a character of the first.
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = Some(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(text) = rest {
        let end = text.find(['\n', '\r']);
        lines.push(&text[..end.unwrap_or(text.len())]);
        let after = |end| text.get(end + if text[end..].starts_with("\r\n") { 2 } else { 1 }..);
        rest = end.and_then(after);
    }
    lines
}

/// A character that takes one column and drives no terminal.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            '\u{fffd}'
        }
        c => c,
    }
}

/// ANSI sequences, or none.
struct Style {
    error: &'static str,
    bold: &'static str,
    gutter: &'static str,
    hint: &'static str,
    off: &'static str,
}

impl Style {
    const PLAIN: Self = Self {
        error: "",
        bold: "",
        gutter: "",
        hint: "",
        off: "",
    };
    const ANSI: Self = Self {
        error: "\x1b[1;31m",
        bold: "\x1b[1m",
        gutter: "\x1b[1;34m",
        hint: "\x1b[1;36m",
        off: "\x1b[0m",
    };
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::problem::Code;

    fn rendered(text: &str, column: u32, width: u32, color: bool) -> String {
        let mark = Mark {
            line: 1,
            column,
            width,
        };
        let problem = Problem::new(Code::UnknownKey, "a message")
            .at(mark)
            .hint("a hint");
        Problems::new("m.yaml", text, vec![problem]).render(color)
    }

    #[test]
    fn a_caret_stands_under_each_marked_character() {
        let text = rendered("\ta: äöü\r\n", 5, 3, false);
        assert_eq!(
            text,
            "error[unknown-key]: a message\n  --> m.yaml:1:5\n  |\n1 |  a: äöü\n  |     ^^^\nhint: a hint\n\n\
             m.yaml: 1 problem\n"
        );
    }

    #[test]
    fn lines_end_where_yaml_ends_them() {
        assert_eq!(lines_of("a\r\nb\rc\n\nd\n"), ["a", "b", "c", "", "d", ""]);
        assert_eq!(lines_of(""), [""]);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides_and_the_caret_still_fits() {
        let line = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
        let text = rendered(&line, 501, 4, false);
        let shown: Vec<&str> = text.lines().collect();
        assert!(shown[3].starts_with("1 | …") && shown[3].ends_with('…'), "{text}");
        assert!(shown[3].chars().count() < 130);
        let at = shown[3].chars().position(|c| c == 'H').expect("shown");
        assert_eq!(shown[4].find('^'), Some(at));
        assert!(!rendered(&"a".repeat(20_000), 10_000, 1, false).contains("aaa"));
    }

    #[test]
    fn control_characters_of_the_manifest_do_not_reach_the_terminal() {
        let text = rendered("a: \u{1b}[31m\u{202e}x\u{7}", 1, 1, false);
        assert!(!text.chars().any(|c| c != '\n' && visible(c) != c), "{text:?}");
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let mut colored = rendered("a: b", 1, 1, true);
        assert!(colored.contains("\x1b[1;31m"));
        for style in [
            Style::ANSI.error,
            Style::ANSI.bold,
            Style::ANSI.gutter,
            Style::ANSI.hint,
            Style::ANSI.off,
        ] {
            colored = colored.replace(style, "");
        }
        assert_eq!(colored, rendered("a: b", 1, 1, false));
    }
}
