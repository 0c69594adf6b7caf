//! Listeners and connections: TCP, TLS, HTTP/1.1 or HTTP/2, then the [`World`].

use std::future::pending;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use h2::Reason;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, DATE, HOST, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::body::Body;
use crate::connection::{Line, Silenceable};
use crate::faults::Effect;
use crate::http::{Answer, Call};
use crate::journal::LoggedCall;
use crate::round_trip::distant;
use crate::world::{Target, World};

/// A client that says nothing during the handshake is let go.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A bound listener and who answers there.
pub(crate) struct Listener {
    pub(crate) socket: StdListener,
    pub(crate) target: Target,
}

/// The TLS settings of the listeners that speak TLS.
#[derive(Clone)]
pub(crate) struct Acceptors {
    pub(crate) trusted: TlsAcceptor,
    /// With a certificate of an authority that no client knows.
    pub(crate) untrusted: TlsAcceptor,
}

/// A connection, as its requests know it.
struct Peer {
    world: Arc<World>,
    line: Arc<Line>,
    listener: Target,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// Accepts connections until the runtime ends.
pub(crate) async fn listen(world: Arc<World>, acceptors: Acceptors, listener: Listener) -> io::Result<()> {
    let socket = TcpListener::from_std(listener.socket)?;
    loop {
        let (stream, _) = socket.accept().await?;
        let (world, acceptors, target) = (Arc::clone(&world), acceptors.clone(), listener.target.clone());
        // A failed connection is the client's affair, and what some tests want.
        tokio::spawn(async move { drop(connect(world, acceptors, target, stream).await) });
    }
}

/// Puts the pretended distance and the switches between the socket and the service.
async fn connect(
    world: Arc<World>,
    acceptors: Acceptors,
    listener: Target,
    stream: TcpStream,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let line = Line::new(stream.try_clone()?);
    let stream = TcpStream::from_std(stream)?;
    let distance = world.distance.clone();
    let peer = Peer {
        world,
        line: Arc::clone(&line),
        listener,
    };
    let served = async {
        match distance {
            None => serve(peer, acceptors, stream).await,
            Some(distance) => serve(peer, acceptors, distant(stream, &distance)).await,
        }
    };
    tokio::select! {
        served = served => served,
        () = line.ended() => Ok(()),
    }
}

async fn serve(peer: Peer, acceptors: Acceptors, stream: impl Stream) -> io::Result<()> {
    let stream = Silenceable {
        stream,
        line: Arc::clone(&peer.line),
    };
    let service = peer.listener.service();
    if !peer.listener.speaks_tls() {
        peer.world.journal.connected(service);
        peer.world.faults.lines.add(service, &peer.line);
        return answer_all(peer, stream, false).await;
    }
    let acceptor = if peer.world.faults.is_untrusted(service) {
        acceptors.untrusted
    } else {
        acceptors.trusted
    };
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let (_, session) = stream.get_ref();
    let http2 = session.alpn_protocol() == Some(b"h2");
    let target = peer.listener.of_host(session.server_name().unwrap_or_default());
    peer.world.journal.connected(target.service());
    peer.world.faults.lines.add(target.service(), &peer.line);
    answer_all(peer, stream, http2).await
}

async fn answer_all(peer: Peer, stream: impl Stream, http2: bool) -> io::Result<()> {
    let peer = Arc::new(peer);
    let answer = service_fn(move |request| {
        let peer = Arc::clone(&peer);
        async move { respond(&peer, request).await }
    });
    let stream = TokioIo::new(stream);
    let ended = if http2 {
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .serve_connection(stream, answer)
            .await
    } else {
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(stream, answer)
            .await
    };
    ended.map_err(io::Error::other)
}

/// Answers, or says for which reason the stream is reset; over HTTP/1.1, any reason ends the connection.
async fn respond(peer: &Peer, request: Request<Incoming>) -> Result<Response<Body>, h2::Error> {
    let world = Arc::clone(&peer.world);
    let call = receive(request).await.map_err(|_| Reason::INTERNAL_ERROR)?;
    let target = peer.listener.of_host(&call.host);
    if call.path.starts_with(crate::control::PREFIX) {
        let answer = crate::control::answer(&world, &call);
        return Ok(response(answer, &world.clock.http_date(), false));
    }
    let ticket = world.journal.arrived(logged(&target, &call));
    world.count(&target, &call);
    let mut truncate = false;
    let mut instead = None;
    for effect in world.effects(&target, &call) {
        match effect {
            Effect::Delay { milliseconds } => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
            Effect::Hang => pending::<()>().await,
            Effect::Silence => {
                peer.line.silence();
                pending::<()>().await;
            }
            Effect::Reset => {
                peer.line.reset();
                pending::<()>().await;
            }
            Effect::RefusedStream => return Err(Reason::REFUSED_STREAM.into()),
            Effect::TruncatedBody => truncate = true,
            Effect::GarbageBody => instead = Some(Answer::garbage()),
            Effect::Throttled { retry_after_seconds } => {
                instead = Some(target.throttled(retry_after_seconds));
            }
            Effect::Answer {
                status,
                body,
                headers,
            } => instead = Some(Answer::given(status, body, headers)),
        }
    }
    let answer = match instead {
        Some(answer) => answer,
        None => answer_in_background(&world, target, call)
            .await
            .map_err(|_| Reason::INTERNAL_ERROR)?,
    };
    ticket.answered(answer.status);
    Ok(response(answer, &world.clock.http_date(), truncate))
}

/// Answers; what makes keys, which takes long for RSA, does so beside the runtime's one thread.
async fn answer_in_background(world: &Arc<World>, target: Target, call: Call) -> io::Result<Answer> {
    if call.method != hyper::Method::POST || !matches!(target, Target::Vault(_)) {
        return Ok(world.answer(&target, &call));
    }
    let world = Arc::clone(world);
    tokio::task::spawn_blocking(move || world.answer(&target, &call))
        .await
        .map_err(io::Error::other)
}

async fn receive(request: Request<Incoming>) -> Result<Call, hyper::Error> {
    let (head, body) = request.into_parts();
    let host = head
        .uri
        .authority()
        .map(|authority| authority.as_str().to_owned())
        .or_else(|| Some(head.headers.get(HOST)?.to_str().ok()?.to_owned()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    Ok(Call {
        method: head.method,
        host: host
            .split_once(':')
            .map_or(host.as_str(), |(name, _)| name)
            .to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.collect().await?.to_bytes(),
    })
}

fn logged(target: &Target, call: &Call) -> LoggedCall {
    let names: Vec<&str> = call
        .query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .filter(|name| !name.is_empty())
        .collect();
    let path = match names.as_slice() {
        [] => call.path.clone(),
        names => format!("{}?{}", call.path, names.join("&")),
    };
    LoggedCall {
        service: target.service(),
        method: call.method.to_string(),
        path,
        status: None,
    }
}

fn response(answer: Answer, date: &str, truncate: bool) -> Response<Body> {
    let length = answer.body.len();
    let body = if truncate {
        Body::truncated(answer.body)
    } else {
        Body::whole(answer.body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        // A header that HTTP does not allow is left out; only a fault switch can ask for one.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if truncate {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}
