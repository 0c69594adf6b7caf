//! The only writer of stdout, and of what is not a log line on stderr.
//!
//! A reader that went away (a closed pipe) has read what it wanted. Any other failure to write data, as on a full disk, is one of
//! the command; what fails on stderr could be told nowhere, and is dropped.

use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};

use super::exit::Exit;
use super::failure::CommandFailure;

/// Writes data to stdout, with a line end, to the last byte.
pub(super) fn data(text: &str) -> Result<(), CommandFailure> {
    let mut stdout = stdout().lock();
    let written = writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(not_written(error)),
        _ => Ok(()),
    }
}

fn not_written(source: io::Error) -> CommandFailure {
    let hint = "the output is not complete; check the disk or the program that it goes to".to_owned();
    CommandFailure::new(Exit::Internal, &NotWritten { source }, hint)
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write to stdout")]
struct NotWritten {
    source: io::Error,
}

/// Writes a message to stderr, with a line end; nothing at all when there is no message.
pub(super) fn message(text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// Replaces the line under the cursor of a terminal; an empty text clears it.
pub(super) fn status_line(text: &str) {
    let mut stderr = stderr().lock();
    let _ = write!(stderr, "\r\x1b[2K{text}");
    let _ = stderr.flush();
}

/// Whether a person reads stderr.
pub(super) fn stderr_is_terminal() -> bool {
    stderr().is_terminal()
}

/// Whether a person reads stdout.
pub(super) fn stdout_is_terminal() -> bool {
    stdout().is_terminal()
}
