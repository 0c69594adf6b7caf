//! What YAML makes of a text: where a document ends, and which text may stand without quotes.
//!
//! Both are decided here alone: for what `convert` and `inject` read, and for what they write.

use std::fmt::Write as _;

/// The texts between `---` lines, and the number of lines before each. No YAML content can hold such a line
/// (YAML 1.2.2, section 9.1.2), so that nothing needs to be parsed for this.
pub fn pieces(text: &str) -> Vec<(u32, &str)> {
    let mut pieces = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 0, 0);
    for (line, content) in (0_u32..).zip(text.split_inclusive('\n')) {
        if is_document_start(content) && has_content(&text[start..offset]) {
            pieces.push((first_line, &text[start..offset]));
            (start, first_line) = (offset, line);
        }
        offset += content.len();
    }
    if has_content(&text[start..]) {
        pieces.push((first_line, &text[start..]));
    }
    pieces
}

/// Whether a document starts with this line.
pub fn is_document_start(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Whether there is more than directives, comments and blank lines, which belong to the document that follows.
pub fn has_content(piece: &str) -> bool {
    piece
        .lines()
        .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#') && !line.starts_with('%'))
}

/// Begins a line.
pub fn push_indent(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Ends a line.
pub fn push_line(text: &str, out: &mut String) {
    out.push_str(text);
    out.push('\n');
}

/// Writes a text from where the line is, in quotes or as lines where it needs them; ends the line.
pub fn push_text(text: &str, indent: usize, out: &mut String) {
    if is_plain(text) {
        push_line(text, out);
    } else if is_block(text) {
        out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
        for line in text.trim_end_matches('\n').split('\n') {
            if !line.is_empty() {
                push_indent(indent, out);
            }
            push_line(line, out);
        }
    } else {
        push_line(&double_quoted(text), out);
    }
}

/// Whether a text without quotes is that text: no number, boolean, null, date or indicator in any version of YAML.
pub fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    let starts = |c: char| c.is_ascii_alphabetic() || c == '/';
    let continues = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let rest = text.strip_prefix("https://").unwrap_or(text);
    text.starts_with(starts)
        && rest.chars().all(continues)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a text is best read as lines.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with(char::is_whitespace)
        && body.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
}

/// Whether a character may stand in YAML as it is and looks like what it is.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// A text in quotes, on one line.
pub fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            // Writing to a text does not fail.
            c => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_reader_would_take_for_something_else_is_in_quotes() {
        for text in [
            "no",
            "NULL",
            "0440",
            "1e3",
            "~",
            "a: b",
            "a #b",
            "- a",
            "",
            " a",
            "@a",
            "2026-01-01",
            "a,b",
            "{a}",
        ] {
            assert!(!is_plain(text), "{text:?}");
        }
        for text in [
            "db-password",
            "tls/tls.crt",
            "https://contoso.vault.azure.net",
            "/mnt/akv",
        ] {
            assert!(is_plain(text), "{text:?}");
        }
    }
}
