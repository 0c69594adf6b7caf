//! Against a TLS server of one connection, on loopback, with an authority made for the test.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::*;

/// An authority, PEM.
pub(super) fn ca_pem() -> String {
    Authority::new().pem
}

pub(super) struct Authority {
    pub(super) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// The certificate of a server of this name.
    pub(super) fn shows(&self, name: &str) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let certificate = named(name).signed_by(&key, &self.issuer);
        certificate.expect("a certificate").der().clone()
    }

    /// A server for `localhost` that speaks this protocol.
    fn server(&self, protocol: &[u8]) -> Arc<ServerConfig> {
        self.server_of(&named("localhost"), protocol)
    }

    /// A server with a certificate like this.
    fn server_of(&self, params: &CertificateParams, protocol: &[u8]) -> Arc<ServerConfig> {
        install_crypto_provider();
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a server");
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    fn transport(&self, dir: &Path) -> Transport {
        let path = dir.join("ca.pem");
        std::fs::write(&path, &self.pem).expect("written");
        let options = AuthorityOptions {
            ssl_cert_file: Some(path),
            ..AuthorityOptions::default()
        };
        let authorities = Authorities::read(options);
        authorities.wait().expect("an authority");
        Transport::new(&authorities, Proxies::default()).expect("a transport")
    }
}

fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).expect("a name")
}

/// Serves one connection: answers a request of HTTP/1.1, else leaves. Gives the URL, and the protocol that was agreed on.
fn serve_once(config: Arc<ServerConfig>) -> (String, mpsc::Receiver<Option<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "https://localhost:{}/",
        listener.local_addr().expect("bound").port()
    );
    let (sender, agreed) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut tls = ServerConnection::new(config).expect("a server");
        let mut stream = Stream::new(&mut tls, &mut socket);
        let mut head = [0; 1024];
        // A client that refuses the certificate ends the connection here.
        let _read = stream.read(&mut head);
        let _written = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        sender
            .send(tls.alpn_protocol().map(<[u8]>::to_vec))
            .expect("heard");
    });
    (url, agreed)
}

#[test]
fn both_clients_are_built_from_one_reading_of_the_authorities() {
    let dir = tempfile::tempdir().expect("a directory");
    let transport = Authority::new().transport(dir.path());
    drop(dir);
    transport.vault_client();
    transport
        .identity_endpoint_client()
        .expect("built without reading the files again");
}

#[tokio::test]
async fn a_server_of_the_named_authority_is_trusted_and_http1_is_enough() {
    let dir = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    let (url, agreed) = serve_once(authority.server(b"http/1.1"));
    let client = authority.transport(dir.path()).vault_client().client;
    let answer = client.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), 204);
    let agreed = agreed.recv_timeout(Duration::from_secs(10)).expect("served");
    assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn http2_is_offered() {
    let dir = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    let (url, agreed) = serve_once(authority.server(b"h2"));
    let client = authority.transport(dir.path()).vault_client().client;
    client
        .get(url)
        .send()
        .await
        .expect_err("this server speaks no HTTP/2 beyond its name");
    let agreed = agreed.recv_timeout(Duration::from_secs(10)).expect("served");
    assert_eq!(agreed.as_deref(), Some(&b"h2"[..]));
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (url, _agreed) = serve_once(Authority::new().server(b"http/1.1"));
    let client = Authority::new().transport(dir.path()).vault_client().client;
    let error = client.get(url).send().await.expect_err("refused");
    assert!(error.is_connect(), "{error:?}");
    let cause = WireCause::of(&error).expect("TLS's word").to_string();
    // The authority of the other has the same name.
    assert!(
        cause.contains("not by the key of the trusted authority"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_certificate_that_will_not_do_the_next_time_either_is_told_from_a_handshake_that_broke_off() {
    let mut expired = named("localhost");
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let mut authority_itself = named("localhost");
    authority_itself.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let dir = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    for (params, said) in [
        (
            named("contoso-app.vault.azure.net"),
            "is not for localhost, but for contoso-app.vault.azure.net",
        ),
        (expired, "expired at 2020-01-01T00:00:00Z, and here it is 20"),
        (
            authority_itself,
            "shows the certificate of an authority as its own",
        ),
    ] {
        let (url, _agreed) = serve_once(authority.server_of(&params, b"http/1.1"));
        let client = authority.transport(dir.path()).vault_client().client;
        let error = client.get(url).send().await.expect_err("refused");
        let cause = WireCause::of(&error).expect("TLS's word");
        assert!(cause.refuses_the_server(), "{said}: {cause}");
        assert!(cause.to_string().contains(said), "{cause}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "https://localhost:{}/",
        listener.local_addr().expect("bound").port()
    );
    std::thread::spawn(move || drop(listener.accept()));
    let client = authority.transport(dir.path()).vault_client().client;
    let error = client.get(url).send().await.expect_err("ended");
    let cause = WireCause::of(&error);
    assert!(
        cause.as_ref().is_none_or(|cause| !cause.refuses_the_server()),
        "{cause:?}"
    );
}

#[tokio::test]
async fn a_plain_http_vault_is_never_called() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let dir = tempfile::tempdir().expect("a directory");
    let client = Authority::new().transport(dir.path()).vault_client().client;
    let error = client.get(url).send().await.expect_err("refused");
    assert!(error.is_builder(), "{error:?}");
}
