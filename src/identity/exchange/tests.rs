//! The SDK's real credentials over HTTP clients of ours, in process. Nothing here opens a connection.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, Request, StatusCode, Url};

use super::super::federated_token::tests::jwt;
use super::super::managed::{ManagedId, Platform};
use super::super::settings::Setting;
use super::super::testing::{Log, SystemClock};
use super::*;
use crate::domain::failure::Reason;

mod recordings;
mod tls;

const TOKEN_ANSWER: &str = r#"{"token_type":"Bearer","expires_in":86399,"access_token":"marker-token"}"#;
const MANAGED_ANSWER: &str = r#"{"access_token":"marker-token","expires_on":"4102444800","resource":"https://vault.azure.net","token_type":"Bearer"}"#;

/// What the wire does once.
#[derive(Debug, Clone)]
enum Reply {
    Status(u16, String),
    Throttled(&'static str),
    NoConnection,
    Proxy(&'static str),
    Tls(rustls::Error),
    CutShort,
    Ended(&'static str),
}

/// Gives the replies in order, the last for ever; keeps what was asked.
#[derive(Debug)]
struct FakeWire {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<(Url, String)>>,
}

impl FakeWire {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies: Mutex::new(replies.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    fn status(status: u16, body: &str) -> Arc<Self> {
        Self::new([Reply::Status(status, body.to_owned())])
    }

    /// The URL and form of every request.
    fn asked(&self) -> Vec<(Url, String)> {
        self.asked.lock().expect("no panic").clone()
    }

    fn form_value(&self, request: usize, name: &str) -> String {
        let (_, body) = &self.asked()[request];
        let mut pairs = url::form_urlencoded::parse(body.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).expect("in the form")
    }
}

#[async_trait]
impl HttpClient for FakeWire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Body::SeekableStream(_) => panic!("a token request is small"),
        };
        self.asked
            .lock()
            .expect("no panic")
            .push((request.url().clone(), body));
        let mut replies = self.replies.lock().expect("no panic");
        let reply = match replies.len() {
            1 => replies[0].clone(),
            _ => replies.pop_front().expect("a reply"),
        };
        let io = |kind, text: &'static str| {
            azure_core::Error::with_error(kind, std::io::Error::other(text), "request failed")
        };
        match reply {
            Reply::Status(status, body) => Ok(answer(status, Headers::new(), body)),
            Reply::Throttled(retry_after) => {
                let mut headers = Headers::new();
                headers.insert("retry-after", retry_after);
                Ok(answer(429, headers, "Too many requests".to_owned()))
            }
            Reply::NoConnection => Err(io(ErrorKind::Connection, "Connection refused")),
            Reply::Proxy(said) => Err(io(ErrorKind::Connection, said)),
            Reply::Tls(tls) => {
                let error = std::io::Error::new(std::io::ErrorKind::InvalidData, tls);
                Err(azure_core::Error::with_error(
                    ErrorKind::Connection,
                    error,
                    "request failed",
                ))
            }
            Reply::Ended(said) => Err(io(ErrorKind::Io, said)),
            Reply::CutShort => {
                let cut = futures::stream::iter([Err(io(ErrorKind::Io, "connection reset"))]);
                Ok(AsyncRawResponse::new(
                    StatusCode::Ok,
                    Headers::new(),
                    Box::pin(cut),
                ))
            }
        }
    }
}

fn answer(status: u16, headers: Headers, body: String) -> AsyncRawResponse {
    AsyncRawResponse::from_bytes(StatusCode::from(status), headers, body)
}

fn scope() -> Scope {
    Scope::parse("https://vault.azure.net/.default").expect("a Key Vault scope")
}

fn named_by_variable(path: &std::path::Path) -> Setting<PathBuf> {
    Setting::new(path, "AZURE_FEDERATED_TOKEN_FILE")
}

fn application(wire: &Arc<FakeWire>, proof: Proof) -> ApplicationExchange {
    ApplicationExchange {
        application: Application {
            tenant_id: Setting::new("the-tenant", "AZURE_TENANT_ID"),
            client_id: Setting::new("the-client", "AZURE_CLIENT_ID"),
            authority: Setting::new(
                Url::parse("https://login.microsoftonline.us").expect("a URL"),
                "AZURE_AUTHORITY_HOST",
            ),
        },
        proof,
        began: OnceLock::new(),
        client: wire.clone(),
        clock: Arc::new(SystemClock),
    }
}

fn managed(wire: &Arc<FakeWire>, id: ManagedId) -> ManagedExchange {
    ManagedExchange {
        identity: ManagedIdentity {
            id,
            platform: Platform::Imds,
            by_default: true,
        },
        client: wire.clone(),
        clock: Arc::new(SystemClock),
        known: Arc::new(AtomicBool::new(false)),
    }
}

