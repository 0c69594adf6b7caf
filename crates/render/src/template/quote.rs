//! Texts as values of the formats that programs read their settings from.
//!
//! Each gives a text that the readers of its format turn back into just the value, or refuses the value by name.

use std::fmt;
use std::fmt::Write;

use super::sink::Sink;

/// Why a format has no form for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteProblem {
    /// No shell variable or argument can hold it.
    #[error("it has a NUL character")]
    Nul,
    /// Readers turn it into a line feed.
    #[error("it has a carriage return")]
    CarriageReturn,
    /// No quotes are left for what readers take literally.
    #[error("it has a single quote beside a double quote, a backslash, `$` or a backtick")]
    Quotes,
    /// Readers disagree whether it is one.
    #[error("it has two backslashes side by side, or one at its end")]
    Backslash,
    /// python-dotenv replaces it even in single quotes.
    #[error("it has `${{`")]
    Variable,
    /// No file may be as long.
    #[error("it would be longer than a file may be")]
    TooLong,
}

impl From<fmt::Error> for QuoteProblem {
    /// The writers here refuse nothing else.
    fn from(_: fmt::Error) -> Self {
        Self::TooLong
    }
}

impl QuoteProblem {
    /// The next action of the person who reads it.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Nul | Self::TooLong => "write the secret to a file of its own",
            Self::CarriageReturn | Self::Quotes | Self::Backslash | Self::Variable => {
                "the readers of `.env` files disagree about this value: write the secret to a file of its own, use \
                 another format (for a POSIX shell the filter `shell`), or choose another value"
            }
        }
    }
}

/// Most bytes that one byte of a text becomes, in any of the formats.
const GROWTH: usize = 6;

/// A way to write a text as a value of a format.
pub(super) type Quote = fn(&str, &mut dyn Write) -> Result<(), QuoteProblem>;

/// Takes a text; gives it in a format.
pub(super) fn quoted(quote: Quote, text: &str) -> Result<Sink, QuoteProblem> {
    let mut sink = Sink::new(text.len() * GROWTH + 2);
    quote(text, &mut sink)?;
    Ok(sink)
}

/// One word of a POSIX shell, in single quotes (POSIX.1-2024, 2.2.2).
pub(super) fn shell(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    if text.contains('\0') {
        return Err(QuoteProblem::Nul);
    }
    out.write_str("'")?;
    for (index, part) in text.split('\'').enumerate() {
        out.write_str(if index > 0 { r"'\''" } else { "" })?;
        out.write_str(part)?;
    }
    Ok(out.write_str("'")?)
}

/// A value of a `.env` file, in quotes. What Docker Compose (compose-go), dotenv for Node.js, Node.js itself,
/// python-dotenv and a POSIX shell (`. file`) do not read alike is refused:
///
/// - Single quotes are literal for all, but for a backslash before the quote (compose-go, python-dotenv), two
///   backslashes (python-dotenv makes them one) and `${` (python-dotenv replaces it).
/// - In double quotes each of them has escapes and variables of its own, so that nothing of the sort may stand there.
/// - Some read the file with universal line ends.
pub(super) fn dotenv(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    if text.contains('\0') {
        return Err(QuoteProblem::Nul);
    }
    if text.contains('\r') {
        return Err(QuoteProblem::CarriageReturn);
    }
    let quote = if text.contains('\'') {
        if text.contains(['"', '\\', '$', '`']) {
            return Err(QuoteProblem::Quotes);
        }
        '"'
    } else {
        if text.contains(r"\\") || text.ends_with('\\') {
            return Err(QuoteProblem::Backslash);
        }
        if text.contains("${") {
            return Err(QuoteProblem::Variable);
        }
        '\''
    };
    Ok(write!(out, "{quote}{text}{quote}")?)
}

/// A value of `java.util.Properties` in ASCII, as its `store` writes it (`saveConvert`).
pub(super) fn properties(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    escape_properties(text, out, |index| index == 0)
}

/// A key of the same: every blank ends it.
pub(super) fn properties_key(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    escape_properties(text, out, |_| true)
}

fn escape_properties(
    text: &str,
    out: &mut dyn Write,
    escape_blank: fn(usize) -> bool,
) -> Result<(), QuoteProblem> {
    for (index, char) in text.char_indices() {
        match char {
            ' ' if escape_blank(index) => out.write_str(r"\ ")?,
            '\t' => out.write_str(r"\t")?,
            '\n' => out.write_str(r"\n")?,
            '\r' => out.write_str(r"\r")?,
            '\u{c}' => out.write_str(r"\f")?,
            '\\' | '=' | ':' | '#' | '!' => write!(out, "\\{char}")?,
            ' '..='~' => out.write_char(char)?,
            _ => escape_units(char, out)?,
        }
    }
    Ok(())
}

/// A JSON string (RFC 8259, section 7).
pub(super) fn json(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    escape_json(text, out, |char| char < ' ')
}

/// A double-quoted scalar of YAML 1.2 (7.3.1): a JSON string whose characters outside of YAML's printable ones (5.1)
/// are escaped too, and those that are line breaks in YAML 1.1.
pub(super) fn yaml(text: &str, out: &mut dyn Write) -> Result<(), QuoteProblem> {
    escape_json(text, out, |char| {
        matches!(
            char,
            ..' ' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    })
}

fn escape_json(text: &str, out: &mut dyn Write, escape: fn(char) -> bool) -> Result<(), QuoteProblem> {
    out.write_str("\"")?;
    for char in text.chars() {
        match char {
            '"' | '\\' => write!(out, "\\{char}")?,
            '\n' => out.write_str(r"\n")?,
            '\r' => out.write_str(r"\r")?,
            '\t' => out.write_str(r"\t")?,
            _ if escape(char) => escape_units(char, out)?,
            _ => out.write_char(char)?,
        }
    }
    Ok(out.write_str("\"")?)
}

/// `\uXXXX` for each UTF-16 unit of a character.
fn escape_units(char: char, out: &mut dyn Write) -> fmt::Result {
    let mut units = [0; 2];
    char.encode_utf16(&mut units)
        .iter()
        .try_for_each(|unit| write!(out, "\\u{unit:04X}"))
}
