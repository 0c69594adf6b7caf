//! Problems as text: one line each for logs, or with the source line and a caret for people.
//!
//! Invariant: no control character of the manifest reaches the output, and its length is bounded, whatever the number of
//! problems and the length of lines.

use std::fmt::{self, Write as _};

use super::excerpt::Excerpt;
use super::problem::{Mark, Problem, Severity};

/// Problems that a report tells; who mends so many has had enough to do.
const MOST_TOLD: usize = 50;

/// Everything that is wrong with a manifest, in the order of the file.
///
/// Its `Display` has one line per problem that is [told](Self::told), `PATH:LINE:COLUMN: CODE: MESSAGE`, without anything that the file holds
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

    /// What they are problems of: the name of a file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Those that a report tells: the first fifty, errors before warnings where there are more.
    pub fn told(&self) -> impl Iterator<Item = &Problem> {
        let of = |severity| self.iter().filter(move |problem| problem.severity == severity);
        let all_fit = self.list.len() <= MOST_TOLD;
        let in_order = self.iter().filter(move |_| all_fit);
        let worst_first = of(Severity::Error).chain(of(Severity::Warning));
        in_order.chain(worst_first.filter(move |_| !all_fit).take(MOST_TOLD))
    }

    /// What a report says of those that it does not tell; `None` when it tells all.
    pub fn left_out(&self) -> Option<String> {
        let more = self.list.len().checked_sub(MOST_TOLD).filter(|more| *more > 0)?;
        Some(format!("{more} more are not shown: mend these first"))
    }

    /// How many there are of each severity: "2 problems, 1 warning".
    fn counted(&self) -> String {
        let of = |severity: Severity, noun: &str| {
            let count = self.iter().filter(|problem| problem.severity == severity).count();
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {noun}{plural}"))
        };
        let counts = [of(Severity::Error, "problem"), of(Severity::Warning, "warning")];
        counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The problems for a person: with source lines, hints and a count; with ANSI colours when `color` says so.
    ///
    /// It shows lines of the manifest, so it is for the terminal of whoever has the file, not for logs.
    pub fn render(&self, color: bool) -> String {
        let style = if color { &Style::ANSI } else { &Style::PLAIN };
        let mut out = String::new();
        let lines = lines_of(&self.text);
        for problem in self.told() {
            self.render_one(problem, &lines, style, &mut out);
            out.push('\n');
        }
        if let Some(left_out) = self.left_out() {
            push(&mut out, format_args!("{left_out}\n"));
        }
        push(&mut out, format_args!("{}: {}\n", self.origin, self.counted()));
        out
    }

    fn render_one(&self, problem: &Problem, lines: &[&str], style: &Style, out: &mut String) {
        let Style { bold, hint, off, .. } = style;
        let (label, colour) = style.of(problem.severity);
        push(
            out,
            format_args!(
                "{colour}{label}[{}]{off}{bold}: {}{off}\n",
                problem.code, problem.message
            ),
        );
        match problem.at {
            Some(mark) => self.render_place(mark, problem, lines, style, out),
            None => push(out, format_args!("  {}-->{off} {}\n", style.gutter, self.origin)),
        }
        if let Some((mark, what)) = problem.related {
            push(out, format_args!("{hint}note{off}: {what}\n"));
            self.render_place(mark, problem, lines, style, out);
        }
        if let Some(text) = &problem.hint {
            push(out, format_args!("{hint}hint{off}: {text}\n"));
        }
    }

    fn render_place(&self, mark: Mark, problem: &Problem, lines: &[&str], style: &Style, out: &mut String) {
        let Style { gutter, off, .. } = style;
        let (_, colour) = style.of(problem.severity);
        let number = mark.line.to_string();
        let pad = " ".repeat(number.len());
        push(
            out,
            format_args!("{pad} {gutter}-->{off} {}:{mark}\n", self.origin),
        );
        let Some(excerpt) = Excerpt::of(lines, mark, problem.hides_rest) else {
            return;
        };
        let Excerpt { line, indent, carets } = excerpt;
        push(out, format_args!("{pad} {gutter}|{off}\n"));
        push(out, format_args!("{gutter}{number} |{off} {line}\n"));
        let (indent, carets) = (" ".repeat(indent), "^".repeat(carets));
        push(
            out,
            format_args!("{pad} {gutter}|{off} {indent}{colour}{carets}{off}\n"),
        );
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.told().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            f.write_str(&self.origin)?;
            if let Some(mark) = problem.at {
                write!(f, ":{mark}")?;
            }
            let warning = match problem.severity {
                Severity::Error => "",
                Severity::Warning => "warning: ",
            };
            write!(f, ": {warning}{}: {}", problem.code, problem.message)?;
        }
        if let Some(left_out) = self.left_out() {
            write!(f, "\n{}: {left_out}", self.origin)?;
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

/// Lines as YAML counts them: a carriage return ends one too, unless a line feed follows, and a byte-order mark is
/// not a character of the first.
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = Some(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(text) = rest {
        let end = text.find(['\n', '\r']);
        lines.push(&text[..end.unwrap_or(text.len())]);
        rest = end.and_then(|end| {
            let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
            text.get(end + width..)
        });
    }
    lines
}

/// ANSI sequences, or none.
struct Style {
    error: &'static str,
    warning: &'static str,
    bold: &'static str,
    gutter: &'static str,
    hint: &'static str,
    off: &'static str,
}

impl Style {
    const PLAIN: Self = Self {
        error: "",
        warning: "",
        bold: "",
        gutter: "",
        hint: "",
        off: "",
    };
    const ANSI: Self = Self {
        error: "\x1b[1;31m",
        warning: "\x1b[1;33m",
        bold: "\x1b[1m",
        gutter: "\x1b[1;34m",
        hint: "\x1b[1;36m",
        off: "\x1b[0m",
    };

    /// What a problem is called, and in which colour.
    const fn of(&self, severity: Severity) -> (&'static str, &'static str) {
        match severity {
            Severity::Error => ("error", self.error),
            Severity::Warning => ("warning", self.warning),
        }
    }
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use domain::plain_text::is_plain;

    fn rendered(text: &str, column: u32, width: u32, color: bool) -> String {
        let mark = Mark {
            line: 1,
            column,
            width,
            block: 0,
        };
        let problem = Problem::new(Code::UnknownKey, "a message")
            .at(mark)
            .hint("a hint");
        Problems::new("m.yaml", text, vec![problem]).render(color)
    }

    #[test]
    fn a_caret_stands_under_each_marked_character() {
        let text = rendered("\tname: äöü\r\n", 8, 3, false);
        assert_eq!(
            text,
            "error[unknown-key]: a message\n  --> m.yaml:1:8\n  |\n1 |  name: äöü\n  |        ^^^\nhint: a hint\n\n\
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
        let line = format!("name: {}HERE{}", "a".repeat(500), "b".repeat(500));
        let text = rendered(&line, 507, 4, false);
        let shown: Vec<&str> = text.lines().collect();
        assert!(shown[3].starts_with("1 | …") && shown[3].ends_with('…'), "{text}");
        assert!(shown[3].chars().count() < 130);
        let at = shown[3].chars().position(|c| c == 'H').expect("shown");
        assert_eq!(shown[4].find('^'), Some(at));
        assert!(!rendered(&format!("name: {}", "a".repeat(20_000)), 10_000, 1, false).contains("aaa"));
    }

    #[test]
    fn control_characters_of_the_manifest_do_not_reach_the_terminal() {
        let text = rendered("name: \u{1b}[31m\u{202e}x\u{7}", 1, 1, false);
        assert!(text.contains("name: \u{fffd}[31m\u{fffd}x\u{fffd}"), "{text:?}");
        assert!(text.chars().all(|c| c == '\n' || is_plain(c)), "{text:?}");
    }

    #[test]
    fn after_fifty_problems_only_their_number_is_told_and_no_error_hides_behind_warnings() {
        let numbered = (1..=5_000).map(|line| {
            let problem = Problem::new(Code::DuplicateKey, format!("number {line}"));
            problem.at(Mark { line, ..Mark::START })
        });
        let mut list: Vec<_> = numbered.collect();
        for problem in list.iter_mut().take(4_999) {
            problem.severity = Severity::Warning;
        }
        let problems = Problems::new("m.yaml", "", list);
        let text = problems.to_string();
        assert_eq!(text.lines().count(), 51);
        assert_eq!(
            text.lines().next(),
            Some("m.yaml:5000:1: duplicate-key: number 5000")
        );
        assert_eq!(
            text.lines().last(),
            Some("m.yaml: 4950 more are not shown: mend these first")
        );
        let rendered = problems.render(false);
        assert!(
            rendered
                .ends_with("\n4950 more are not shown: mend these first\nm.yaml: 1 problem, 4999 warnings\n")
        );
        assert!(rendered.len() < 10_000, "{}", rendered.len());
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
