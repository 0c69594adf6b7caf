//! The part of a source line that a report shows: keys, and values only where no secret can stand.
//!
//! `run` reports to the same stream as its log, so that what a person wrote in the wrong place, such as a password where
//! a mapping belongs, must not be in an excerpt. What is not known to be harmless is one `…`, whatever its length.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::problem::Mark;
use domain::plain_text::is_plain;

/// Characters of a source line that are shown at most.
const SNIPPET_WIDTH: usize = 120;
/// Bytes of a source line that is shown; finding a column in a longer one takes too long for thousands of problems.
const LONGEST_LINE: usize = 16 * 1024;
/// Characters shown before the marked ones when a line is too long to show whole.
const SNIPPET_LEAD: usize = 40;

/// Every key of a manifest, and whether its value is shown: closed sets, numbers, and names that secrets are not pasted for.
const KEYS: [(&str, bool); 97] = [
    ("admin", false),
    ("alias", false),
    ("apiVersion", true),
    ("authorityHost", true),
    ("body", true),
    ("caFile", false),
    ("certificates", false),
    ("clientCertificateFile", false),
    ("clientId", false),
    ("clientSecretFile", false),
    ("code", true),
    ("command", false),
    ("content", true),
    ("createdBefore", true),
    ("debounce", true),
    ("dirMode", true),
    ("directory", true),
    ("encoding", true),
    ("environment", false),
    ("exec", false),
    ("exit", false),
    ("expect", true),
    ("file", false),
    ("fileMode", true),
    ("files", false),
    ("format", true),
    ("glob", true),
    ("group", true),
    ("headers", false),
    ("history", true),
    ("hooks", false),
    ("http", false),
    ("identity", false),
    ("includeRoot", true),
    ("initial", true),
    ("interval", true),
    ("key", false),
    ("keyFormat", true),
    ("keys", false),
    ("kind", true),
    ("layout", true),
    ("legacy", true),
    ("limit", true),
    ("listen", true),
    ("max", true),
    ("mayBeEmpty", true),
    ("method", true),
    ("metrics", false),
    ("mode", true),
    ("name", true),
    ("newline", true),
    ("objectId", false),
    ("onFirstSync", true),
    ("onStart", true),
    ("order", true),
    ("owner", true),
    ("passwordFrom", false),
    ("path", true),
    ("pathTemplate", true),
    ("perObject", true),
    ("pidFile", true),
    ("prefix", true),
    ("process", true),
    ("property", false),
    ("refresh", false),
    ("required", true),
    ("resourceId", false),
    ("retry", false),
    ("secret", false),
    ("secrets", false),
    ("select", false),
    ("signal", false),
    ("socket", true),
    ("splay", true),
    ("tag", false),
    ("template", false),
    ("templates", false),
    ("tenantId", false),
    ("timeout", true),
    ("together", true),
    ("tokenFile", false),
    ("touch", false),
    ("trim", true),
    ("trustedHosts", true),
    ("type", true),
    ("unixSocket", true),
    ("url", true),
    ("value", false),
    ("valueFrom", false),
    ("values", false),
    ("vault", true),
    ("vaults", false),
    ("verify", false),
    ("version", true),
    ("volume", false),
    ("when", true),
    ("within", true),
];

/// A shown line, and where its carets stand.
pub(super) struct Excerpt {
    pub(super) line: String,
    pub(super) indent: usize,
    pub(super) carets: usize,
}

impl Excerpt {
    /// The line at `mark`, without what follows the mark when `hides_rest`; `None` when there is no such line, or it is too long.
    pub(super) fn of(lines: &[&str], mark: Mark, hides_rest: bool) -> Option<Self> {
        let line = lines.get(usize::try_from(mark.line).ok()?.checked_sub(1)?)?;
        if line.len() > LONGEST_LINE {
            return None;
        }
        let line: Vec<char> = line.trim_end().chars().collect();
        let start = usize::try_from(mark.column).ok()?.checked_sub(1)?.min(line.len());
        let width = usize::try_from(mark.width).ok()?;
        let end = start.saturating_add(width).min(line.len());
        let Masked {
            mut shown,
            start,
            end,
        } = Masked::of(&line, start..end);
        let whole = shown.len();
        if hides_rest {
            shown.truncate(end.max(start));
        }
        Some(Self::within(&shown, start, end, shown.len() < whole))
    }

    /// The part round the marked characters that fits.
    fn within(line: &[char], start: usize, end: usize, cut: bool) -> Self {
        let first = if line.len() > SNIPPET_WIDTH {
            start.saturating_sub(SNIPPET_LEAD)
        } else {
            0
        };
        let last = line.len().min(first + SNIPPET_WIDTH);
        let mut out = String::new();
        if first > 0 {
            out.push('…');
        }
        out.extend(&line[first..last]);
        if (cut || last < line.len()) && !out.ends_with('…') {
            out.push('…');
        }
        Self {
            line: out,
            indent: start - first + usize::from(first > 0),
            carets: end.min(last).saturating_sub(start).max(1),
        }
    }
}

/// A line without what may be secret, and where the marked characters are in it.
struct Masked {
    shown: Vec<char>,
    start: usize,
    end: usize,
}

impl Masked {
    fn of(line: &[char], mark: Range<usize>) -> Self {
        let mut masked = Self {
            shown: Vec::new(),
            start: usize::MAX,
            end: 0,
        };
        let mut hidden_before = false;
        for (at, shows) in Reader::shows(line, &mark).into_iter().enumerate() {
            if at == mark.start {
                // In the middle of what is hidden, it is the character that stands for it.
                masked.start = masked.shown.len() - usize::from(!shows && hidden_before);
            }
            if shows {
                masked.shown.push(visible(line[at]));
            } else if !hidden_before {
                masked.shown.push('…');
            }
            hidden_before = !shows;
            if at < mark.end {
                masked.end = masked.shown.len();
            }
        }
        masked.start = masked.start.min(masked.shown.len());
        masked
    }
}

