//! Errors below HTTP, as the real client makes them on the loopback interface, and as its crates define them.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::{HttpClient as _, Method, Request};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use url::Url;

use crate::domain::failure::Reason;
use crate::keyvault::answer::Answer;
use crate::keyvault::hint;
use crate::keyvault::retry::Retry;
use crate::keyvault::transport_error::TransportError;
use crate::transport::certificate_hint;

fn client() -> reqwest::ClientBuilder {
    // The second test to come finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let authority = reqwest::Certificate::from_der(authority.cert.der()).expect("a certificate");
    reqwest::Client::builder().no_proxy().tls_certs_only([authority])
}

async fn call(client: reqwest::ClientBuilder, url: &str) -> TransportError {
    let client = client.build().expect("a client");
    let request = Request::new(Url::parse(url).expect("a URL"), Method::Get);
    match client.execute_request(&request).await {
        Err(error) => TransportError::while_calling(&error),
        Ok(response) => Answer::read(response).await.expect_err("no whole answer"),
    }
}

/// Serves one connection by writing bytes and closing it.
async fn server(reply: &'static [u8], hold: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
        let _ = stream.write_all(reply).await;
        if hold {
            std::future::pending::<()>().await;
        }
    });
    address
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = call(client(), &format!("http://{address}/")).await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::Soon));
    assert_eq!(&*error.seen, "the connection was refused");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_tried_again() {
    let error = call(client(), &format!("http://{}/", server(b"", false).await)).await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::Soon));
    assert_eq!(&*error.seen, "the connection was closed before an answer");
}

#[tokio::test]
async fn an_answer_cut_short_is_unavailable() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"value\":\"";
    let error = call(client(), &format!("http://{}/", server(half, false).await)).await;
    assert_eq!((error.reason, error.retry), (Reason::Unavailable, Retry::Soon));
}

#[tokio::test]
async fn silence_is_a_time_out_before_and_within_the_answer() {
    for silent in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"] {
        let client = client().timeout(Duration::from_millis(50));
        let error = call(client, &format!("http://{}/", server(silent, true).await)).await;
        assert_eq!(
            (error.reason, error.retry),
            (Reason::TimedOut, Retry::No),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_http2_connection_that_went_silent_is_given_up_and_tried_again() {
    let brief = Duration::from_millis(20);
    let client = client()
        .http2_prior_knowledge()
        .http2_keep_alive_interval(brief)
        .http2_keep_alive_timeout(brief);
    let client = client.timeout(Duration::from_secs(10));
    let error = call(client, &format!("http://{}/", server(b"", true).await)).await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::Soon));
    assert_eq!(&*error.seen, "the connection went silent");
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_unreachable() {
    let address = server(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await;
    let error = call(client(), &format!("https://localhost:{}/", address.port())).await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::No));
    assert!(error.seen.starts_with("the TLS handshake failed"), "{error}");
    assert_eq!(error.hint.action(), hint::TLS);
}

/// Resolves nothing, as a DNS server that knows no such name.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        let unknown: Box<dyn StdError + Send + Sync> = "no such name".into();
        Box::pin(std::future::ready(Err::<Addrs, _>(unknown)))
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_from_a_refused_connection() {
    let error = call(
        client().dns_resolver(Arc::new(NoNames)),
        "https://contoso-app.vault.azure.net/",
    )
    .await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::No));
    assert_eq!(
        (&*error.seen, error.hint.action()),
        ("the host name does not resolve", hint::DNS)
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    let proxy = server(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false).await;
    let proxy = reqwest::Proxy::https(format!("http://{proxy}")).expect("a proxy");
    let error = call(client().proxy(proxy), "https://contoso-app.vault.azure.net/").await;
    assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::No));
    assert_eq!(error.hint.action(), hint::PROXY, "{error}");
    assert!(
        error
            .seen
            .ends_with("refused: it wants a user and password (407)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_proxy_that_answers_connect_with_an_error_is_told_and_did_not_merely_refuse() {
    for reply in [
        &b"HTTP/1.1 403 Forbidden\r\n\r\n"[..],
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
        b"HTTP/1.1 504 Gateway Timeout\r\n\r\n",
    ] {
        let proxy = server(reply, false).await;
        let proxy = reqwest::Proxy::https(format!("http://{proxy}")).expect("a proxy");
        let error = call(client().proxy(proxy), "https://contoso-app.vault.azure.net/").await;
        assert_eq!((error.reason, error.retry), (Reason::Unreachable, Retry::No));
        let start =
            "the proxy of this network did not connect to the host: its answer to CONNECT was an error";
        assert!(
            error.seen.starts_with(start) && !error.seen.contains("refused"),
            "{error}"
        );
        assert_eq!(error.hint.action(), hint::PROXY, "{error}");
    }
}

#[tokio::test]
async fn words_in_a_vaults_name_do_not_mislead() {
    let address = server(b"", false).await;
    let client = client().resolve("proxy-tunnel.localhost", address);
    let error = call(
        client,
        &format!("http://proxy-tunnel.localhost:{}/", address.port()),
    )
    .await;
    assert_eq!(&*error.seen, "the connection was closed before an answer");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_not_tried_again() {
    let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let error = io::Error::new(io::ErrorKind::InvalidData, tls);
    let error = TransportError::while_calling(&azure_core::Error::new(ErrorKind::Connection, error));
    assert_eq!((error.reason, error.retry), (Reason::TlsRefused, Retry::No));
    assert_eq!(
        &*error.seen,
        "the TLS handshake failed: nobody who is trusted here signed the server's certificate"
    );
    assert_eq!(error.hint.action(), certificate_hint::UNKNOWN);
    let cause = error.source().expect("kept");
    assert_eq!(
        cause.to_string(),
        "nobody who is trusted here signed the server's certificate"
    );
}

#[test]
fn an_error_of_no_known_sort_is_unreachable_and_says_its_innermost_cause() {
    let error = io::Error::other("something\nelse.");
    let error = azure_core::Error::new(ErrorKind::Io, error).with_context("failed");
    let error = TransportError::while_calling(&error);
    assert_eq!(error.reason, Reason::Unreachable);
    assert_eq!(&*error.seen, "the call failed: something else");
    assert!(error.source().is_none(), "only what is known to be safe is kept");
}
