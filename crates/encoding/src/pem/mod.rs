//! The one reader of PEM (RFC 7468), for certificates, client certificates, certificate authorities and templates.
//!
//! Invariant: no block is lost without a word. Every line that looks like a marker belongs to a block that is given out,
//! or is an error with its number. What is certain is accepted: byte order marks, UTF-16 that has one, every sort of
//! line end, indents, trailing blanks, markers that a missing line end glued to each other or to the base64 between
//! them, and text around blocks in any character set.

mod error;
mod kind;
mod marker;
mod misnamed;
#[cfg(test)]
mod tests;
mod utf16;

use std::ops::Range;

pub use self::error::{PemError, PemProblem};
pub use self::kind::Kind;
use self::marker::Marker;
use crate::{SecretBytes, base64};

/// A block of a PEM text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it holds.
    pub kind: Kind,
    /// Its name, as between the dashes.
    pub name: String,
    /// The line of its BEGIN, from 1.
    pub line: usize,
    /// The headers of the old format (RFC 1421, section 4.6), a line each; only encrypted keys have some.
    pub headers: Vec<String>,
    /// What it holds, decoded. Empty for [`Kind::Other`], of which nobody asks for more than its place.
    pub der: SecretBytes,
}

impl Block {
    /// Whether a password is needed to read it: by its name, or by a header (RFC 1421, section 4.6.1.1).
    pub fn is_encrypted(&self) -> bool {
        self.kind == Kind::EncryptedPrivateKey
            || self
                .headers
                .iter()
                .any(|header| header.starts_with("Proc-Type:") && header.contains("ENCRYPTED"))
    }

    /// Why it cannot be used, if it holds a certificate or a private key in a form that nothing here reads.
    pub fn unread(&self) -> Option<PemError> {
        let problem = match self.kind {
            _ if self.kind.is_private_key() && self.is_encrypted() => PemProblem::EncryptedKey,
            Kind::OpenSshPrivateKey => PemProblem::OpenSshKey,
            Kind::OtherPrivateKey => PemProblem::OtherKey,
            Kind::TrustedCertificate => PemProblem::TrustedCertificate,
            Kind::Pkcs7 => PemProblem::Pkcs7,
            _ => return None,
        };
        Some(PemError {
            line: self.line,
            problem,
        })
    }
}

/// Whether a text has a line that begins or ends a block, well written or not.
pub fn is_pem(text: &[u8]) -> bool {
    let is_pem = |text: &[u8]| lines(text).any(|(_, line)| marker::is_like(&text[line]));
    utf16::to_utf8(text).map_or_else(|| is_pem(text), |text| is_pem(&text))
}

/// The blocks of a text, in its order. What stands outside of blocks is passed over.
pub fn blocks(text: &[u8]) -> Result<Vec<Block>, PemError> {
    utf16::to_utf8(text).map_or_else(|| read(text), |text| read(&text))
}

fn read(text: &[u8]) -> Result<Vec<Block>, PemError> {
    let mut reader = Reader {
        text,
        open: None,
        blocks: Vec::new(),
    };
    for (number, line) in lines(text) {
        reader.line(number, line)?;
    }
    match reader.open {
        Some(open) => Err(open.error(PemProblem::NoEnd)),
        None => Ok(reader.blocks),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    open: Option<Open<'a>>,
    blocks: Vec<Block>,
}

/// A block whose END was not seen yet.
struct Open<'a> {
    name: &'a str,
    line: usize,
    /// Where the text after the BEGIN marker starts.
    body: usize,
}

impl<'a> Reader<'a> {
    /// Takes one line, on which several markers may be glued together.
    fn line(&mut self, number: usize, mut line: Range<usize>) -> Result<(), PemError> {
        loop {
            let rest = &self.text[line.clone()];
            let skipped = match self.open {
                None => rest.len() - without_blanks(rest).len(),
                Some(_) => marker::position(rest).unwrap_or(0),
            };
            let Some(marker) = Marker::at_start(&rest[skipped..]) else {
                return check(number, rest);
            };
            // What a missing line end glued to the marker is content, and no marker that is cut.
            check(number, &rest[..skipped])?;
            line.start += skipped;
            self.marker(number, line.start, marker)?;
            line.start += marker.len;
        }
    }

