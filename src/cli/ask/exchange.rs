//! One request and its answer: HTTP/1.1, as far as our own server speaks it.

use std::io;
use std::time::{Duration, Instant};

use super::stream::{Stream, late, left};

/// Most bytes of an answer's head.
const LONGEST_HEAD: usize = 16 * 1024;

/// Most headers of an answer.
const HEADERS: usize = 32;

/// Most bytes of an answer. The status of ten thousand objects has a tenth of it.
const LONGEST_BODY: usize = 64 << 20;

/// What is read at once.
const PART: usize = 16 * 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Answer {
    /// Its status.
    pub(in crate::cli) status: u16,
    /// How long to wait before the next request.
    pub(in crate::cli) retry_after: Option<Duration>,
    /// What it says.
    pub(in crate::cli) body: Vec<u8>,
}

impl Answer {
    /// The text of a refusal.
    pub(in crate::cli) fn line(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
            Some(line) => line.chars().take(500).collect(),
            None => format!("the answer is {} and says nothing", self.status),
        }
    }
}

/// The head of an answer.
struct Head {
    status: u16,
    retry_after: Option<Duration>,
    /// Of the body; as long as the connection lasts without it.
    length: Option<usize>,
    /// Where the body starts.
    end: usize,
}

/// Sends a request and reads the answer to its end.
pub(super) fn exchange(stream: &mut dyn Stream, request: &[u8], deadline: Instant) -> io::Result<Answer> {
    stream.limit(left(deadline)?)?;
    // Who refuses may do so before all is read.
    let sent = stream.write_all(request);
    let mut bytes = Vec::new();
    let mut part = [0; PART];
    let head = loop {
        if let Some(head) = head(&bytes)? {
            break head;
        }
        if bytes.len() > LONGEST_HEAD {
            return Err(strange("the head of the answer does not end"));
        }
        match read(stream, &mut part, deadline)? {
            0 => return Err(sent.err().unwrap_or_else(broken)),
            count => bytes.extend_from_slice(&part[..count]),
        }
    };
    let mut body = bytes.split_off(head.end);
    while head.length.is_none_or(|length| body.len() < length) {
        if body.len() > LONGEST_BODY || head.length > Some(LONGEST_BODY) {
            return Err(strange("the answer does not end"));
        }
        match read(stream, &mut part, deadline)? {
            0 if head.length.is_some() => return Err(broken()),
            0 => break,
            count => body.extend_from_slice(&part[..count]),
        }
    }
    body.truncate(head.length.unwrap_or(body.len()));
    Ok(Answer {
        status: head.status,
        retry_after: head.retry_after,
        body,
    })
}

fn read(stream: &mut dyn Stream, part: &mut [u8], deadline: Instant) -> io::Result<usize> {
    stream.limit(left(deadline)?)?;
    match stream.read(part) {
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(late())
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Err(broken()),
        read => read,
    }
}

/// The head, when all of it is there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let end = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(strange("what answers is no HTTP server")),
    };
    let value = |name: &str| {
        let mut headers = answer.headers.iter();
        let header = headers.find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok().map(str::trim)
    };
    if value("transfer-encoding").is_some() {
        return Err(strange("the answer comes in pieces, as akv-sync never sends it"));
    }
    let length = value("content-length").map(str::parse).transpose();
    Ok(Some(Head {
        status: answer.code.unwrap_or_default(),
        retry_after: value("retry-after")
            .and_then(|value| value.parse().ok())
            .map(Duration::from_secs),
        length: length.map_err(|_| strange("the length of the answer is no number"))?,
        end,
    }))
}

fn strange(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn broken() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the connection ended before the answer did",
    )
}
