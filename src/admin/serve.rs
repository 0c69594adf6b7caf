//! Takes connections and answers their requests, one each, within limits.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::guard::Via;
use super::listen::Listeners;
use super::places::{Held, Place, Places};
use super::{Admin, routes};

/// Longest time for the head of a request.
const HEADER_TIME: Duration = Duration::from_secs(2);

/// Longest time for a connection: for its request, and for the reading of the answer.
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
    let server = |via| Server {
        admin: Arc::clone(&admin),
        via,
        places: Arc::default(),
        stop: stop.clone(),
    };
    let Listeners { address, socket } = listeners;
    // Whoever takes all places of one leaves those of the other.
    let address = address.map(|(listener, via)| (listener, server(via)));
    let socket = socket.map(|socket| (socket, server(Via::Socket)));
    let at_address = async {
        match &address {
            Some((listener, server)) => server.accept(async || Ok(listener.accept().await?.0)).await,
            None => std::future::pending().await,
        }
    };
    let at_socket = async {
        match &socket {
            Some((socket, server)) => {
                server
                    .accept(async || Ok(socket.listener.accept().await?.0))
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
    let servers = address.iter().map(|(_, server)| server);
    let servers = servers.chain(socket.iter().map(|(_, server)| server));
    let ends = futures::future::join_all(servers.map(|server| server.places.all_free()));
    let _ended = timeout(GRACE, ends).await;
}

/// Returns when it is told to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender is gone: that is an end too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What answers at one listener.
struct Server {
    admin: Arc<Admin>,
    via: Via,
    places: Arc<Places>,
    stop: watch::Receiver<bool>,
}

impl Server {
    /// Takes one connection after another; never ends.
    async fn accept<S>(&self, accept: impl AsyncFn() -> io::Result<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        loop {
            match accept().await {
                Ok(stream) => {
                    let held = self.places.take().await;
                    tokio::spawn(connection(
                        Arc::clone(&self.admin),
                        self.via,
                        stream,
                        held,
                        self.stop.clone(),
                    ));
                }
                Err(error) => {
                    tracing::debug!(%error, "Admin connection not accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Answers one request. Who is slow to ask or to read, or holds a place that another needs, loses the connection.
async fn connection<S>(admin: Arc<Admin>, via: Via, stream: S, held: Held, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let place = held.place();
    let service = service_fn(|request: Request<Incoming>| {
        place.ask();
        let (admin, place) = (Arc::clone(&admin), Arc::clone(place));
        async move {
            place.wait(routes::waits(&request));
            let answer = routes::answer(&admin, via, &request).await;
            place.wait(false);
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(BUFFER)
        .max_headers(HEADERS)
        .keep_alive(false)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        biased;
        ended = connection => ended.map_err(|error| error.to_string()),
        () = place.gone() => Err("another connection needs its place".to_owned()),
        () = too_long(place) => Err("it took too long".to_owned()),
        () = over(place, &mut stop) => Err("the program ends".to_owned()),
    };
    if let Err(error) = ended {
        tracing::debug!(error, "Admin connection ended");
    }
}

/// Returns when the program ends before anything was asked. What was asked is answered.
async fn over(place: &Place, stop: &mut watch::Receiver<bool>) {
    stopped(stop).await;
    if place.has_asked() {
        std::future::pending::<()>().await;
    }
}

/// Returns when the time of a connection is over.
async fn too_long(place: &Place) {
    sleep(CONNECTION_TIME).await;
    if place.waits() {
        sleep(SYNC_TIME.saturating_sub(CONNECTION_TIME)).await;
    }
}
