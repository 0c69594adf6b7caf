//! The only writer of stdout, and of what is not a log line on stderr, where it takes its turn among the log lines.
//!
//! A reader that went away (a closed pipe) has read what it wanted. Any other failure to write data, as on a full disk, is one of
//! the command; what fails on stderr could be told nowhere, and is dropped.

use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::os::fd::AsFd;
use std::time::Duration;

use terminal_size::{Height, Width, terminal_size_of};

use crate::telemetry::stderr::{Stderr, settle as settle_stderr};

use super::exit::Exit;
use super::failure::CommandFailure;

/// Longest wait for whoever reads stderr.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Of a terminal that does not say how wide it is.
const USUAL_WIDTH: usize = 80;

/// Of one that does not say how high it is.
const USUAL_HEIGHT: usize = 24;

/// Lets what was said on stderr be written, if somebody reads it.
pub(super) fn settle() {
    settle_stderr(LAST_WORDS);
}

/// Writes data to stdout, with a line end, to the last byte. What was said on stderr before comes before it.
pub(super) fn data(text: &str) -> Result<(), CommandFailure> {
    more_data(text).map(drop)
}

/// The same; says whether anybody may read more of it.
pub(super) fn more_data(text: &str) -> Result<bool, CommandFailure> {
    write(&[text.trim_end_matches('\n'), "\n"])
}

/// Writes a text of somebody else to stdout, to the byte: its last line may have no end, or blank lines behind it.
pub(super) fn exact(text: &str) -> Result<(), CommandFailure> {
    write(&[text]).map(drop)
}

fn write(parts: &[&str]) -> Result<bool, CommandFailure> {
    settle();
    let mut stdout = stdout().lock();
    let mut parts = parts.iter();
    let written = parts.try_for_each(|part| stdout.write_all(part.as_bytes()));
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(not_written(error)),
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
    // One call, so that it is one message; it cannot fail.
    let _ = Stderr.write(format!("{}\n", text.trim_end_matches('\n')).as_bytes());
}

/// Replaces the line under the cursor of a terminal; an empty text clears it. Messages come before it.
pub(super) fn status_line(text: &str) {
    Stderr.status(text);
}

/// How many places a line of stdout has, if that is a terminal.
pub(super) fn stdout_width() -> usize {
    width_of(stdout())
}

/// How many lines it shows.
pub(super) fn stdout_height() -> usize {
    terminal_size_of(stdout()).map_or(USUAL_HEIGHT, |(_, Height(height))| height.into())
}

/// How many places a line of stderr has.
pub(super) fn stderr_width() -> usize {
    width_of(stderr())
}

fn width_of(stream: impl AsFd) -> usize {
    terminal_size_of(stream).map_or(USUAL_WIDTH, |(Width(width), _)| width.into())
}
