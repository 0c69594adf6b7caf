//! What a test changes of objects that exist: state, tags, type, deletion.

use std::collections::BTreeMap;

use fake_azure::{CertificateOptions, FakeAzure, FakeOptions, KeyOptions, KeyType};
use reqwest::Method;
use serde_json::json;

use crate::client::{Session, read};

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

#[tokio::test]
async fn one_version_of_each_kind_is_disabled_and_enabled_again() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    let secret = vault.set_secret("db", "one");
    vault.set_secret("db", "two");
    let key = vault.create_key("sign", &KeyOptions::default());
    vault.rotate_key("sign");
    let certificate = vault.create_certificate("web", &CertificateOptions::default());
    vault.renew_certificate("web");
    let paths = [
        format!("/secrets/db/{secret}"),
        format!("/keys/sign/{key}"),
        format!("/certificates/web/{certificate}"),
        format!("/secrets/web/{certificate}"),
        format!("/keys/web/{certificate}"),
    ];
    for (enabled, secret_status) in [(false, 403), (true, 200)] {
        vault.switch_secret("db", Some(&secret), enabled);
        vault.switch_key("sign", Some(&key), enabled);
        vault.switch_certificate("web", Some(&certificate), enabled);
        for path in &paths {
            let (status, body) = session.get(path).await;
            if path.starts_with("/secrets") {
                assert_eq!(status, secret_status, "{path}");
            } else {
                assert_eq!(
                    (status, &body["attributes"]["enabled"]),
                    (200, &json!(enabled)),
                    "{path}"
                );
            }
        }
        for latest in ["/secrets/db", "/keys/sign", "/secrets/web"] {
            assert_eq!(session.get(latest).await.0, 200, "{latest}");
        }
    }
}

#[tokio::test]
async fn disabling_a_certificate_over_the_wire_disables_its_key_and_secret() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let version = fake
        .vault("app")
        .create_certificate("web", &CertificateOptions::default());
    let update = session.request(Method::PATCH, &format!("/certificates/web/{version}"));
    let body = json!({ "attributes": { "enabled": false }, "tags": { "a": "b" } });
    let (status, certificate) = read(update.json(&body)).await;
    assert_eq!((status, &certificate["tags"]), (200, &json!({ "a": "b" })));
    assert_eq!(session.get("/secrets/web").await.0, 403);
    assert_eq!(
        session.get("/keys/web").await.1["attributes"]["enabled"],
        json!(false)
    );
    let missing = session.request(Method::PATCH, &format!("/certificates/web/{}", "0".repeat(32)));
    assert_eq!(read(missing.json(&body)).await.0, 404);
}

#[tokio::test]
async fn tags_and_type_of_a_secret_change_without_a_new_version() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    vault.set_secret("db", "one");
    let (_, before) = session.get("/secrets/db").await;
    vault.tag_secret("db", BTreeMap::from([("env".to_owned(), "prod".to_owned())]));
    vault.type_secret("db", "text/plain");
    let (_, after) = session.get("/secrets/db").await;
    assert_eq!(before["id"], after["id"]);
    assert_eq!(after["tags"], json!({ "env": "prod" }));
    assert_eq!(after["contentType"], "text/plain");
}

#[tokio::test]
async fn each_kind_is_deleted_recovered_and_purged() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    vault.set_secret("db", "one");
    vault.create_key("sign", &KeyOptions::default());
    vault.create_certificate("web", &CertificateOptions::default());
    let paths = [
        "/secrets/db",
        "/keys/sign",
        "/certificates/web",
        "/secrets/web",
        "/keys/web",
    ];
    let delete = || {
        vault.delete_secret("db");
        vault.delete_key("sign");
        vault.delete_certificate("web");
    };
    let recover = || {
        vault.recover_secret("db");
        vault.recover_key("sign");
        vault.recover_certificate("web");
    };
    let purge = || {
        vault.purge_secret("db");
        vault.purge_key("sign");
        vault.purge_certificate("web");
    };
    let steps: [(&dyn Fn(), u16); 5] = [
        (&delete, 404),
        (&recover, 200),
        (&delete, 404),
        (&purge, 404),
        (&recover, 404),
    ];
    for (number, (step, status)) in steps.into_iter().enumerate() {
        step();
        for path in paths {
            assert_eq!(session.get(path).await.0, status, "step {number}: {path}");
        }
    }
}

#[tokio::test]
async fn a_symmetric_key_shows_no_public_part() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let options = KeyOptions {
        key_type: KeyType::Oct256,
        hardware: true,
        ..KeyOptions::default()
    };
    fake.vault("app").create_key("wrap", &options);
    let (_, made) = session.get("/keys/wrap").await;
    let members: Vec<_> = made["key"].as_object().expect("a key").keys().collect();
    assert_eq!(members, ["key_ops", "kid", "kty"]);
    assert_eq!(made["key"]["kty"], "oct-HSM");
}
