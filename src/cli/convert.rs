//! `convert`: another tool's configuration on stdin or in a file, a manifest on stdout, remarks on stderr.

use std::io::{self, Read};
use std::path::Path;

use crate::convert::{self, Conversion, ConvertError, Fate, Note};
use crate::domain::unread;
use crate::manifest;
use crate::telemetry::LogFormat;

use super::args::ConvertArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::output;

/// Reads the configuration, prints the manifest, and tells what was assumed and what is not in it.
pub(super) fn convert(args: &ConvertArgs, format: LogFormat) -> Result<Exit, CommandFailure> {
    let text = read(args.file.as_deref())?;
    match convert::convert(&text, args.from.map(Into::into)) {
        Ok(Conversion { manifest, notes }) => {
            let written = output::data(&manifest);
            tell(&notes, format);
            written.map(|()| Exit::Ok)
        }
        Err(error) => {
            tell(error.notes(), format);
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

/// The text of a file, or of stdin when there is none or it is `-`.
fn read(file: Option<&Path>) -> Result<String, CommandFailure> {
    let read = match file.filter(|path| *path != Path::new("-")) {
        Some(path) => manifest::bytes(path, convert::MAX_BYTES),
        None => stdin(),
    };
    let name = file.map_or_else(|| "stdin".into(), |path| path.display().to_string());
    let bytes = read.map_err(|error| {
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

/// Waits for its end as long as it takes: a person may type.
fn stdin() -> io::Result<Vec<u8>> {
    let limit = u64::try_from(convert::MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
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
fn tell(notes: &[Note], format: LogFormat) {
    if matches!(format, LogFormat::Json) {
        for note in notes {
            let (subject, reason) = (&note.subject, &note.reason);
            match note.fate {
                Fate::Assumed => tracing::info!(subject, reason, "Carried with an assumption"),
                Fate::NotCarried => tracing::warn!(subject, reason, "Not carried"),
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
