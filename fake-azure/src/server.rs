//! Listeners and connections: TCP, TLS, HTTP/1.1 or HTTP/2, then the [`World`].

use std::convert::Infallible;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{DATE, HOST, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::http::{Answer, Call};
use crate::journal::LoggedCall;
use crate::world::{Target, World};

/// A client that says nothing during the handshake is let go.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A bound listener for TLS.
pub(crate) struct TlsListener {
    pub(crate) socket: StdListener,
    pub(crate) target: Target,
}

/// Accepts connections until the runtime ends.
pub(crate) async fn listen(
    world: Arc<World>,
    acceptor: TlsAcceptor,
    listener: TlsListener,
) -> io::Result<()> {
    let socket = TcpListener::from_std(listener.socket)?;
    loop {
        let (stream, _) = socket.accept().await?;
        let (world, acceptor, target) = (Arc::clone(&world), acceptor.clone(), listener.target.clone());
        // A failed connection is the client's affair, and what some tests want.
        tokio::spawn(async move { drop(serve(world, acceptor, target, stream).await) });
    }
}

async fn serve(
    world: Arc<World>,
    acceptor: TlsAcceptor,
    listener: Target,
    stream: TcpStream,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let (_, session) = stream.get_ref();
    let http2 = session.alpn_protocol() == Some(b"h2");
    let target = world.target(session.server_name().unwrap_or_default(), &listener);
    world.journal.connected(target.service());
    let answer = service_fn(move |request| {
        let (world, listener) = (Arc::clone(&world), listener.clone());
        async move { respond(&world, &listener, request).await }
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

async fn respond(
    world: &World,
    listener: &Target,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Ok(call) = receive(request).await else {
        return Ok(Response::new(Full::default()));
    };
    let target = world.target(&call.host, listener);
    let ticket = world.journal.arrived(logged(&target, &call));
    let answer = world.answer(&target, &call);
    ticket.answered(answer.status);
    Ok(response(answer, &world.clock.http_date()))
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

fn response(answer: Answer, date: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        // A header that HTTP does not allow is left out; only a fault switch can ask for one.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}
