//! `convert`: another tool's configuration on stdin or in a file, a manifest on stdout, remarks on stderr.

use std::path::Path;

use crate::convert::{self, Conversion, ConvertError, Fate, Note};

use super::args::ConvertArgs;
use super::exit::Exit;
use super::failure::CommandFailure;
use super::input;
use super::output;
use super::style::Style;

/// Reads the configuration, prints the manifest, and tells what was assumed and what is not in it.
pub(super) fn convert(args: &ConvertArgs, style: Style) -> Result<Exit, CommandFailure> {
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let hint = "name the file with the configuration, or `-` for stdin";
    let text = input::text(file, convert::MAX_BYTES, hint)?;
    let text = text.ok_or_else(|| failure(&ConvertError::TooLarge { limit: "1 MiB" }))?;
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
