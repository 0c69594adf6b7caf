//! App Service's endpoint as it is in production: variables of a real process, a socket on loopback, a proxy to be ignored.
//!
//! The SDK reads the process's own environment, so the part that signs in runs in a child process.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use super::testing::SystemClock;
use super::*;
use crate::domain::desired::IdentityKind;
use crate::transport::{Authorities, AuthorityOptions, Proxies};

struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn is_empty(&self, name: &str) -> bool {
        std::env::var_os(name).is_some_and(|value| value.is_empty())
    }
}

/// Answers one request with a token; gives the request's head.
fn serve_once(listener: TcpListener) -> mpsc::Receiver<String> {
    let (sender, head) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
        let head: Vec<_> = lines
            .by_ref()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        // As Container Apps answers: the expiry as text; here as a number, which the SDK alone would refuse.
        let body =
            r#"{"access_token":"marker-token","expires_on":4102444800,"resource":"https://vault.azure.net"}"#;
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("answered");
        sender.send(head.join("\n").to_ascii_lowercase()).expect("heard");
    });
    head
}

#[test]
fn app_service_gives_a_token_without_any_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let head = serve_once(listener);
    let dir = tempfile::tempdir().expect("a directory");
    let ca = dir.path().join("ca.pem");
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&key);
    std::fs::write(&ca, certificate.expect("a certificate").pem()).expect("written");

    let child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("identity::platform_tests::sign_in_as_the_variables_say")
        .env("IDENTITY_ENDPOINT", format!("http://{address}/msi/token"))
        .env("IDENTITY_HEADER", "the-header")
        .env("SSL_CERT_FILE", &ca)
        // Nobody listens on port 1: a request through the proxy would fail.
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .output()
        .expect("a child");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
    let head = head.recv_timeout(Duration::from_secs(10)).expect("a request");
    let (line, headers) = head.split_once('\n').expect("a head");
    assert!(
        line.starts_with("get /msi/token?api-version=2019-08-01&"),
        "{line}"
    );
    assert!(line.contains("mi_res_id=%2fsubscriptions%2fs"), "{line}");
    assert!(headers.contains("x-identity-header: the-header"), "{headers}");
}

#[tokio::test]
#[ignore = "run by the test above, which sets the variables"]
async fn sign_in_as_the_variables_say() {
    let environment = ProcessEnvironment;
    // Run by hand it must not ask the real IMDS.
    let endpoint = environment
        .var("IDENTITY_ENDPOINT")
        .expect("set by the test above");
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    let options = AuthorityOptions::from_environment(&environment, None);
    let proxies = Proxies::from_environment(&environment).expect("a proxy");
    let spec = IdentitySpec {
        kind: IdentityKind::ManagedIdentity,
        resource_id: Some("/subscriptions/s".to_owned()),
        ..IdentitySpec::default()
    };
    let tokens = Tokens::new(
        &spec,
        &environment,
        &Transport::new(&Authorities::read(options), proxies).expect("a transport"),
        Arc::new(SystemClock),
        Arc::new(0.0),
    )
    .expect("a credential");
    let scope = Scope::parse("https://vault.azure.net/.default").expect("a scope");
    let token = tokens.token(scope).await.expect("a token");
    assert_eq!(token.token.secret(), "marker-token");
    assert_eq!(token.expires_on.unix_timestamp(), 4_102_444_800);
}