/// A directory with a federated token in the file `token`.
fn token_file(payload: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("token");
    std::fs::write(&path, jwt(payload) + "\n").expect("written");
    (dir, path)
}

async fn token(exchange: &dyn Exchange) -> String {
    let token = exchange.exchange(scope()).await.expect("a token");
    token.token.secret().to_owned()
}

async fn refusal(exchange: &dyn Exchange) -> Refusal {
    exchange.exchange(scope()).await.expect_err("refused")
}

#[tokio::test]
async fn workload_identity_sends_the_token_as_it_stands_in_the_file_each_time() {
    let wire = FakeWire::status(200, TOKEN_ANSWER);
    let (_keep, path) = token_file(r#"{"iss":"one"}"#);
    let exchange = application(&wire, Proof::FederatedToken(named_by_variable(&path)));
    assert_eq!(token(&exchange).await, "marker-token");
    std::fs::write(&path, jwt(r#"{"iss":"two"}"#)).expect("replaced");
    assert_eq!(token(&exchange).await, "marker-token");
    assert_eq!(
        wire.asked()[0].0.as_str(),
        "https://login.microsoftonline.us/the-tenant/oauth2/v2.0/token"
    );
    assert_eq!(wire.form_value(0, "client_id"), "the-client");
    assert_eq!(wire.form_value(0, "scope"), "https://vault.azure.net/.default");
    assert_eq!(wire.form_value(0, "client_assertion"), jwt(r#"{"iss":"one"}"#));
    assert_eq!(wire.form_value(1, "client_assertion"), jwt(r#"{"iss":"two"}"#));
}

#[tokio::test]
async fn a_stale_assertion_is_read_again_once() {
    let stale =
        r#"{"error":"invalid_client","error_codes":[700024],"error_description":"AADSTS700024: \"x\""}"#;
    let (_keep, path) = token_file("{}");
    let wire = FakeWire::new([
        Reply::Status(401, stale.to_owned()),
        Reply::Status(200, TOKEN_ANSWER.to_owned()),
    ]);
    assert_eq!(
        token(&application(
            &wire,
            Proof::FederatedToken(named_by_variable(&path))
        ))
        .await,
        "marker-token"
    );
    let wire = FakeWire::status(401, stale);
    let refusal = refusal(&application(
        &wire,
        Proof::FederatedToken(named_by_variable(&path)),
    ))
    .await;
    assert_eq!(refusal.failure.reason, Reason::IdentityMisconfigured);
    assert_eq!(wire.asked().len(), 2);
}

#[tokio::test]
async fn a_missing_federated_credential_is_told_with_what_was_tried() {
    let body = r#"{"error":"invalid_client","error_codes":[700213],"error_description":"AADSTS700213: No \"match\".\r\nTrace ID: x"}"#;
    let wire = FakeWire::status(401, body);
    let (_keep, path) = token_file(
        r#"{"iss":"https://issuer.example.com/","sub":"system:serviceaccount:a:b","aud":"api://AzureADTokenExchange"}"#,
    );
    let refusal = refusal(&application(
        &wire,
        Proof::FederatedToken(named_by_variable(&path)),
    ))
    .await;
    assert_eq!(refusal.failure.reason, Reason::IdentityNotPropagated);
    for part in [
        "the-client",
        "the-tenant",
        "https://issuer.example.com/",
        "system:serviceaccount:a:b",
        "api://AzureADTokenExchange",
        "login.microsoftonline.us",
    ] {
        assert!(
            refusal.failure.detail.contains(part),
            "{part}: {}",
            refusal.failure
        );
    }
    assert_eq!(wire.asked().len(), 1);
}

#[tokio::test]
async fn the_sdk_repeats_nothing_that_was_refused() {
    let (_keep, path) = token_file("{}");
    for reply in [
        Reply::Status(503, String::new()),
        Reply::Status(404, String::new()),
        Reply::Status(410, "<xml/>".to_owned()),
        Reply::Status(500, "{".to_owned()),
        Reply::Throttled("60"),
        Reply::NoConnection,
        Reply::CutShort,
    ] {
        let wire = FakeWire::new([reply.clone()]);
        refusal(&application(
            &wire,
            Proof::FederatedToken(named_by_variable(&path)),
        ))
        .await;
        assert_eq!(wire.asked().len(), 1, "Entra {reply:?}");
        let wire = FakeWire::new([reply.clone()]);
        refusal(&managed(&wire, ManagedId::System)).await;
        assert_eq!(wire.asked().len(), 1, "IMDS {reply:?}");
    }
}

#[tokio::test]
async fn throttling_and_lost_connections_are_outages() {
    let (_keep, path) = token_file("{}");
    let wire = FakeWire::new([Reply::Throttled("60")]);
    let throttled = refusal(&application(
        &wire,
        Proof::FederatedToken(named_by_variable(&path)),
    ))
    .await;
    assert_eq!(throttled.failure.reason, Reason::IdentityUnavailable);
    assert_eq!(
        throttled.failure.retry_after,
        Some(std::time::Duration::from_mins(1))
    );
    for (reply, cause) in [
        (Reply::NoConnection, "cannot be reached: Connection refused"),
        (Reply::CutShort, "broke off: connection reset"),
        (
            Reply::Ended("stream error received: refused stream"),
            "ended before its answer: stream error",
        ),
    ] {
        let wire = FakeWire::new([reply]);
        let lost = refusal(&application(
            &wire,
            Proof::FederatedToken(named_by_variable(&path)),
        ))
        .await;
        assert_eq!(lost.failure.reason, Reason::IdentityUnavailable);
        assert!(lost.failure.detail.contains(cause), "{}", lost.failure);
        assert_eq!(lost.retry, Retry::Backoff);
    }
}

#[tokio::test]
async fn a_retry_after_may_be_seconds_or_a_date() {
    let (_keep, path) = token_file("{}");
    for (header, asked) in [
        ("86400", Duration::from_hours(24)),
        ("Mon, 01 Jan 2001 00:00:00 GMT", Duration::ZERO),
    ] {
        let wire = FakeWire::new([Reply::Throttled(header)]);
        for exchange in [
            &application(&wire, Proof::FederatedToken(named_by_variable(&path))) as &dyn Exchange,
            &managed(&wire, ManagedId::System),
        ] {
            let throttled = refusal(exchange).await;
            assert_eq!(throttled.failure.retry_after, Some(asked), "{header}");
        }
    }
}

#[tokio::test]
async fn imds_is_asked_for_the_identity_that_was_named() {
    let resource = "/subscriptions/s/resourcegroups/g/providers/x";
    for (id, parameter) in [
        (ManagedId::System, None),
        (
            ManagedId::Client(Setting::new("i", "AZURE_CLIENT_ID")),
            Some(("client_id", "i")),
        ),
        (ManagedId::Object("i".to_owned()), Some(("object_id", "i"))),
        (
            ManagedId::Resource(resource.to_owned()),
            Some(("msi_res_id", resource)),
        ),
    ] {
        let wire = FakeWire::status(200, MANAGED_ANSWER);
        assert_eq!(token(&managed(&wire, id)).await, "marker-token");
        let (url, _) = &wire.asked()[0];
        assert_eq!(url.host_str(), Some("169.254.169.254"));
        let pairs: Vec<_> = url.query_pairs().skip(2).collect();
        let named = pairs.first().map(|(name, value)| (&**name, &**value));
        assert_eq!(named, parameter);
    }
}

#[tokio::test]
async fn no_connection_to_imds_fails_fast_only_until_it_has_answered_once() {
    let wire = FakeWire::new([
        Reply::NoConnection,
        Reply::Status(200, MANAGED_ANSWER.to_owned()),
        Reply::NoConnection,
    ]);
    let exchange = managed(&wire, ManagedId::System);
    let first = refusal(&exchange).await;
    assert_eq!(
        (first.failure.reason, first.retry),
        (Reason::IdentityMisconfigured, Retry::Never)
    );
    token(&exchange).await;
    assert!(exchange.known.load(Ordering::Relaxed));
    let later = refusal(&exchange).await;
    assert_eq!(
        (later.failure.reason, later.retry),
        (Reason::IdentityUnavailable, Retry::Backoff)
    );
}

#[tokio::test]
async fn an_answer_without_a_usable_token_is_refused_and_never_quoted() {
    let long = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(300_000));
    let (_keep, path) = token_file("{}");
    for body in [
        "",
        "{}",
        "<html>marker</html>",
        r#"{"access_token":"","expires_in":60}"#,
        r#"{"access_token":"mar ker","expires_in":60,"expires_on":"4102444800"}"#,
        r#"{"access_token":{"marker":1},"expires_in":"marker"}"#,
        r#"{"access_token":"marker","expires_in":"marker","expires_on":"marker"}"#,
        &long,
    ] {
        let wire = FakeWire::status(200, body);
        let entra = refusal(&application(
            &wire,
            Proof::FederatedToken(named_by_variable(&path)),
        ))
        .await;
        let imds = refusal(&managed(&wire, ManagedId::System)).await;
        for refusal in [entra, imds] {
            assert_eq!(refusal.failure.reason, Reason::IdentityUnavailable, "{body:.80}");
            let shown = format!("{refusal:?} {refusal}");
            assert!(!shown.contains("mar"), "{shown}");
        }
    }
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let (log, _guard) = Log::listen();
    let (_keep, path) = token_file(r#"{"iss":"x"}"#);
    let assertion = jwt(r#"{"iss":"x"}"#);
    let echo = format!(
        r#"{{"error_description":"AADSTS50027: bad {assertion}{assertion}{assertion}{assertion}{assertion}"}}"#
    );
    let wire = FakeWire::new([
        Reply::Status(200, TOKEN_ANSWER.to_owned()),
        Reply::Status(400, echo),
    ]);
    let exchange = application(&wire, Proof::FederatedToken(named_by_variable(&path)));
    token(&exchange).await;
    let refused = refusal(&exchange).await;
    let secret = application(
        &FakeWire::status(200, TOKEN_ANSWER),
        Proof::Secret(Secret::new("marker-secret")),
    );
    token(&secret).await;
    token(&managed(
        &FakeWire::status(200, MANAGED_ANSWER),
        ManagedId::System,
    ))
    .await;
    let seen = format!("{} {refused:?}", log.text());
    assert!(seen.contains("typespec_client_core"), "the log was not heard");
    for secret in ["marker", &assertion] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_and_tls_that_breaks_off_are_told_as_such_and_not_as_dns() {
    for (reply, told, advice) in [
        (
            Reply::Proxy("tunnel error: unsuccessful"),
            "did not connect to the host",
            "the proxy",
        ),
        (
            Reply::Proxy("tunnel error: proxy authorization required"),
            "(407)",
            "its credentials",
        ),
        (
            Reply::Tls(rustls::Error::DecryptError),
            "the TLS handshake with login.microsoftonline.us failed",
            "interrupts TLS",
        ),
    ] {
        let wire = FakeWire::new([reply]);
        let refused = refusal(&application(&wire, Proof::Secret(Secret::new("one")))).await;
        assert_eq!(
            (refused.failure.reason, refused.retry),
            (Reason::IdentityUnavailable, Retry::Backoff)
        );
        let (detail, hint) = (&refused.failure.detail, &refused.failure.hint);
        assert!(
            detail.contains(told) && !detail.contains("tunnel error"),
            "{detail}"
        );
        assert!(
            hint.action().contains(advice) && !hint.action().contains("DNS"),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn a_client_secret_is_sent_from_the_environment_or_from_its_file_as_it_is_now() {
    let wire = FakeWire::status(200, TOKEN_ANSWER);
    token(&application(&wire, Proof::Secret(Secret::new("one")))).await;
    assert_eq!(wire.form_value(0, "client_secret"), "one");
    let (_keep, path) = token_file("{}");
    let exchange = application(
        &wire,
        Proof::SecretFile(Setting::new(path.clone(), "identity.clientSecretFile")),
    );
    for written in ["two\n", "\u{feff}three\r\n", "four \n"] {
        std::fs::write(&path, written).expect("written");
        token(&exchange).await;
    }
    for (request, secret) in [(1, "two"), (2, "three"), (3, "four ")] {
        assert_eq!(wire.form_value(request, "client_secret"), secret);
    }
    std::fs::write(&path, "${SECRET}\n").expect("written");
    let unfilled = refusal(&exchange).await.failure;
    assert_eq!(unfilled.reason, Reason::IdentityMisconfigured);
    assert!(
        unfilled.detail.contains("the file holds the placeholder `${…}`"),
        "{unfilled}"
    );
    assert_eq!(wire.asked().len(), 4, "it is not sent");
    std::fs::remove_file(&path).expect("removed");
    let absent = refusal(&exchange).await;
    assert_eq!(absent.failure.reason, Reason::IdentityMisconfigured);
    assert!(absent.failure.detail.contains("identity.clientSecretFile"));
}

#[test]
fn who_is_asked_has_a_name_and_an_advice_of_its_own_and_a_proxy_only_where_one_is_used() {
    let wire = FakeWire::status(200, "");
    let entra = application(&wire, Proof::Secret(Secret::new("one"))).asked();
    assert_eq!(entra.name, "login.microsoftonline.us");
    assert!(entra.hint.action().contains("HTTPS_PROXY"), "{}", entra.hint);
    for (platform, name) in [
        (Platform::Imds, "169.254.169.254"),
        (Platform::AppService, "IDENTITY_ENDPOINT"),
    ] {
        let mut exchange = managed(&wire, ManagedId::System);
        exchange.identity.platform = platform;
        let asked = exchange.asked();
        assert!(asked.name.contains(name), "{}", asked.name);
        assert!(
            asked.hint.action().contains(name) && !asked.hint.action().contains("PROXY"),
            "{}",
            asked.hint
        );
    }
}
