//! Stderr, written by a thread of its own: a reader that stops reading stops nothing else.
//!
//! What waits to be written is bounded. What does not fit is dropped and counted, and the count is told when there is room.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Most bytes that wait: some thousands of lines.
const ROOM: usize = 1 << 20;

/// What waits for the thread of stderr, once there is one.
static STDERR: LazyLock<Option<&'static Queue>> = LazyLock::new(start);

/// Writes to stderr and never waits. Each call of `write` is one message: all of it is written, or none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stderr;

/// Goes to the start of the line of a terminal and clears it.
const CLEAR: &str = "\r\x1b[2K";

impl Stderr {
    /// Shows a line on a terminal in place of the one before it, and below all messages; an empty one clears it.
    pub fn status(self, text: &str) {
        if let Some(queue) = *STDERR {
            queue.status(text);
        }
    }
}

impl Write for Stderr {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        match *STDERR {
            Some(queue) => queue.push(message),
            None => io::stderr().write_all(message)?,
        }
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until everything is written, but no longer than `limit`. Where nothing was said, no thread is started for it.
pub fn settle(limit: Duration) {
    if let Some(Some(queue)) = LazyLock::get(&STDERR) {
        queue.settle(limit);
    }
}

/// Starts the thread; `None` when the system has none to give, and stderr is written directly then.
fn start() -> Option<&'static Queue> {
    // A descriptor of its own: a write that hangs must not hold the lock of `std`'s.
    let sink = File::from(io::stderr().as_fd().try_clone_to_owned().ok()?);
    let queue: &'static Queue = Box::leak(Box::default());
    let thread = thread::Builder::new().name("stderr".to_owned());
    thread.spawn(move || queue.write_to(sink)).ok()?;
    Some(queue)
}

/// Messages that wait.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The line that stays below the messages.
    status: String,
    /// How many did not fit, and were not told of yet.
    dropped: usize,
    /// Whether one is being written.
    busy: bool,
}

/// What the thread does next.
enum Next {
    Write(Vec<u8>),
    /// So many were dropped, and there is room to say so.
    Tell(usize),
}

impl Queue {
    fn push(&self, message: &[u8]) {
        let mut waiting = self.lock();
        let above_status = [CLEAR.as_bytes(), message, waiting.status.as_bytes()].concat();
        let message = if waiting.status.is_empty() {
            message
        } else {
            above_status.as_slice()
        };
        self.add(&mut waiting, message);
    }

    fn status(&self, text: &str) {
        let mut waiting = self.lock();
        if waiting.status != text {
            text.clone_into(&mut waiting.status);
            self.add(&mut waiting, format!("{CLEAR}{text}").as_bytes());
        }
    }

    fn add(&self, waiting: &mut Waiting, message: &[u8]) {
        if waiting.bytes + message.len() > ROOM {
            waiting.dropped += 1;
        } else {
            waiting.bytes += message.len();
            waiting.messages.push_back(message.to_owned());
        }
        self.changed.notify_all();
    }

    fn write_to(&self, mut sink: impl Write) {
        loop {
            match self.next() {
                // What fails on stderr could be told nowhere.
                Next::Write(message) => sink.write_all(&message).unwrap_or_default(),
                Next::Tell(messages) => {
                    tracing::warn!(
                        messages,
                        "Log messages were dropped; whoever reads stderr was too slow"
                    );
                }
            }
        }
    }

    fn next(&self) -> Next {
        let mut waiting = self.lock();
        loop {
            if let Some(message) = waiting.messages.pop_front() {
                waiting.bytes -= message.len();
                waiting.busy = true;
                return Next::Write(message);
            }
            if waiting.dropped > 0 {
                waiting.busy = true;
                return Next::Tell(std::mem::take(&mut waiting.dropped));
            }
            waiting.busy = false;
            self.changed.notify_all();
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn settle(&self, limit: Duration) {
        let unsettled =
            |waiting: &mut Waiting| waiting.busy || waiting.dropped > 0 || !waiting.messages.is_empty();
        drop(self.changed.wait_timeout_while(self.lock(), limit, unsettled));
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_told_last() {
        let queue = Queue::default();
        let half = vec![b'x'; ROOM / 2];
        for _ in 0..5 {
            queue.push(&half);
        }
        for _ in 0..2 {
            assert!(matches!(queue.next(), Next::Write(message) if message == half));
        }
        assert!(matches!(queue.next(), Next::Tell(3)));
        queue.push(b"there is room again");
        assert!(matches!(queue.next(), Next::Write(message) if message == b"there is room again"));
    }

    #[test]
    fn a_message_comes_above_the_line_that_stays() {
        let queue = Queue::default();
        queue.status("fetched 1 of 2");
        queue.status("fetched 1 of 2");
        queue.push(b"WARN news\n");
        queue.status("");
        queue.push(b"the end\n");
        let mut written = String::new();
        while !queue.lock().messages.is_empty() {
            let Next::Write(message) = queue.next() else {
                unreachable!("nothing was dropped");
            };
            written.push_str(std::str::from_utf8(&message).expect("text"));
        }
        assert_eq!(
            written,
            "\r\x1b[2Kfetched 1 of 2\r\x1b[2KWARN news\nfetched 1 of 2\r\x1b[2Kthe end\n"
        );
    }

    #[test]
    fn who_settles_waits_no_longer_than_the_limit() {
        let queue = Queue::default();
        queue.settle(Duration::from_mins(1));
        queue.push(b"nobody writes this");
        queue.settle(Duration::from_millis(1));
        assert_eq!(queue.lock().messages.len(), 1);
    }
}
