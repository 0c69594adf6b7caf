//! Certificates, their keys and their secrets over the wire.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_azure::{
    CertificateFormat, CertificateIssuer, CertificateOptions, ChainOrder, FakeAzure, FakeOptions, KeyType,
    PfxEncoding,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Session, read};

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

fn chain(encoding: PfxEncoding, key_type: KeyType) -> CertificateOptions {
    CertificateOptions {
        key_type,
        format: CertificateFormat::Pfx(encoding),
        issuer: CertificateIssuer::AuthorityWithRoot,
        ..CertificateOptions::default()
    }
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests has to see what was not checked"
)]
fn say_skipped() {
    eprintln!("skipped: there is no openssl");
}

/// What `openssl pkcs12` reads out of a PFX with an empty password; `None` without `openssl`.
fn openssl(pfx: &str) -> Option<String> {
    let child = Command::new("openssl")
        .args(["pkcs12", "-passin", "pass:", "-nodes", "-legacy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        say_skipped();
        return None;
    };
    let bytes = STANDARD.decode(pfx).expect("a PFX is in base64");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(&bytes).expect("openssl reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("openssl ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).expect("PEM is text"))
}

fn count(text: &str, label: &str) -> usize {
    text.matches(&format!("-----BEGIN {label}-----")).count()
}

#[tokio::test]
async fn openssl_reads_every_pfx_encoding_with_the_empty_password() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for encoding in [
        PfxEncoding::Legacy2018,
        PfxEncoding::TripleDes2024,
        PfxEncoding::Modern,
    ] {
        for key_type in [KeyType::P256, KeyType::P384, KeyType::P521] {
            fake.vault("app")
                .create_certificate("web", &chain(encoding, key_type));
            let (_, secret) = session.get("/secrets/web").await;
            assert_eq!(secret["contentType"], "application/x-pkcs12");
            let Some(text) = openssl(secret["value"].as_str().expect("a value")) else {
                return;
            };
            assert_eq!(
                (count(&text, "PRIVATE KEY"), count(&text, "CERTIFICATE")),
                (1, 3),
                "{encoding:?} {key_type:?}"
            );
        }
    }
}

#[tokio::test]
async fn openssl_reads_an_ed25519_file_that_is_kept_as_a_plain_secret() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    fake.vault("app")
        .set_certificate_as_secret("web", &chain(PfxEncoding::Modern, KeyType::Ed25519));
    let (_, secret) = session.get("/secrets/web").await;
    let Some(text) = openssl(secret["value"].as_str().expect("a value")) else {
        return;
    };
    assert_eq!((count(&text, "PRIVATE KEY"), count(&text, "CERTIFICATE")), (1, 3));
}

#[tokio::test]
async fn the_secret_of_a_certificate_is_managed_and_has_the_version_of_its_key() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let version = fake
        .vault("app")
        .create_certificate("web", &CertificateOptions::default());
    let (_, certificate) = session.get("/certificates/web/").await;
    let (_, secret) = session.get(&format!("/secrets/web/{version}")).await;
    let (_, key) = session.get("/keys/web").await;
    assert_eq!(certificate["sid"], secret["id"]);
    assert_eq!(certificate["kid"], key["key"]["kid"]);
    assert_eq!(secret["kid"], certificate["kid"]);
    assert_eq!(
        (&secret["managed"], &key["managed"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(key["key"]["kty"], "EC");
    assert_eq!(certificate["policy"]["issuer"]["name"], "Self");
}

#[tokio::test]
async fn a_pem_secret_has_its_key_first_and_then_the_chain_as_it_was_stored() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let options = CertificateOptions {
        format: CertificateFormat::Pem,
        issuer: CertificateIssuer::Authority,
        order: ChainOrder::LeafLast,
        ..CertificateOptions::default()
    };
    fake.vault("app").create_certificate("web", &options);
    let (_, secret) = session.get("/secrets/web").await;
    let value = secret["value"].as_str().expect("a value");
    assert!(value.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(count(value, "CERTIFICATE"), 2);
    let (_, certificate) = session.get("/certificates/web").await;
    let last = value
        .rsplit("-----BEGIN CERTIFICATE-----")
        .next()
        .expect("a block");
    let last: String = last.lines().take_while(|line| !line.starts_with('-')).collect();
    assert_eq!(certificate["cer"], last);
}

#[tokio::test]
async fn a_certificate_that_is_not_exportable_gives_no_key() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let options = CertificateOptions {
        exportable: false,
        ..chain(PfxEncoding::TripleDes2024, KeyType::P256)
    };
    fake.vault("app").create_certificate("web", &options);
    let (status, secret) = session.get("/secrets/web").await;
    assert_eq!(status, 200);
    let Some(text) = openssl(secret["value"].as_str().expect("a value")) else {
        return;
    };
    assert_eq!((count(&text, "PRIVATE KEY"), count(&text, "CERTIFICATE")), (0, 1));
}

#[tokio::test]
async fn a_pfx_is_converted_to_pem_on_request_and_nothing_else_is() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    fake.vault("app")
        .create_certificate("web", &chain(PfxEncoding::Modern, KeyType::P384));
    fake.vault("app").set_secret("plain", "x");
    let pem = |name: &str| {
        session
            .request(Method::GET, &format!("/secrets/{name}"))
            .query(&[("outContentType", "application/x-pem-file")])
    };
    let (status, body) = read(pem("web")).await;
    assert_eq!(
        (
            status,
            count(body["value"].as_str().expect("a value"), "CERTIFICATE")
        ),
        (200, 3)
    );
    let (status, body) = read(pem("plain")).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("BadParameter")));
}

