//! What a program says: logged up to a limit, and its last lines kept for whoever asks why it failed.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use crate::domain::object::HookName;
use crate::domain::plain_text::one_line;

/// What is logged of one run, in bytes.
const LOGGED: usize = 64 * 1024;
/// What is kept of one line, in bytes.
const LINE: usize = 1024;
/// What is shown of one line, in characters.
const SHOWN: usize = 400;
/// How many lines a failure tells.
const LAST: usize = 5;
/// What a pipe can hold when its writer has ended, in bytes.
const REST: usize = 1024 * 1024;

/// The output of one run. Memory is bounded whatever the program writes.
pub(super) struct Output<'h> {
    hook: &'h HookName,
    line: Vec<u8>,
    last: VecDeque<Vec<u8>>,
    logged: usize,
    left_out: usize,
}

impl<'h> Output<'h> {
    /// Nothing yet.
    pub(super) fn of(hook: &'h HookName) -> Self {
        Self {
            hook,
            line: Vec::new(),
            last: VecDeque::new(),
            logged: 0,
            left_out: 0,
        }
    }

    /// Reads as long as somebody may write.
    pub(super) async fn read(&mut self, reader: &mut Receiver) {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(read @ 1..) = reader.read(&mut bytes).await {
            self.take(&bytes[..read]);
        }
    }

    /// Takes what the program wrote before its end; whoever still writes is not waited for.
    pub(super) fn end(&mut self, reader: Receiver) {
        let rest = reader.into_nonblocking_fd().map(File::from);
        if let Ok(mut rest) = rest {
            let (mut bytes, mut taken) = (vec![0; 16 * 1024], 0);
            while let Ok(read @ 1..) = rest.read(&mut bytes) {
                self.take(&bytes[..read]);
                taken += read;
                if taken >= REST {
                    break;
                }
            }
        }
        self.end_line();
        if self.left_out > 0 {
            tracing::debug!(hook = %self.hook, bytes = self.left_out, "Left out hook output");
        }
    }

    /// The last lines, on one.
    pub(super) fn last_lines(&self) -> String {
        let lines = self.last.iter().map(|line| plain(line));
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        lines.join(" | ")
    }

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let kept = part.len().min(LINE.saturating_sub(self.line.len()));
            self.line.extend_from_slice(&part[..kept]);
            self.left_out += part.len() - kept;
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        if self.logged < LOGGED {
            self.logged += self.line.len();
            tracing::debug!(hook = %self.hook, output = plain(&self.line), "Hook output");
        } else {
            self.left_out += self.line.len();
        }
        self.last.push_back(std::mem::take(&mut self.line));
        if self.last.len() > LAST {
            self.last.pop_front();
        }
    }
}

fn plain(line: &[u8]) -> String {
    one_line(&String::from_utf8_lossy(line), SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_told_whatever_came_before() {
        let name = HookName::parse("reload").expect("valid");
        let mut output = Output::of(&name);
        for number in 0..100_000 {
            output.take(format!("line {number}\n").as_bytes());
        }
        output.take(b"\n\x1b[31mwithout an end");
        output.end_line();
        assert_eq!(
            output.last_lines(),
            "line 99997 | line 99998 | line 99999 | [31mwithout an end"
        );
        assert!(output.logged <= LOGGED + LINE, "{}", output.logged);
        assert!(output.left_out > 1_000_000);
    }

    #[test]
    fn a_line_without_an_end_does_not_grow_memory() {
        let name = HookName::parse("reload").expect("valid");
        let mut output = Output::of(&name);
        for _ in 0..1000 {
            output.take(&[b'x'; 4096]);
        }
        assert_eq!(output.line.len(), LINE);
        assert_eq!(output.left_out, 1000 * 4096 - LINE);
    }
}
