//! A hold on open connections: to end them, to reset them, to make them fall silent.

use std::io;
use std::net::TcpStream as StdStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::journal::Service;

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    silent: AtomicBool,
    ended: Notify,
    /// A second handle of the socket, through which a reset is prepared.
    socket: Mutex<Option<StdStream>>,
}

impl Line {
    pub(crate) fn new(socket: StdStream) -> Arc<Self> {
        Arc::new(Self {
            silent: AtomicBool::new(false),
            ended: Notify::new(),
            socket: Mutex::new(Some(socket)),
        })
    }

    /// Stops reading and writing, and keeps the connection open.
    pub(crate) fn silence(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// Closes the connection.
    pub(crate) fn end(&self) {
        drop(self.take_socket());
        self.ended.notify_one();
    }

    /// Closes the connection with a reset.
    pub(crate) fn reset(&self) {
        if let Some(socket) = self.take_socket() {
            // Without lingering, the kernel sends RST; if that cannot be set, the client sees the connection close.
            drop(SockRef::from(&socket).set_linger(Some(Duration::ZERO)));
        }
        self.ended.notify_one();
    }

    /// Waits until the connection is to be closed.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn take_socket(&self) -> Option<StdStream> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// All connections that may still be open.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Vec<(Service, Weak<Line>)>>);

impl Lines {
    pub(crate) fn add(&self, service: Service, line: &Arc<Line>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|(_, line)| line.strong_count() > 0);
        lines.push((service, Arc::downgrade(line)));
    }

    pub(crate) fn each(&self, service: Service, act: impl Fn(&Line)) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = lines.iter().filter(|(of, _)| *of == service);
        of_service
            .filter_map(|(_, line)| line.upgrade())
            .for_each(|line| act(&line));
    }
}

/// A stream that can fall silent.
#[derive(Debug)]
pub(crate) struct Silenceable<S> {
    pub(crate) stream: S,
    pub(crate) line: Arc<Line>,
}

impl<S> Silenceable<S> {
    /// A silent stream never wakes its task again, which is the point.
    fn is_silent(&self) -> bool {
        self.line.silent.load(Ordering::SeqCst)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Silenceable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The line may have fallen silent while the task waited: what has just come must not be seen either.
        if self.is_silent() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Silenceable<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_silent() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_silent() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