/// A character that takes one column and drives no terminal.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_plain(c) => c,
        _ => '\u{fffd}',
    }
}

/// A password can stand in a URL, before its host and in its query, and as what a placeholder falls back to: `${NAME:-TEXT}`.
fn may_hold_a_secret(value: &str) -> bool {
    value.contains('@') || value.contains("://") && value.contains('?') || value.contains(":-")
}

/// Whether more than a word may be in a key: without the blank behind a colon, its value is part of it.
fn may_hold_a_value(key: &str) -> bool {
    const LONGEST: usize = 40;
    key.trim().contains(separates) || key.chars().count() > LONGEST
}

/// Whether a value may begin behind a sign.
fn separates(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ':' | '=' | '/' | '\u{ff1a}' | '\u{fe55}' | '\u{a789}' | '\u{ff1d}'
        )
}

/// Reads one line as YAML would, knowing nothing of the lines before it.
struct Reader<'l> {
    line: &'l [char],
    mark: &'l Range<usize>,
    shows: Vec<bool>,
    /// The flow collections that are open.
    open: Vec<char>,
    /// Whether what stands here is shown, as the value of the last key; nothing without a key.
    value_shows: bool,
}

impl<'l> Reader<'l> {
    /// Whether each character is shown.
    fn shows(line: &'l [char], mark: &'l Range<usize>) -> Vec<bool> {
        let mut reader = Self {
            line,
            mark,
            shows: vec![false; line.len()],
            open: Vec::new(),
            value_shows: false,
        };
        let mut at = 0;
        while let Some(&c) = line.get(at) {
            at = reader.take(c, at);
        }
        reader.shows
    }

    /// Takes what starts at `at`; gives where the rest starts.
    fn take(&mut self, c: char, at: usize) -> usize {
        let before_blank = self.is_blank(at + 1);
        match c {
            ' ' | '\t' => self.show(at..at + 1, true),
            '#' => return self.line.len(),
            '{' | '[' => {
                self.open.push(c);
                self.value_shows &= c == '[';
                self.show(at..at + 1, true);
            }
            '}' | ']' => {
                self.open.pop();
                self.value_shows = false;
                self.show(at..at + 1, true);
            }
            ',' if !self.open.is_empty() => {
                self.value_shows &= self.open.last() == Some(&'[');
                self.show(at..at + 1, true);
            }
            '-' | '?' if before_blank => self.show(at..at + 1, true),
            _ => return self.scalar(at),
        }
        at + 1
    }

    /// A key with its colon, or a value.
    fn scalar(&mut self, at: usize) -> usize {
        let quote = Some(self.line[at]).filter(|c| matches!(c, '"' | '\''));
        let end = quote.map_or_else(|| self.end_of_plain(at), |quote| self.end_of_quoted(at, quote));
        let colon = (end..self.line.len()).find(|place| !matches!(self.line[*place], ' ' | '\t'));
        let colon = colon.filter(|place| self.line[*place] == ':');
        let text: String = self.line[at..end].iter().collect();
        let Some(colon) = colon else {
            let is_block = matches!(text.trim_end_matches(['-', '+']), "|" | ">");
            self.show(
                at..end,
                is_block || (self.value_shows && !may_hold_a_secret(&text)),
            );
            return end;
        };
        let key = text.trim_matches(['"', '\'']);
        let known = KEYS.iter().find(|(known, _)| *known == key);
        // The message names the key that is marked.
        let is_marked = self.mark.start == at && self.mark.end >= end;
        self.value_shows = known.is_some_and(|(_, shows)| *shows);
        self.show(
            at..colon + 1,
            known.is_some() || (is_marked && !may_hold_a_value(key)),
        );
        if known.is_none() && self.open.is_empty() {
            return self.line.len();
        }
        colon + 1
    }

    fn end_of_plain(&self, at: usize) -> usize {
        let end = (at + 1..self.line.len())
            .find(|&place| self.ends_plain(place))
            .unwrap_or(self.line.len());
        let blanks = self.line[at..end]
            .iter()
            .rev()
            .take_while(|c| matches!(c, ' ' | '\t'));
        end - blanks.count()
    }

    /// Whether a text without quotes ends before the sign at `place`.
    fn ends_plain(&self, place: usize) -> bool {
        match self.line[place] {
            ':' => self.is_blank(place + 1) || (!self.open.is_empty() && self.is_flow(place + 1)),
            '#' => self.is_blank(place - 1),
            _ => !self.open.is_empty() && self.is_flow(place),
        }
    }

    fn end_of_quoted(&self, at: usize, quote: char) -> usize {
        let mut place = at + 1;
        while let Some(c) = self.line.get(place) {
            match *c {
                '\\' if quote == '"' => place += 1,
                c if c == quote => return place + 1,
                _ => {}
            }
            place += 1;
        }
        self.line.len()
    }

    fn is_blank(&self, at: usize) -> bool {
        self.line.get(at).is_none_or(|c| matches!(c, ' ' | '\t'))
    }

    fn is_flow(&self, at: usize) -> bool {
        self.line
            .get(at)
            .is_some_and(|c| matches!(c, ',' | '{' | '}' | '[' | ']'))
    }

    fn show(&mut self, range: Range<usize>, shows: bool) {
        self.shows[range].fill(shows);
    }
}
