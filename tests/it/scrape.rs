//! Asks a running program over its socket, as monitoring does.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest wait for an answer; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back: the head, and the text.
pub(crate) struct Scraped {
    pub(crate) head: String,
    pub(crate) text: String,
}

/// Gets `/metrics` from the socket, with this `Accept`.
pub(crate) fn scrape(socket: &Path, accept: &str) -> Scraped {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
    Scraped {
        head: head.to_owned(),
        text: text.to_owned(),
    }
}

impl Scraped {
    /// The value of a series, as it is written: `name{label="value"}`.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let mut lines = self.text.lines();
        let value = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(value.parse().expect("a number"))
    }
}
