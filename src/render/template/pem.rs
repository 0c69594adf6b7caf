//! Blocks of a PEM text (RFC 7468), as they are written.

use super::sink::Sink;
use std::fmt::Write;

/// Why a PEM text has not the part that is wanted. No variant holds a byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PemProblem {
    /// A block that does not end.
    #[error("block {number} of the PEM text has no END line")]
    Open {
        /// Which, from 1.
        number: usize,
    },
    /// Another number of keys.
    #[error("the PEM text has {found} private keys, not one")]
    Keys {
        /// How many it has.
        found: usize,
    },
    /// Not so many certificates.
    #[error("the PEM text has {found} certificates, and number {wanted} (from 0) is wanted")]
    Certificates {
        /// How many it has.
        found: usize,
        /// Which is wanted, from 0.
        wanted: usize,
    },
    /// None at all.
    #[error("the PEM text has no certificate")]
    NoCertificate,
}

/// One block: its label, and its lines from BEGIN to END.
struct Block<'a> {
    label: &'a str,
    lines: &'a str,
}

/// The one private key of a PEM text, whatever its form.
pub(super) fn private_key(text: &str) -> Result<Sink, PemProblem> {
    let blocks = blocks(text)?;
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    match (keys.next(), keys.count()) {
        (Some(key), 0) => Ok(write(&[key])),
        (first, more) => Err(PemProblem::Keys {
            found: usize::from(first.is_some()) + more,
        }),
    }
}

/// The certificates of a PEM text in its order, or the one with this number, from 0.
pub(super) fn certificates(text: &str, wanted: Option<usize>) -> Result<Sink, PemProblem> {
    let blocks = blocks(text)?;
    let certificates: Vec<_> = blocks
        .iter()
        .filter(|block| block.label == "CERTIFICATE")
        .collect();
    let chosen = match wanted {
        None if certificates.is_empty() => return Err(PemProblem::NoCertificate),
        None => &certificates[..],
        Some(wanted) => {
            let found = certificates.len();
            let one = certificates.get(wanted).map(std::slice::from_ref);
            one.ok_or(PemProblem::Certificates { found, wanted })?
        }
    };
    Ok(write(chosen))
}

/// What stands outside of blocks is passed over.
fn blocks(text: &str) -> Result<Vec<Block<'_>>, PemProblem> {
    let mut found = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let marker = line.trim();
        match open {
            None => open = label(marker, "-----BEGIN ").map(|label| (label, offset)),
            Some((label, start)) if self::label(marker, "-----END ") == Some(label) => {
                let lines = &text[start..offset + line.len()];
                found.push(Block { label, lines });
                open = None;
            }
            Some(_) => {}
        }
        offset += line.len();
    }
    let number = found.len() + 1;
    if open.is_some() {
        Err(PemProblem::Open { number })
    } else {
        Ok(found)
    }
}

fn label<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

/// Line ends become line feeds, one after the last line too.
fn write(blocks: &[&Block<'_>]) -> Sink {
    let mut sink = Sink::new(blocks.iter().map(|block| block.lines.len() + 1).sum());
    for line in blocks.iter().flat_map(|block| block.lines.lines()) {
        // Fits: a line only loses blanks.
        let _ = writeln!(sink, "{}", line.trim());
    }
    sink
}