#[tokio::test]
async fn renewing_makes_another_version_of_all_three() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    vault.create_certificate("web", &CertificateOptions::default());
    let (_, before) = session.get("/certificates/web").await;
    vault.renew_certificate("web").expect("there is one to renew");
    let (_, after) = session.get("/certificates/web").await;
    let different: BTreeSet<&str> = ["id", "kid", "sid", "x5t"]
        .into_iter()
        .filter(|&member| before[member] != after[member])
        .collect();
    assert_eq!(different.len(), 4);
    let (_, versions) = session.get("/certificates/web/versions").await;
    assert_eq!(versions["value"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_certificate_is_created_over_the_wire_by_its_policy() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let body = json!({"policy": {
        "key_props": {"kty": "EC", "crv": "P-384", "exportable": true},
        "secret_props": {"contentType": "application/x-pem-file"},
        "x509_props": {"subject": "CN=api.contoso.com", "sans": {"dns_names": ["api.contoso.com"]}},
        "issuer": {"name": "Self"},
    }});
    let request = session
        .request(Method::POST, "/certificates/api/create")
        .json(&body);
    let (status, pending) = read(request).await;
    assert_eq!((status, &pending["status"]), (202, &json!("inProgress")));
    assert_eq!(
        session.get("/certificates/api/pending").await.1["status"],
        "completed"
    );
    let (_, policy) = session.get("/certificates/api/policy").await;
    assert_eq!(policy["key_props"]["crv"], "P-384");
    assert_eq!(session.get("/keys/api").await.1["key"]["crv"], "P-384");
    assert_eq!(
        session.get("/certificates/nothing").await.1["error"]["code"],
        "CertificateNotFound"
    );
}

#[tokio::test]
async fn keys_are_created_by_type_and_show_no_private_member() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for (name, body, crv) in [
        ("ec", json!({"kty": "EC", "crv": "P-256K"}), json!("P-256K")),
        ("hsm", json!({"kty": "EC-HSM", "crv": "P-521"}), json!("P-521")),
        ("rsa", json!({"kty": "RSA", "key_size": 2048}), Value::Null),
    ] {
        let create = session
            .request(Method::POST, &format!("/keys/{name}/create"))
            .json(&body);
        let (status, made) = read(create).await;
        assert_eq!(
            (status, &made["key"]["kty"], &made["key"]["crv"]),
            (200, &body["kty"], &crv)
        );
        assert_eq!(session.get(&format!("/keys/{name}")).await.1, made);
        assert!(made["key"].get("d").is_none());
    }
    let wrong = session
        .request(Method::POST, "/keys/x/create")
        .json(&json!({"kty": "RSA", "key_size": 17}));
    assert_eq!(read(wrong).await.0, 400);
    let (_, list) = session.get("/keys").await;
    assert_eq!(list["value"].as_array().map(Vec::len), Some(3));
}
