//! `convert`: another tool's configuration on stdin or in a file, a manifest on stdout, remarks on stderr.

use std::io;
use std::path::Path;

use crate::convert::{self, Conversion, ConvertError, Fate, Note};
use crate::domain::unread;
use crate::manifest;

use super::args::ConvertArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;
use super::style::Style;

/// Reads the configuration, prints the manifest, and tells what was assumed and what is not in it.
pub(super) fn convert(args: &ConvertArgs, style: Style) -> Result<Exit, CommandFailure> {
    let text = read(args.file.as_deref().unwrap_or(Path::new("-")))?;
    match convert::convert(&text, args.from.map(Into::into)) {
        Ok(Conversion { manifest, notes }) => {
            let written = output::data(&manifest);
            tell(&notes, style);
            written.map(|()| Exit::Ok)
        }
        Err(error) => {
            tell(error.notes(), style);
            Err(failure(&error))
        }
    }
}

fn failure(error: &ConvertError) -> CommandFailure {
    let exit = if error.is_usage() {
        Exit::Usage
    } else {
        Exit::Manifest
    };
    CommandFailure::new(exit, error, error.hint())
}

/// The text of a file, or of stdin when it is `-`.
fn read(file: &Path) -> Result<String, CommandFailure> {
    let name = manifest::name(file);
    let bytes = manifest::bytes(file, convert::MAX_BYTES).map_err(|error| {
        let hint = unread::hint(
            error.kind(),
            "name the file with the configuration, or `-` for stdin",
        )
        .to_owned();
        CommandFailure::new(
            Exit::Usage,
            &Unreadable {
                name: name.clone(),
                source: error,
            },
            hint,
        )
    })?;
    if bytes.len() > convert::MAX_BYTES {
        // The rest was not read, and the last character may be cut.
        return Err(failure(&ConvertError::TooLarge { limit: "1 MiB" }));
    }
    String::from_utf8(bytes).map_err(|_| {
        let hint = "save it as UTF-8".to_owned();
        CommandFailure::new(Exit::Manifest, &NotText { name }, hint)
    })
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

/// Tells the remarks: two lists for a person, an event each for a program.
fn tell(notes: &[Note], style: Style) {
    if style.is_json() {
        for note in notes {
            let (subject, note, fate) = (&note.subject, &note.reason, note.fate);
            match fate {
                Fate::Assumed => tracing::info!(subject, note, "Carried with an assumption"),
                Fate::NotCarried => tracing::warn!(subject, note, "Not carried"),
            }
        }
        return;
    }
    let lists = [
        (Fate::Assumed, "carried with an assumption:"),
        (Fate::NotCarried, "not carried:"),
    ];
    for (fate, title) in lists {
        let mut lines: Vec<String> = notes
            .iter()
            .filter(|note| note.fate == fate)
            .map(|note| format!("  - {note}"))
            .collect();
        if !lines.is_empty() {
            lines.insert(0, title.to_owned());
            output::message(&lines.join("\n"));
        }
    }
}
