//! The only writer of stdout, and of what is not a log line on stderr.
//!
//! A reader that went away (a closed pipe) is no failure of ours, so write errors are dropped.

use std::io::{IsTerminal, Write, stderr, stdout};

/// Writes data to stdout, with a line end.
pub(super) fn data(text: &str) {
    let _ = writeln!(stdout().lock(), "{}", text.trim_end_matches('\n'));
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
