//! The fake's answers beside recorded ones: each member that Azure sends has to be there, with the same type.
//!
//! The recordings are not part of the repository: `AKV_SYNC_RECORDINGS` names their folder.

use std::path::PathBuf;

use fake_azure::{
    CertificateIssuer, CertificateOptions, Denial, FOREIGN_TENANT_ID, FakeAzure, FakeOptions, KeyType,
    SecretOptions,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::{Session, assertion_form, read};

/// A recorded answer.
struct Recording {
    name: &'static str,
    status: u16,
    headers: Vec<String>,
    body: Value,
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests has to see what was not checked"
)]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("AKV_SYNC_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: AKV_SYNC_RECORDINGS is not set");
    }
    folder
}

fn recording(folder: &std::path::Path, name: &'static str) -> Recording {
    let text =
        std::fs::read_to_string(folder.join(name).with_extension("json")).expect("a recording of this name");
    let file: Value = serde_json::from_str(&text).expect("a recording is JSON");
    let answer = &file["response"];
    let headers = answer["headers"].as_object().expect("headers").keys();
    Recording {
        name,
        status: u16::try_from(answer["status"].as_u64().expect("a status")).expect("three digits"),
        headers: headers.map(|header| header.to_ascii_lowercase()).collect(),
        body: serde_json::from_str(answer["body"].as_str().expect("a body")).expect("the body is JSON"),
    }
}

/// Members that differ between vaults, and headers of one era or of one client.
const OPTIONAL: &[&str] = &["tags", "key_size"];
const OPTIONAL_HEADERS: &[&str] = &[
    "server",
    "x-aspnet-version",
    "x-powered-by",
    "retry-after",
    "p3p",
    "set-cookie",
    "x-ms-client-request-id",
    "x-ms-keyvault-rbac-assignment-id",
];

