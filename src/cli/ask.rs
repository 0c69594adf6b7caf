//! Asks a running program: a small HTTP client that blocks, without a runtime, so that a probe costs next to nothing.

mod exchange;
mod stream;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::domain::desired::AdminSpec;

pub(super) use self::exchange::Answer;
use super::exit::Exit;
use super::failure::CommandFailure;

/// A token longer than this is none.
const LONGEST_TOKEN: usize = 4096;

/// Where a running program may be asked, in the order in which it is tried.
#[derive(Debug, Clone)]
pub(super) struct Program {
    doors: Vec<Door>,
    token_file: Option<PathBuf>,
}

/// One way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Door {
    Socket(PathBuf),
    /// An address; whether it is one that asks for a token.
    Port(SocketAddr, bool),
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request<'r> {
    /// `GET` or `POST`.
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) target: &'r str,
    /// Whether strangers have to show a token for it.
    pub(super) private: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// Nobody takes a connection, wherever it was tried.
    Nobody(Vec<(String, io::Error)>),
    /// Somebody does, and gives no answer that can be read.
    Unclear(String, io::Error),
    /// The token cannot be read.
    Token(PathBuf, String),
}

impl Program {
    /// The one that listens at a socket.
    pub(super) fn at(socket: &Path) -> Self {
        Self {
            doors: vec![Door::Socket(socket.to_owned())],
            token_file: None,
        }
    }

    /// The one that listens as a manifest says; `None` when nobody listens.
    pub(super) fn of(spec: &AdminSpec) -> Option<Self> {
        let socket = spec.socket.clone().map(Door::Socket);
        let ports = spec.listen.map(ports).unwrap_or_default();
        let doors: Vec<_> = socket.into_iter().chain(ports).collect();
        (!doors.is_empty()).then(|| Self {
            doors,
            token_file: spec.token_file.clone(),
        })
    }

    /// Asks at the first door at which somebody is, and waits up to `patience` for the answer.
    pub(super) fn ask(&self, request: &Request<'_>, patience: Duration) -> Result<Answer, Unanswered> {
        let deadline = Instant::now() + patience;
        let mut tried = Vec::new();
        for door in &self.doors {
            match door.open(deadline) {
                Ok(mut stream) => {
                    let text = self.written(request, door)?;
                    return exchange::exchange(&mut *stream, text.as_bytes(), deadline)
                        .map_err(|error| Unanswered::Unclear(door.to_string(), error));
                }
                Err(error) => tried.push((door.to_string(), error)),
            }
        }
        Err(Unanswered::Nobody(tried))
    }

    /// The head of the request; there is no body.
    fn written(&self, request: &Request<'_>, door: &Door) -> Result<String, Unanswered> {
        let Request { method, target, .. } = request;
        let (host, wants_token) = match door {
            Door::Socket(_) => ("localhost".to_owned(), false),
            Door::Port(address, token) => (address.to_string(), *token && request.private),
        };
        let token = match self.token_file.as_deref().filter(|_| wants_token) {
            Some(file) => {
                let token = token(file).map_err(|error| Unanswered::Token(file.to_owned(), error))?;
                format!("authorization: Bearer {token}\r\n")
            }
            None => String::new(),
        };
        Ok(format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n{token}\r\n"
        ))
    }
}

/// What listens at all addresses is asked at those of this machine: of IPv6 first, and of IPv4 where there is none.
fn ports(listen: SocketAddr) -> Vec<Door> {
    let ip = listen.ip();
    let asks_for_token = !ip.to_canonical().is_loopback();
    let asked: &[IpAddr] = match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
            &[IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)]
        }
        _ => return vec![Door::Port(listen, asks_for_token)],
    };
    let doors = asked
        .iter()
        .map(|ip| Door::Port(SocketAddr::new(*ip, listen.port()), asks_for_token));
    doors.collect()
}

fn token(file: &Path) -> Result<String, String> {
    let bytes = named_file::bytes(file, LONGEST_TOKEN).map_err(|error| error.to_string())?;
    let token = bytes.trim_ascii();
    let can_be_sent =
        !token.is_empty() && bytes.len() <= LONGEST_TOKEN && !token.iter().any(u8::is_ascii_control);
    let token = std::str::from_utf8(token).ok().filter(|_| can_be_sent);
    token
        .map(str::to_owned)
        .ok_or_else(|| "it is empty, too long, or holds what no header can have".to_owned())
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Port(address, _) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody(tried) => {
                let tried = tried.iter().map(|(door, error)| {
                    let what = if is_denied(error) {
                        "this user may not open"
                    } else {
                        "nobody answers at"
                    };
                    format!("{what} {door} ({error})")
                });
                f.write_str(&tried.collect::<Vec<_>>().join("; "))
            }
            Self::Unclear(door, error) => write!(f, "no answer of akv-sync at {door}: {error}"),
            Self::Token(file, error) => {
                write!(f, "{} (admin.tokenFile) cannot be read: {error}", file.display())
            }
        }
    }
}

impl From<Unanswered> for CommandFailure {
    fn from(unanswered: Unanswered) -> Self {
        let said = unanswered.to_string();
        let (exit, hint) = match unanswered {
            Unanswered::Nobody(tried) if tried.iter().any(|(_, error)| is_denied(error)) => (
                Exit::Unavailable,
                "who may open the socket may ask: run this as the user of akv-sync",
            ),
            Unanswered::Nobody(_) => (
                Exit::Unavailable,
                "check that `akv-sync run` is at work, and that `admin` of its manifest says to listen there",
            ),
            Unanswered::Unclear(..) => (
                Exit::Unavailable,
                "check that akv-sync listens there, and no other program; look at its log",
            ),
            Unanswered::Token(..) => (
                Exit::Usage,
                "mount the token for this user too, or ask through `admin.socket`",
            ),
        };
        Self::said(exit, vec![said], Some(hint.to_owned()))
    }
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// What an answer means that is not the one that was hoped for.
pub(super) fn refusal(answer: &Answer) -> CommandFailure {
    let line = answer.line();
    let (exit, hint) = match answer.status {
        400 | 404 => (Exit::Usage, None),
        401 => (
            Exit::Usage,
            Some("check that admin.tokenFile is the file of the running program".to_owned()),
        ),
        403 => (
            Exit::Usage,
            Some("set admin.tokenFile in the manifest, or ask through admin.socket".to_owned()),
        ),
        429 | 503 | 504 => (
            Exit::Unavailable,
            Some(match answer.retry_after {
                Some(wait) => format!("run this again in {} s", wait.as_secs()),
                None => "run this again in a moment".to_owned(),
            }),
        ),
        _ => (
            Exit::Unavailable,
            Some("check that akv-sync of this version listens there, and no other program".to_owned()),
        ),
    };
    CommandFailure::said(exit, vec![line], hint)
}

/// Waits between two questions.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no runtime here, and nothing else to do meanwhile"
)]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests;
