//! The text of a file that a person named for a command that reads nothing else.

use std::io;
use std::path::Path;

use crate::domain::unread;
use crate::manifest;

use super::exit::Exit;
use super::failure::CommandFailure;

/// The text of a file, or of stdin when it is `-`; `None` when it has more bytes than the limit. The hint is for a file that is not
/// there.
pub(super) fn text(file: &Path, limit: usize, hint: &'static str) -> Result<Option<String>, CommandFailure> {
    let name = manifest::name(file);
    let bytes = manifest::bytes(file, limit).map_err(|source| {
        let hint = unread::hint(source.kind(), hint).to_owned();
        let name = name.clone();
        CommandFailure::new(Exit::Usage, &Unreadable { name, source }, hint)
    })?;
    if bytes.len() > limit {
        // The rest was not read, and the last character may be cut.
        return Ok(None);
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        let hint = "save it as UTF-8".to_owned();
        CommandFailure::new(Exit::Manifest, &NotText { name }, hint)
    });
    text.map(Some)
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read {name}")]
struct Unreadable {
    name: String,
    source: io::Error,
}

#[derive(Debug, thiserror::Error)]
#[error("{name} is not UTF-8 text")]
struct NotText {
    name: String,
}