/// The members of `recorded` that `fake` lacks or has with another type.
fn missing(recorded: &Value, fake: &Value, path: &str) -> Vec<String> {
    match (recorded, fake) {
        (Value::Object(members), Value::Object(_)) => members
            .iter()
            .filter(|(name, _)| !OPTIONAL.contains(&name.as_str()))
            .flat_map(|(name, value)| missing(value, &fake[name], &format!("{path}/{name}")))
            .collect(),
        (Value::Array(recorded), Value::Array(fake)) => match (recorded.first(), fake.first()) {
            (Some(recorded), Some(fake)) => missing(recorded, fake, &format!("{path}/0")),
            _ => Vec::new(),
        },
        _ if std::mem::discriminant(recorded) == std::mem::discriminant(fake) => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

async fn compare(recording: &Recording, request: RequestBuilder) {
    let answer = request.send().await.expect("the fake answers");
    assert_eq!(answer.status().as_u16(), recording.status, "{}", recording.name);
    let absent: Vec<_> = recording
        .headers
        .iter()
        .filter(|header| {
            !OPTIONAL_HEADERS.contains(&header.as_str()) && !answer.headers().contains_key(header.as_str())
        })
        .collect();
    assert!(absent.is_empty(), "{}: no header {absent:?}", recording.name);
    let body: Value = answer.json().await.expect("the fake's body is JSON");
    let missing = missing(&recording.body, &body, "");
    assert!(missing.is_empty(), "{}: {missing:?} in {body}", recording.name);
    for code in [
        "/error/code",
        "/error/innererror/code",
        "/error_codes/0",
        "/error",
    ] {
        let recorded = recording.body.pointer(code).filter(|value| !value.is_object());
        assert_eq!(
            recorded,
            recorded.and_then(|_| body.pointer(code)),
            "{}",
            recording.name
        );
    }
}

#[tokio::test]
async fn vault_answers_have_every_member_that_azure_sends() {
    let Some(folder) = folder() else { return };
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    let vault = fake.vault("app");
    vault.set_secret("plain", "one");
    vault.set_secret("other", "one");
    vault.set_secret_with(
        "text",
        "one",
        SecretOptions {
            content_type: Some("text/plain".to_owned()),
            ..SecretOptions::default()
        },
    );
    vault.set_secret("disabled", "one");
    vault.disable_secret("disabled");
    vault.set_secret("denied", "one");
    let certificate = |key_type| CertificateOptions {
        key_type,
        issuer: CertificateIssuer::SelfSigned,
        ..CertificateOptions::default()
    };
    vault.create_certificate("ec", &certificate(KeyType::P256));
    vault.create_certificate("rsa", &certificate(KeyType::Rsa2048));
    vault.deny_object("denied", Denial::Rbac);
    let session = Session::signed_in(&fake).await;
    for (name, method, path) in [
        ("v2025_200_get_secret_latest", Method::GET, "/secrets/plain/"),
        ("v2025_200_get_secret_text_plain", Method::GET, "/secrets/text"),
        (
            "v2025_200_list_secrets_full_page",
            Method::GET,
            "/secrets?maxresults=2",
        ),
        (
            "v2025_400_outcontenttype_unsupported",
            Method::GET,
            "/secrets/text?outContentType=application/x-pem-file",
        ),
        ("v2025_200_delete_secret", Method::DELETE, "/secrets/other"),
        ("v70_200_deleted_secret", Method::GET, "/deletedsecrets/other"),
        ("v70_200_secret_pfx_selfsigned", Method::GET, "/secrets/rsa"),
        (
            "v70_200_list_secret_versions_all",
            Method::GET,
            "/secrets/plain/versions",
        ),
        ("v70_403_secret_disabled", Method::GET, "/secrets/disabled"),
        ("pub_403_forbidden_by_rbac_get", Method::GET, "/secrets/denied"),
        (
            "js_404_secret_not_found_current_text",
            Method::GET,
            "/secrets/nothing",
        ),
        (
            "v70_404_deleted_secret_race",
            Method::GET,
            "/deletedsecrets/nothing",
        ),
        (
            "v70_404_certificate_not_found",
            Method::GET,
            "/certificates/nothing",
        ),
        ("v70_404_key_not_found", Method::GET, "/keys/nothing"),
        (
            "v70_200_get_certificate_pfx_policy",
            Method::GET,
            "/certificates/rsa",
        ),
        (
            "v70_200_get_certificate_policy",
            Method::GET,
            "/certificates/rsa/policy",
        ),
        (
            "v70_200_list_certificates_page",
            Method::GET,
            "/certificates?maxresults=1",
        ),
        ("v70_200_key_rsa_backing_certificate", Method::GET, "/keys/rsa"),
        ("v76p1_200_get_key_ec_p256_managed", Method::GET, "/keys/ec"),
        ("v70_200_list_keys_page", Method::GET, "/keys?maxresults=1"),
    ] {
        compare(&recording(&folder, name), session.request(method, path)).await;
    }
    let anonymous = Session::anonymous(&fake);
    compare(
        &recording(&folder, "v2025_401_challenge"),
        anonymous.request(Method::GET, "/secrets/a"),
    )
    .await;
}

#[tokio::test]
async fn entra_answers_have_every_member_that_azure_sends() {
    let Some(folder) = folder() else { return };
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    let session = Session::anonymous(&fake);
    let url = format!("{}/{}/oauth2/v2.0/token", fake.authority(), fake.tenant_id());
    let day = std::time::Duration::from_hours(24);
    for (name, assertion) in [
        ("aad_200_client_credentials_js", fake.assertion()),
        (
            "aad_401_700213_no_matching_fic",
            fake.assertion().subject("other"),
        ),
        (
            "aad_401_700024_assertion_expired",
            fake.assertion().issued_ago(day),
        ),
        ("aad_400_70023_token_lifetime", fake.assertion().lifetime(day * 2)),
    ] {
        let request = session.http.post(&url).form(&assertion_form(&assertion.sign()));
        compare(&recording(&folder, name), request).await;
    }
}

#[tokio::test]
async fn a_token_of_another_audience_or_directory_is_refused_in_the_recorded_words() {
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    let session = Session::anonymous(&fake);
    let vault = "https://vault.azure.net/.default";
    for (tenant, scope, code) in [
        (
            fake.tenant_id(),
            "https://management.azure.com//.default",
            "AKV10022: Invalid audience. Expected https://vault",
        ),
        (
            FOREIGN_TENANT_ID,
            vault,
            "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/",
        ),
    ] {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", fake.authority());
        let mut form = assertion_form(&fake.assertion().sign());
        form[2].1 = scope.to_owned();
        let (_, token) = read(session.http.post(url).form(&form)).await;
        let token = token["access_token"].as_str().expect("a token");
        let (status, body) = read(session.request(Method::GET, "/secrets/a").bearer_auth(token)).await;
        assert_eq!((status, &body["error"]["code"]), (401, &json!("Unauthorized")));
        let message = body["error"]["message"].as_str().expect("a text");
        assert!(message.starts_with(code), "{message}");
    }
}

#[test]
fn a_dropped_fake_answers_no_more() {
    let fake = FakeAzure::start(FakeOptions::default()).expect("loopback has free ports");
    let address = fake.vault("app").url().replace("https://localhost", "127.0.0.1");
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(fake);
    assert!(std::net::TcpStream::connect(&address).is_err());
}
