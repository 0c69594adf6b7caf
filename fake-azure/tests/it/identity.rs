//! Managed identity and certificate credentials, real names and the control path.

use fake_azure::{CallKind, Effect, FakeAzure, FakeOptions, Fault, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Session, read, trusting};

fn start(options: FakeOptions) -> FakeAzure {
    FakeAzure::start(options).expect("loopback has free ports")
}

#[tokio::test]
async fn app_service_gives_a_token_with_its_expiry_as_a_string() {
    let fake = start(FakeOptions::default());
    fake.vault("app").set_secret("db", "one");
    let http = trusting(&fake);
    let ask = |header: &str| {
        http.get(fake.identity_endpoint())
            .query(&[
                ("api-version", "2019-08-01"),
                ("resource", "https://vault.azure.net"),
            ])
            .header("X-IDENTITY-HEADER", header)
    };
    assert_eq!(read(ask("wrong")).await.0, 401);
    let (status, body) = read(ask(fake.identity_header())).await;
    assert_eq!((status, body["expires_on"].is_string()), (200, true));
    let url = format!("{}/secrets/db", fake.vault("app").url());
    let token = body["access_token"].as_str().expect("a token");
    assert_eq!(read(http.get(url).bearer_auth(token)).await.0, 200);
    let other = ask(fake.identity_header()).query(&[("client_id", "00000000-0000-0000-0000-00000000000f")]);
    assert_eq!(read(other).await.0, 400);
}

#[tokio::test]
async fn imds_wants_its_header_and_gives_every_number_as_a_string() {
    let fake = start(FakeOptions {
        imds: Some(([127, 0, 0, 1], 0).into()),
        ..FakeOptions::default()
    });
    let address = fake.imds_address().expect("it is on");
    let http = trusting(&fake);
    let url = format!("http://{address}/metadata/identity/oauth2/token?resource=https://vault.azure.net");
    assert_eq!(read(http.get(&url)).await.1["error"], "bad_request_102");
    let (_, body) = read(http.get(&url).header("Metadata", "true")).await;
    for number in ["expires_in", "expires_on", "ext_expires_in", "not_before"] {
        assert!(body[number].is_string(), "{number}");
    }
    fake.assign_managed_identity(false);
    let (status, body) = read(http.get(&url).header("Metadata", "true")).await;
    assert_eq!(
        (status, &body["error_description"]),
        (400, &json!("Identity not found"))
    );
    fake.faults()
        .inject(Fault::new(Service::Imds, Effect::imds_updating()).times(1));
    assert_eq!(read(http.get(&url)).await, (410, Value::Null));
    assert_eq!(fake.calls().of(CallKind::Imds), 4);
}

#[tokio::test]
async fn one_address_serves_all_real_names_and_ids_carry_them() {
    let fake = start(FakeOptions {
        https: Some(([127, 0, 0, 1], 0).into()),
        vaults: vec!["one".to_owned(), "two".to_owned()],
        ..FakeOptions::default()
    });
    fake.vault("two").set_secret("db", "2");
    let root = reqwest::Certificate::from_pem(fake.ca_pem().as_bytes()).expect("a certificate");
    let http = reqwest::Client::builder()
        .tls_certs_only([root])
        .resolve("two.vault.azure.net", ([127, 0, 0, 1], 0).into())
        .resolve("login.microsoftonline.com", ([127, 0, 0, 1], 0).into())
        .build()
        .expect("a client");
    let token = http
        .post(format!(
            "{}/{}/oauth2/v2.0/token",
            fake.authority(),
            fake.tenant_id()
        ))
        .form(&crate::client::assertion_form(&fake.assertion().sign()));
    let (_, token) = read(token).await;
    let url = format!("{}/secrets/db", fake.vault("two").url());
    let secret = http
        .get(&url)
        .bearer_auth(token["access_token"].as_str().expect("a token"));
    let (status, body) = read(secret).await;
    assert_eq!((status, &body["value"]), (200, &json!("2")));
    assert!(
        body["id"]
            .as_str()
            .expect("an id")
            .starts_with("https://two.vault.azure.net")
    );
    assert_eq!(fake.calls().connections(Service::Entra), 1);
    assert_eq!(fake.calls().connections(Service::Vault), 1);
}

#[tokio::test]
async fn the_control_path_does_what_the_library_does_and_is_not_counted() {
    let fake = start(FakeOptions::default());
    let session = Session::signed_in(&fake).await;
    let control = |method: Method, path: &str| {
        let url = format!("{}/_fake/{path}", fake.authority());
        session.http.request(method, url)
    };
    assert_eq!(
        read(control(Method::PUT, "vaults/app/secrets/db").body("one"))
            .await
            .0,
        200
    );
    assert_eq!(
        read(control(Method::POST, "vaults/app/certificates/web")).await.0,
        200
    );
    assert_eq!(session.get("/secrets/db").await.1["value"], "one");
    let fault =
        json!({"service": "vault", "object": "db", "times": 1, "effect": {"answer": {"status": 503}}});
    assert_eq!(read(control(Method::POST, "faults").json(&fault)).await.0, 204);
    assert_eq!(session.get("/secrets/db").await.0, 503);
    assert_eq!(read(control(Method::POST, "clock?advance=86401")).await.0, 204);
    assert_eq!(session.get("/secrets/db").await.0, 401);
    let (_, calls) = read(control(Method::GET, "calls")).await;
    assert_eq!(calls["byKind"], json!({"getSecret": 3, "token": 1}));
    assert_eq!(read(control(Method::POST, "nothing")).await.0, 400);
}

#[tokio::test]
async fn the_control_path_makes_the_keys_and_certificates_that_a_body_asks_for() {
    let fake = start(FakeOptions::default());
    let session = Session::signed_in(&fake).await;
    let control = |path: &str, body: Value| {
        let url = format!("{}/_fake/vaults/app/{path}", fake.authority());
        read(session.http.post(url).json(&body))
    };
    let p521 = json!({"kty": "EC", "crv": "P-521"});
    assert_eq!(control("keys/signing", p521.clone()).await.0, 200);
    assert_eq!(session.get("/keys/signing").await.1["key"]["crv"], "P-521");
    assert_eq!(
        control("certificates/web", json!({"key": p521, "pem": true}))
            .await
            .0,
        200
    );
    let (_, secret) = session.get("/secrets/web").await;
    let value = secret["value"].as_str().expect("a text");
    // Leaf, intermediate and root.
    assert_eq!(value.matches("BEGIN CERTIFICATE").count(), 3);
    assert_eq!(session.get("/keys/web").await.1["key"]["crv"], "P-521");

    for (path, body) in [
        ("keys/signing", json!({"kty": "RSA", "keySize": 1024})),
        ("certificates/web", json!({"key": {"kty": "EC", "crv": "P-256K"}})),
        ("certificates/web", json!({"key": {"kty": "EC"}, "size": 1})),
    ] {
        assert_eq!(control(path, body.clone()).await.0, 400, "{body}");
    }
}
