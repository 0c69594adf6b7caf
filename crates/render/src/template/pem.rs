//! Parts of a PEM text, written as strictly as every other PEM of this program.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding::pem::{self, Block, Kind, PemError};
use zeroize::Zeroizing;

use super::sink::Sink;
use domain::unread_pem;

/// Columns of base64 (RFC 7468, section 2).
const COLUMNS: usize = 64;

/// Why a PEM text has not the part that is wanted. No variant holds a byte of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartProblem {
    /// The text cannot be read.
    #[error(transparent)]
    Unreadable(#[from] PemError),
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

impl PartProblem {
    /// The next action of the person who reads it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(error) => unread_pem::hint(error),
            _ => "store a PEM text with this part",
        }
    }
}

/// The one private key of a PEM text, whatever its form.
pub(super) fn private_key(text: &str) -> Result<Sink, PartProblem> {
    let blocks = pem::blocks(text.as_bytes())?;
    let mut keys = blocks.iter().filter(|block| block.kind.is_private_key());
    match (keys.next(), keys.count()) {
        (Some(key), 0) => Ok(write(&[key])),
        (first, more) => Err(PartProblem::Keys {
            found: usize::from(first.is_some()) + more,
        }),
    }
}

/// The certificates of a PEM text in its order, or the one with this number, from 0.
pub(super) fn certificates(text: &str, wanted: Option<usize>) -> Result<Sink, PartProblem> {
    let blocks = pem::blocks(text.as_bytes())?;
    let mut certificates = Vec::new();
    for block in &blocks {
        match block.unread() {
            Some(error) if block.kind.is_unread_certificate() => return Err(error.into()),
            _ if block.kind == Kind::Certificate => certificates.push(block),
            _ => {}
        }
    }
    let chosen = match wanted {
        None if certificates.is_empty() => return Err(PartProblem::NoCertificate),
        None => &certificates[..],
        Some(wanted) => {
            let found = certificates.len();
            let one = certificates.get(wanted).map(std::slice::from_ref);
            one.ok_or(PartProblem::Certificates { found, wanted })?
        }
    };
    Ok(write(chosen))
}

fn write(blocks: &[&Block]) -> Sink {
    let texts: Vec<_> = blocks
        .iter()
        .map(|block| (*block, Zeroizing::new(STANDARD.encode(block.der.expose()))))
        .collect();
    let mut sink = Sink::new(texts.iter().map(|(block, text)| room(block, text)).sum());
    for (block, text) in &texts {
        // It fits: `room` counts more than is written.
        let _ = write_block(&mut sink, block, text);
    }
    sink
}

/// At least as many bytes as a block has.
fn room(block: &Block, text: &str) -> usize {
    let headers: usize = block.headers.iter().map(|header| header.len() + 1).sum();
    let markers = 2 * (block.name.len() + "-----BEGIN -----\n".len());
    markers + headers + 1 + text.len() + text.len().div_ceil(COLUMNS)
}

fn write_block(sink: &mut Sink, block: &Block, text: &str) -> std::fmt::Result {
    writeln!(sink, "-----BEGIN {}-----", block.name)?;
    for header in &block.headers {
        writeln!(sink, "{header}")?;
    }
    if !block.headers.is_empty() {
        writeln!(sink)?;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(COLUMNS.min(rest.len()));
        writeln!(sink, "{line}")?;
        rest = after;
    }
    writeln!(sink, "-----END {}-----", block.name)
}