    /// Takes a marker and where it stands.
    fn marker(&mut self, line: usize, at: usize, marker: Marker<'a>) -> Result<(), PemError> {
        let error = |problem| Err(PemError { line, problem });
        match self.open.take() {
            Some(open) if marker.is_begin => return Err(open.error(PemProblem::NoEnd)),
            Some(open) if open.name != marker.name => return error(PemProblem::OtherName),
            Some(open) => self.blocks.push(open.block(&self.text[open.body..at])?),
            None if !marker.is_begin => return error(PemProblem::NoBegin),
            None => match kind::meant(marker.name) {
                Some(meant) => return error(PemProblem::Name { meant }),
                None => {
                    self.open = Some(Open {
                        name: marker.name,
                        line,
                        body: at + marker.len,
                    });
                }
            },
        }
        Ok(())
    }
}

impl Open<'_> {
    const fn error(&self, problem: PemProblem) -> PemError {
        PemError {
            line: self.line,
            problem,
        }
    }

    /// Takes what stands between the markers.
    fn block(&self, body: &[u8]) -> Result<Block, PemError> {
        let kind = Kind::of(self.name);
        let (headers, data) = parts(body);
        let der = if kind == Kind::Other {
            let problem = base64(data).ok().and_then(|der| misnamed::problem(der.expose()));
            problem.map_or(Ok(SecretBytes::new(Vec::new())), |problem| {
                Err(self.error(problem))
            })?
        } else {
            let der = base64(data).ok().filter(|der| !der.is_empty());
            der.ok_or_else(|| self.error(content_problem(data)))?
        };
        Ok(Block {
            kind,
            name: self.name.to_owned(),
            line: self.line,
            headers,
            der,
        })
    }
}

/// The headers of a block's body, and what follows them.
fn parts(body: &[u8]) -> (Vec<String>, &[u8]) {
    let mut headers = Vec::new();
    let mut data = 0;
    for (_, line) in lines(body) {
        let text = body[line.clone()].trim_ascii();
        if text.contains(&b':') {
            headers.push(String::from_utf8_lossy(text).into_owned());
        } else if !text.is_empty() {
            break;
        }
        data = line.end;
    }
    (headers, &body[data..])
}

fn content_problem(data: &[u8]) -> PemProblem {
    if has_escaped_line_breaks(data) {
        PemProblem::EscapedLineBreaks
    } else {
        PemProblem::Content
    }
}

/// A rest of a line that is no marker must not look like one.
fn check(line: usize, rest: &[u8]) -> Result<(), PemError> {
    if !marker::is_like(rest) {
        return Ok(());
    }
    let problem = if has_escaped_line_breaks(rest) {
        PemProblem::EscapedLineBreaks
    } else {
        PemProblem::Marker
    };
    Err(PemError { line, problem })
}

fn has_escaped_line_breaks(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"\\n")
}

/// What an editor or a copy from a page leaves before a line: blanks, a no-break space, a byte order mark, a zero-width
/// space.
fn without_blanks(line: &[u8]) -> &[u8] {
    let mut rest = line.trim_ascii_start();
    for blank in ["\u{a0}", "\u{feff}", "\u{200b}"] {
        if let Some(after) = rest.strip_prefix(blank.as_bytes()) {
            rest = without_blanks(after);
        }
    }
    rest
}

/// The lines of a text without their ends, numbered from 1. CR LF ends one line, and so does either alone.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, Range<usize>)> {
    let mut next = Some(0);
    (1..).map_while(move |number| {
        let start = next?;
        let len = text[start..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = len.map_or(text.len(), |len| start + len);
        let is_pair = text[end..].starts_with(b"\r\n");
        next = len.map(|_| end + if is_pair { 2 } else { 1 });
        Some((number, start..end))
    })
}
