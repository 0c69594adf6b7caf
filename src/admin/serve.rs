//! Takes connections and answers requests, each within limits.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::guard::Via;
use super::listen::Listeners;
use super::{Admin, routes};

/// Connections at a time: a scrape, some probes, some people.
const CONNECTIONS: usize = 32;

/// Longest time for the head of a request.
const HEADER_TIME: Duration = Duration::from_secs(5);

/// Longest time for a connection: for its requests, and for the reading of their answers.
const CONNECTION_TIME: Duration = Duration::from_secs(30);

/// The same for one that waits for a sync.
const SYNC_TIME: Duration = Duration::from_mins(3);

/// Of headers, and of what is buffered; the smallest that hyper takes.
const BUFFER: usize = 8 * 1024;

/// Most headers of a request.
const HEADERS: usize = 64;

/// Pause after a connection could not be accepted: without descriptors, trying again at once would only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Longest wait for the end of answers that are under way.
const GRACE: Duration = Duration::from_millis(500);

/// Answers until `stop` becomes true, and then lets what is under way come to its end, for a moment.
pub async fn serve(listeners: Listeners, admin: Arc<Admin>, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let server = Server {
        admin,
        places: Arc::clone(&places),
        stop: stop.clone(),
    };
    let Listeners { address, socket } = listeners;
    let at_address = async {
        match &address {
            Some((listener, via)) => {
                server.accept(*via, async || Ok(listener.accept().await?.0)).await;
            }
            None => std::future::pending().await,
        }
    };
    let at_socket = async {
        match &socket {
            Some(socket) => {
                server
                    .accept(Via::Socket, async || Ok(socket.listener.accept().await?.0))
                    .await;
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = stopped(&mut stop) => {}
        () = at_address => {}
        () = at_socket => {}
    }
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ended = timeout(GRACE, places.acquire_many(all)).await;
}

/// Returns when it is told to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender is gone: that is an end too.
    let _ = stop.wait_for(|stop| *stop).await;
}

struct Server {
    admin: Arc<Admin>,
    places: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Takes one connection after another; never ends.
    async fn accept<S>(&self, via: Via, accept: impl AsyncFn() -> io::Result<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return;
            };
            match accept().await {
                Ok(stream) => self.take(via, stream, place),
                Err(error) => {
                    tracing::debug!(%error, "Admin connection not accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Answers on a connection, on a task of its own.
    fn take<S>(&self, via: Via, stream: S, place: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let admin = Arc::clone(&self.admin);
        let mut stop = self.stop.clone();
        let answering = async move {
            let waits = Arc::new(AtomicBool::new(false));
            let syncs = Arc::clone(&waits);
            let service = service_fn(move |request: Request<Incoming>| {
                syncs.fetch_or(routes::waits(&request), Ordering::Relaxed);
                let admin = Arc::clone(&admin);
                async move { Ok::<_, Infallible>(routes::answer(&admin, via, &request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(BUFFER)
                .max_headers(HEADERS)
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let served = async {
                tokio::select! {
                    biased;
                    done = &mut connection => done,
                    () = stopped(&mut stop) => {
                        connection.as_mut().graceful_shutdown();
                        connection.await
                    }
                }
            };
            within(served, &waits).await;
        };
        tokio::spawn(async move {
            answering.await;
            drop(place);
        });
    }
}

/// Whoever is slow to ask or to read loses the connection.
async fn within(served: impl Future<Output = hyper::Result<()>>, waits: &AtomicBool) {
    let mut served = std::pin::pin!(served);
    let ended = match timeout(CONNECTION_TIME, &mut served).await {
        Err(_) if waits.load(Ordering::Relaxed) => timeout(SYNC_TIME, served).await,
        ended => ended,
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "Admin connection ended"),
        Err(_) => tracing::debug!(error = "it took too long", "Admin connection ended"),
    }
}
