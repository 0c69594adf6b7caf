//! Secrets over the wire.

use fake_azure::{CallKind, Denial, FakeAzure, FakeOptions};
use serde_json::{Value, json};

use crate::client::{Session, read};

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

#[tokio::test]
async fn a_secret_is_read_by_its_latest_and_by_an_exact_version() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let old = fake.vault("app").set_secret("db", "one");
    let (status, body) = session
        .put(
            "/secrets/DB",
            json!({"value": "two", "contentType": "text/plain"}),
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(session.get("/secrets/db/").await.1, body);
    assert_eq!(session.get("/secrets/db").await.1["value"], "two");
    let pinned = session
        .get(&format!("/secrets/db/{}", old.to_uppercase()))
        .await
        .1;
    assert_eq!(pinned["value"], "one");
    assert_eq!(
        pinned["id"],
        format!("{}/secrets/db/{old}", fake.vault("app").url())
    );
    assert_eq!(fake.calls().of_object("db"), 4);
    assert_eq!(fake.calls().of(CallKind::GetSecret), 3);
}

#[tokio::test]
async fn a_disabled_newest_version_is_refused_and_not_rolled_back() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    fake.vault("app").set_secret("db", "one");
    fake.vault("app").set_secret("db", "two");
    fake.vault("app").disable_secret("db");
    let (status, body) = session.get("/secrets/db").await;
    assert_eq!(status, 403);
    assert_eq!(body["error"]["innererror"]["code"], "SecretDisabled");
}

#[tokio::test]
async fn a_deleted_secret_is_not_found_until_it_is_recovered() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    fake.vault("app").set_secret("db", "one");
    let (status, body) = read(session.request(reqwest::Method::DELETE, "/secrets/db")).await;
    assert_eq!((status, body["scheduledPurgeDate"].is_i64()), (200, true));
    let (status, body) = session.get("/secrets/db").await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("SecretNotFound")));
    assert_eq!(session.put("/secrets/db", json!({"value": "x"})).await.0, 409);
    assert_eq!(session.get("/deletedsecrets/db").await.0, 200);
    fake.vault("app").recover_secret("db");
    assert_eq!(session.get("/secrets/db").await.0, 200);
}

#[tokio::test]
async fn a_list_is_paged_by_25_and_in_the_order_of_names() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for number in 0..30 {
        fake.vault("app").set_secret(&format!("s{number}"), "x");
    }
    let (_, first) = session.get("/secrets").await;
    let names = |page: &Value| -> Vec<String> {
        let items = page["value"].as_array().expect("a page has items");
        let ids = items
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned());
        ids.map(|id| id.rsplit('/').next().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&first).len(), 25);
    assert_eq!(names(&first)[..4], ["s0", "s1", "s10", "s11"]);
    assert!(first["value"][0].get("value").is_none());
    let link = first["nextLink"].as_str().expect("a full page has a link");
    let path = link
        .strip_prefix(fake.vault("app").url())
        .expect("links stay on the host");
    let (_, second) = session
        .get(path.replace("api-version=2025-07-01&", "").as_str())
        .await;
    assert_eq!(names(&second).len(), 5);
    assert_eq!(second["nextLink"], Value::Null);
}

#[tokio::test]
async fn a_denied_caller_is_told_what_was_missing() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    fake.vault("app").set_secret("db", "one");
    fake.vault("app").deny_object("db", Denial::Rbac);
    let (status, body) = session.get("/secrets/db").await;
    assert_eq!(
        (status, &body["error"]["innererror"]["code"]),
        (403, &json!("ForbiddenByRbac"))
    );
    let message = body["error"]["message"].as_str().expect("a text");
    assert!(
        message.contains("Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n"),
        "{message}"
    );
    fake.vault("app").allow();
    assert_eq!(session.get("/secrets/db").await.0, 200);
}
