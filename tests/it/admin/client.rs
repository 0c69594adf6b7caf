//! A client that sends what it is told to, byte for byte.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Longest wait for an answer; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where it connects to.
#[derive(Debug, Clone)]
pub(crate) enum At {
    Socket(PathBuf),
    Port(SocketAddr),
}

/// A connection.
pub(crate) trait Connection: Read + Write + Send {}

impl<T: Read + Write + Send> Connection for T {}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl At {
    pub(crate) fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(match self {
            Self::Socket(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
            Self::Port(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Box::new(stream)
            }
        })
    }

    /// How a request names it.
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Socket(_) => "localhost".to_owned(),
            Self::Port(address) => address.to_string(),
        }
    }

    /// Asks with this method and target.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Reply {
        self.ask_with(method, target, "")
    }

    /// The same with more headers, each with its line end.
    pub(crate) fn ask_with(&self, method: &str, target: &str, headers: &str) -> Reply {
        let host = self.host();
        self.send(&format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"
        ))
    }

    /// The answer to these bytes.
    pub(crate) fn send(&self, request: &str) -> Reply {
        let mut stream = self.connect().expect("it takes connections");
        // Who refuses may end the connection before all is read.
        let _ = stream.write_all(request.as_bytes());
        reply(&mut *stream)
    }
}

/// Reads an answer to the end of the connection.
pub(crate) fn reply(stream: &mut dyn Connection) -> Reply {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    // A connection that is reset has said what it had to say.
    while let Ok(count @ 1..) = stream.read(&mut part) {
        bytes.extend_from_slice(&part[..count]);
    }
    let text = String::from_utf8(bytes).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Reply {
        status: status.unwrap_or_default(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
