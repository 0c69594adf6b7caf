//! Connections with a limit of time.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::Door;

/// A connection on which each call waits for no longer than it is told.
pub(super) trait Stream: Read + Write {
    /// From now on.
    fn limit(&self, time: Duration) -> io::Result<()>;
}

impl Stream for UnixStream {
    fn limit(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

impl Stream for TcpStream {
    fn limit(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// The time that is left; an error when none is.
pub(super) fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(late());
    }
    Ok(left)
}

/// The time is over.
pub(super) fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "it took too long")
}

impl Door {
    /// Connects.
    pub(super) fn open(&self, deadline: Instant) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Socket(path) => {
                let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
                // It holds for the connection too, which waits while as many wait there as may.
                socket.set_write_timeout(Some(left(deadline)?))?;
                socket.connect(&SockAddr::unix(path)?)?;
                Box::new(UnixStream::from(socket))
            }
            Self::Port(address, _) => Box::new(TcpStream::connect_timeout(address, left(deadline)?)?),
        })
    }
}
