//! Parts of a JSON text (RFC 8259), exactly as they are written.
//!
//! A tree of values would keep copies of them that nobody wipes, and would round numbers: `1.10` stays `1.10` here.

mod reader;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

pub use self::reader::{Container, Event, Reader, Scalar};
pub use self::text::JsonText;
use domain::desired::JsonPointer;
use domain::secret::SecretBytes;

/// Why a part of a text could not be given. It holds no byte of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// It is not JSON.
    #[error("the value is not JSON from line {line}, column {column} on")]
    Syntax {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// Containers in containers without end.
    #[error("the value is JSON of more than {limit} levels")]
    TooDeep {
        /// How many are read.
        limit: usize,
    },
    /// There is no such part.
    #[error("{} is {found} without such a part", Place(.reached))]
    Missing {
        /// How far the pointer leads.
        reached: JsonPointer,
        /// What stands there.
        found: Found,
    },
}

/// What stands where a pointer leads no further. Names of members may be secret; their number is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// An object with so many members.
    Object(usize),
    /// An array of so many elements.
    Array(usize),
    /// A string, number, boolean or null.
    Scalar,
}

impl JsonProblem {
    fn syntax(text: &str, offset: usize) -> Self {
        let mut lines = text[..offset].split('\n');
        let last = lines.next_back().unwrap_or_default();
        Self::Syntax {
            line: lines.count() + 1,
            column: last.chars().count() + 1,
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(members) => write!(f, "an object ({members} members)"),
            Self::Array(elements) => write!(f, "an array ({elements} elements)"),
            Self::Scalar => f.write_str("a string, number, boolean or null"),
        }
    }
}

/// What a pointer leads to.
struct Place<'a>(&'a JsonPointer);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str() {
            "" => f.write_str("the value"),
            pointer => write!(f, "what is at `{pointer}`"),
        }
    }
}

/// Takes a JSON text and a pointer to a part of it; gives a string as its characters, and everything else as JSON
/// without blanks. Of members with the same name the last one counts.
pub fn select(text: &[u8], pointer: &JsonPointer) -> Result<SecretBytes, JsonProblem> {
    let path: Vec<String> = pointer.elements().collect();
    let mut reader = Reader::new(text)?;
    let mut search = Search::new(&path);
    while let Some(event) = reader.read()? {
        search.see(&event, &reader);
    }
    match search.outcome {
        Outcome::String(text) => Ok(characters(text)),
        Outcome::Json(json) => Ok(compact(json)),
        Outcome::Missing { depth, found } => Err(JsonProblem::Missing {
            reached: pointer.first(depth),
            found,
        }),
    }
}

/// Looks for the value at the end of a path, while all of the text is read.
///
/// Each value on the path overwrites the outcome when it ends, so that the last of several members decides.
struct Search<'a> {
    path: &'a [String],
    open: Vec<Level>,
    outcome: Outcome<'a>,
}

/// A container that has not ended.
struct Level {
    container: Container,
    /// Where it starts, in bytes.
    start: usize,
    /// How many elements of the path lead to it; `None` if it is not on the path.
    depth: Option<usize>,
    /// How many elements or members it has so far.
    count: usize,
    /// Whether the name that was read last is the next one of the path.
    named: bool,
    /// Whether one of its elements or members is on the path.
    entered: bool,
}

enum Outcome<'a> {
    String(JsonText<'a>),
    Json(&'a str),
    Missing { depth: usize, found: Found },
}

impl<'a> Search<'a> {
    fn new(path: &'a [String]) -> Self {
        Self {
            path,
            open: Vec::new(),
            // Overwritten: the reader gives at least one value, or an error.
            outcome: Outcome::Missing {
                depth: 0,
                found: Found::Scalar,
            },
        }
    }

    fn see(&mut self, event: &Event<'a>, reader: &Reader<'a>) {
        match event {
            Event::Key(name) => self.name(*name),
            Event::Scalar(scalar) => self.scalar(scalar),
            Event::Open(container) => {
                let depth = self.enter();
                self.open.push(Level {
                    container: *container,
                    start: reader.offset() - 1,
                    depth,
                    count: 0,
                    named: false,
                    entered: false,
                });
            }
            Event::Close => self.close(reader),
        }
    }

    fn name(&mut self, name: JsonText<'_>) {
        if let Some(level) = self.open.last_mut() {
            let wanted = level.depth.and_then(|depth| self.path.get(depth));
            level.named = wanted.is_some_and(|wanted| name.chars().eq(wanted.chars()));
        }
    }

    /// Gives how many elements of the path lead to the value that starts now, if they do.
    fn enter(&mut self) -> Option<usize> {
        let Some(level) = self.open.last_mut() else {
            return Some(0);
        };
        let depth = level.depth?;
        let index = level.count;
        level.count += 1;
        let on_path = match level.container {
            Container::Object => level.named,
            // RFC 6901, section 4: digits without leading zeros.
            Container::Array => self
                .path
                .get(depth)
                .is_some_and(|wanted| *wanted == index.to_string()),
        };
        level.entered |= on_path;
        on_path.then_some(depth + 1)
    }

    fn scalar(&mut self, scalar: &Scalar<'a>) {
        let Some(depth) = self.enter() else { return };
        self.outcome = match *scalar {
            _ if depth < self.path.len() => Outcome::Missing {
                depth,
                found: Found::Scalar,
            },
            Scalar::String(text) => Outcome::String(text),
            Scalar::Number(text) => Outcome::Json(text),
            Scalar::Null => Outcome::Json("null"),
            Scalar::Bool(true) => Outcome::Json("true"),
            Scalar::Bool(false) => Outcome::Json("false"),
        };
    }

    fn close(&mut self, reader: &Reader<'a>) {
        let level = self.open.pop().expect("the reader closes what it opened");
        let Some(depth) = level.depth else { return };
        if depth == self.path.len() {
            self.outcome = Outcome::Json(reader.span(level.start, reader.offset()));
        } else if !level.entered {
            let found = match level.container {
                Container::Array => Found::Array(level.count),
                Container::Object => Found::Object(level.count),
            };
            self.outcome = Outcome::Missing { depth, found };
        }
    }
}

fn characters(text: JsonText<'_>) -> SecretBytes {
    // Never grows, which would leave a copy behind.
    let mut bytes = Vec::with_capacity(text.max_len());
    for char in text.chars() {
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    SecretBytes::new(bytes)
}

/// Takes valid JSON; gives it without the blanks between its tokens.
fn compact(json: &str) -> SecretBytes {
    let mut bytes = Vec::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        if quoted || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            bytes.push(byte);
        }
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
    }
    SecretBytes::new(bytes)
}
