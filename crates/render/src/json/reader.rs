//! A JSON text (RFC 8259), piece by piece.
//!
//! It allocates nothing but one byte for each container that is open, so that no copy of a value is left behind.

use super::JsonProblem;
use super::text::{JsonText, unescape};

/// How deep containers may stand in each other.
const DEPTH_LIMIT: usize = 128;

/// Reads a JSON text from its start to its end. What follows the value, or is missing of it, is an error.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Container>,
    next: Next,
}

/// The two containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// One piece of a JSON text.
pub enum Event<'a> {
    /// A value that holds no other.
    Scalar(Scalar<'a>),
    /// The start of a container.
    Open(Container),
    /// The name of the member that follows.
    Key(JsonText<'a>),
    /// The end of the innermost container.
    Close,
}

/// A value that holds no other.
pub enum Scalar<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it is written.
    Number(&'a str),
    /// A string.
    String(JsonText<'a>),
}

enum Next {
    Value,
    /// The first element or member, or the end of the container.
    First,
    /// A comma, or the end of the container or of the text.
    After,
}

impl<'a> Reader<'a> {
    /// Takes bytes that should be JSON in UTF-8. A byte order mark is passed over, as RFC 8259, section 8.1 allows.
    pub fn new(text: &'a [u8]) -> Result<Self, JsonProblem> {
        let text = std::str::from_utf8(text).map_err(|error| {
            let before = std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
            JsonProblem::syntax(before, before.len())
        })?;
        Ok(Self {
            text,
            at: if text.starts_with('\u{feff}') { 3 } else { 0 },
            open: Vec::new(),
            next: Next::Value,
        })
    }

    /// The bytes that were read, up to the end of the last piece.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// What stands between two offsets that [`Self::offset`] gave.
    pub fn span(&self, start: usize, end: usize) -> &'a str {
        &self.text[start..end]
    }

    /// Gives the next piece, `None` at the end of the text.
    pub fn read(&mut self) -> Result<Option<Event<'a>>, JsonProblem> {
        self.skip_blanks();
        let (container, byte) = (self.open.last().copied(), self.peek());
        let closing = match container {
            Some(Container::Array) => Some(b']'),
            Some(Container::Object) => Some(b'}'),
            None => None,
        };
        match (&self.next, container) {
            (Next::First | Next::After, Some(_)) if byte == closing => {
                self.at += 1;
                self.open.pop();
                self.next = Next::After;
                return Ok(Some(Event::Close));
            }
            (Next::After, None) => {
                return if byte.is_none() {
                    Ok(None)
                } else {
                    Err(self.syntax())
                };
            }
            (Next::After, Some(container)) => {
                self.expect(b',')?;
                self.skip_blanks();
                if container == Container::Object {
                    return self.key().map(Some);
                }
            }
            (Next::First, Some(Container::Object)) => return self.key().map(Some),
            (Next::Value | Next::First, _) => {}
        }
        self.value().map(Some)
    }

    fn key(&mut self) -> Result<Event<'a>, JsonProblem> {
        let key = self.string()?;
        self.skip_blanks();
        self.expect(b':')?;
        self.skip_blanks();
        self.next = Next::Value;
        Ok(Event::Key(key))
    }

    fn value(&mut self) -> Result<Event<'a>, JsonProblem> {
        self.next = Next::After;
        let scalar = match self.peek() {
            Some(b'[') => return self.open(Container::Array),
            Some(b'{') => return self.open(Container::Object),
            Some(b'"') => Scalar::String(self.string()?),
            Some(b'n') => self.word("null", Scalar::Null)?,
            Some(b't') => self.word("true", Scalar::Bool(true))?,
            Some(b'f') => self.word("false", Scalar::Bool(false))?,
            _ => Scalar::Number(self.number()?),
        };
        Ok(Event::Scalar(scalar))
    }

    fn open(&mut self, container: Container) -> Result<Event<'a>, JsonProblem> {
        if self.open.len() == DEPTH_LIMIT {
            return Err(JsonProblem::TooDeep { limit: DEPTH_LIMIT });
        }
        self.at += 1;
        self.open.push(container);
        self.next = Next::First;
        Ok(Event::Open(container))
    }

    fn word(&mut self, word: &str, scalar: Scalar<'a>) -> Result<Scalar<'a>, JsonProblem> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(scalar)
    }

    /// RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a str, JsonProblem> {
        let start = self.at;
        self.take(b"-");
        if !self.take(b"0") {
            self.digits()?;
        }
        if self.take(b".") {
            self.digits()?;
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), JsonProblem> {
        if !self.take(b"0123456789") {
            return Err(self.syntax());
        }
        while self.take(b"0123456789") {}
        Ok(())
    }

    /// RFC 8259, section 7. Half of a surrogate pair is refused: no text has it.
    fn string(&mut self) -> Result<JsonText<'a>, JsonProblem> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let (_, length) = unescape(&self.text[self.at..]).ok_or_else(|| self.syntax())?;
                    self.at += length;
                }
                None | Some(..=0x1f) => return Err(self.syntax()),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(JsonText::checked(&self.text[start..self.at - 1]))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes one byte over if it is one of these.
    fn take(&mut self, set: &[u8]) -> bool {
        let taken = self.peek().is_some_and(|byte| set.contains(&byte));
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonProblem> {
        if self.take(&[byte]) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn skip_blanks(&mut self) {
        while self.take(b" \t\n\r") {}
    }

    fn syntax(&self) -> JsonProblem {
        JsonProblem::syntax(self.text, self.at)
    }
}
