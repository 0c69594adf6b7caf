//! Connections of the floor: TCP, TLS, then HTTP of the version that is asked for.

use std::env;
use std::error::Error;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::header::HOST;
use hyper::http::request::Builder;
use hyper::{Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

pub(super) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Opens connections.
pub(super) struct Dialer {
    tls: TlsConnector,
    http2: bool,
}

/// One connection.
pub(super) enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Dialer {
    /// Reads the authorities that the program reads.
    pub(super) fn new(http2: bool) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in CertificateDer::pem_file_iter(env::var("AKV_SYNC_CA_FILE")?)? {
            roots.add(certificate?)?;
        }
        let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let protocol: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
        tls.alpn_protocols = vec![protocol.to_vec()];
        Ok(Self {
            tls: Arc::new(tls).into(),
            http2,
        })
    }

    pub(super) async fn dial(&self, url: &Url) -> Outcome<Connection> {
        let host = url.host_str().ok_or("no host")?;
        let port = url.port_or_known_default().ok_or("no port")?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TokioIo::new(self.tls.connect(name, stream).await?);
        if self.http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            tokio::spawn(connection);
            return Ok(Connection::Http2(sender));
        }
        let (sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        Ok(Connection::Http1(sender))
    }

    /// A request for this URL; HTTP/1.1 names only the path.
    pub(super) fn request(&self, method: Method, url: &Url) -> Builder {
        let request = Request::builder().method(method);
        if self.http2 {
            return request.uri(url.as_str());
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        request.uri(path).header(HOST, host)
    }
}

impl Connection {
    /// Sends a request and reads its answer, whatever the status.
    pub(super) async fn whole_answer(&mut self, request: Request<Full<Bytes>>) -> Outcome<Bytes> {
        let answer = match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Http2(sender) => sender.send_request(request).await?,
        };
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}
