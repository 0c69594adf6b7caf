//! A server that gives prepared answers, one for each connection, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

/// An answer with this status and a short body.
pub(in crate::hooks) fn answer(status: u16) -> String {
    format!("HTTP/1.1 {status} \r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
}

/// On a port of loopback.
pub(in crate::hooks) fn serve(answers: Vec<String>) -> (Url, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (sender, asked) = channel();
    let url = url_of("http", &listener);
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().expect("a connection");
            converse(stream, &answer, &sender);
        }
    });
    (url, asked)
}

/// On a socket of the file system.
pub(in crate::hooks) fn serve_on_socket(path: &Path, answers: Vec<String>) -> Receiver<String> {
    let listener = UnixListener::bind(path).expect("a socket");
    let (sender, asked) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().expect("a connection");
            converse(stream, &answer, &sender);
        }
    });
    asked
}

/// With TLS, and the PEM text of the authority that signed its certificate.
pub(in crate::hooks) fn serve_tls(answers: Vec<String>) -> (Url, String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (sender, asked) = channel();
    let mut url = url_of("https", &listener);
    url.set_host(Some("localhost")).expect("a name");
    let (authority, config) = tls();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().expect("a connection");
            let tls = ServerConnection::new(Arc::clone(&config)).expect("a server");
            converse(StreamOwned::new(tls, stream), &answer, &sender);
        }
    });
    (url, authority, asked)
}

fn url_of(scheme: &str, listener: &TcpListener) -> Url {
    let address = listener.local_addr().expect("bound");
    Url::parse(&format!("{scheme}://{address}/-/reload")).expect("a URL")
}

fn tls() -> (String, Arc<ServerConfig>) {
    let authority = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&authority).expect("a certificate").pem();
    let issuer = Issuer::new(params, authority);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server");
    (pem, Arc::new(config))
}

/// Reads one request and answers it; a client that leaves ends that.
fn converse(mut stream: impl Read + Write, answer: &str, asked: &Sender<String>) {
    let mut reader = BufReader::new(&mut stream);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        let Ok(1..) = reader.read_line(&mut line) else {
            return;
        };
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        request.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    request.push_str(std::str::from_utf8(&body).expect("text"));
    // The test may have ended.
    let _heard = asked.send(request);
    let _left = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
}
