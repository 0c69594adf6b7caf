//! Lists over the wire: what they hold, and what a test can make of them.

use std::collections::BTreeMap;

use fake_azure::{
    CallKind, CertificateOptions, Denial, Effect, FakeAzure, FakeOptions, Fault, KeyOptions, SecretOptions,
    Service,
};
use serde_json::{Value, json};

use crate::client::Session;

fn start() -> FakeAzure {
    FakeAzure::start(FakeOptions::default()).expect("loopback has free ports")
}

fn items(page: &Value) -> &Vec<Value> {
    page["value"].as_array().expect("a page has items")
}

/// The last segments of the ids on all pages, and the sizes of the pages.
async fn all(session: &Session<'_>, path: &str) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    let mut path = path.to_owned();
    loop {
        let (status, page) = session.get(&path).await;
        assert_eq!(status, 200, "{page}");
        sizes.push(items(&page).len());
        let of_page = items(&page).iter().map(|item| {
            let id = item["id"].as_str().or(item["kid"].as_str()).expect("an id");
            id.rsplit('/').next().expect("a segment").to_owned()
        });
        ids.extend(of_page);
        let Some(link) = page["nextLink"].as_str() else {
            return (ids, sizes);
        };
        let link = link
            .strip_prefix(session.fake.vault("app").url())
            .expect("links stay on the host");
        path = link.replace("api-version=2025-07-01&", "");
    }
}

#[tokio::test]
async fn a_full_last_page_is_followed_by_an_empty_one_and_empty_pages_come_before_on_request() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for number in 0..25 {
        fake.vault("app").set_secret(&format!("s{number}"), "x");
    }
    assert_eq!(all(&session, "/secrets").await.1, [25, 0]);
    fake.vault("app").serve_empty_pages(true);
    assert_eq!(all(&session, "/secrets").await.1, [0, 25, 0, 0]);
}

#[tokio::test]
async fn the_secret_behind_a_certificate_is_listed_as_managed() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let options = CertificateOptions {
        tags: BTreeMap::from([("team".to_owned(), "web".to_owned())]),
        ..CertificateOptions::default()
    };
    fake.vault("app").create_certificate("web", &options);
    fake.vault("app").set_certificate_as_secret("plain", &options);
    let (_, page) = session.get("/secrets").await;
    let [plain, managed] = items(&page).as_slice() else {
        panic!("two secrets: {page}")
    };
    assert_eq!(managed["managed"], json!(true));
    assert_eq!(plain.get("managed"), None);
    for item in [plain, managed] {
        assert_eq!(item["contentType"], "application/x-pkcs12");
        assert_eq!(item["tags"], json!({ "team": "web" }));
        assert!(item.get("value").is_none() && item.get("kid").is_none());
    }
    let (_, plain) = session.get("/secrets/plain").await;
    assert!(plain["value"].is_string() && plain.get("kid").is_none());
}

#[tokio::test]
async fn versions_of_one_second_are_listed_by_id_and_have_one_time() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    let second = Some(1_700_000_000);
    let secret = || SecretOptions {
        created: second,
        ..SecretOptions::default()
    };
    let key = KeyOptions {
        created: second,
        ..KeyOptions::default()
    };
    let certificate = CertificateOptions {
        created: second,
        ..CertificateOptions::default()
    };
    for (path, made) in [
        (
            "/secrets/db/versions",
            [0, 1].map(|_| vault.set_secret_with("db", "x", secret())),
        ),
        (
            "/keys/sign/versions",
            [0, 1].map(|_| vault.create_key("sign", &key)),
        ),
        (
            "/secrets/web/versions",
            [0, 1].map(|_| vault.create_certificate("web", &certificate)),
        ),
    ] {
        let mut made = made.to_vec();
        made.sort();
        assert_eq!(all(&session, path).await.0, made);
        let (_, page) = session.get(path).await;
        let times: Vec<_> = items(&page)
            .iter()
            .map(|item| item["attributes"]["created"].as_i64())
            .collect();
        assert_eq!(times, [second; 2], "{path}");
    }
    vault.renew_certificate("web");
    let (_, newest) = session.get("/secrets/web").await;
    assert_ne!(newest["attributes"]["created"], json!(second));
}

#[tokio::test]
async fn an_unknown_object_has_an_empty_list_of_versions() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for collection in ["secrets", "keys", "certificates"] {
        let (status, page) = session.get(&format!("/{collection}/nothing/versions")).await;
        assert_eq!((status, page), (200, json!({ "value": [], "nextLink": null })));
    }
}

#[tokio::test]
async fn a_list_can_leave_out_what_exists() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    for name in ["a", "b", "c"] {
        vault.create_certificate(name, &CertificateOptions::default());
    }
    vault.hide_from_lists(&["B"]);
    for collection in ["secrets", "keys", "certificates"] {
        assert_eq!(all(&session, &format!("/{collection}")).await.0, ["a", "c"]);
        assert_eq!(session.get(&format!("/{collection}/b")).await.0, 200);
    }
    vault.hide_from_lists(&[]);
    assert_eq!(all(&session, "/secrets").await.0.len(), 3);
}

#[tokio::test]
async fn an_identity_that_reads_values_alone_may_not_list() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    let vault = fake.vault("app");
    vault.set_secret("db", "x");
    vault.create_key("sign", &KeyOptions::default());
    vault.deny_lists();
    for path in ["/secrets", "/secrets/db/versions"] {
        let (status, body) = session.get(path).await;
        assert_eq!(
            (status, &body["error"]["innererror"]["code"]),
            (403, &json!("ForbiddenByRbac"))
        );
        let message = body["error"]["message"].as_str().expect("a text");
        assert!(
            message.contains("vaults/secrets/readMetadata/action'\r\n"),
            "{message}"
        );
    }
    for path in ["/secrets/db", "/keys/sign", "/keys/sign/versions"] {
        assert_eq!(session.get(path).await.0, 200, "{path}");
    }
    vault.allow();
    assert_eq!(session.get("/secrets").await.0, 200);
    vault.deny(Denial::Firewall);
    vault.deny_lists();
    let (_, body) = session.get("/secrets").await;
    assert_eq!(body["error"]["innererror"]["code"], "ForbiddenByFirewall");
}

#[tokio::test]
async fn a_list_can_fail_at_one_of_its_pages() {
    let fake = start();
    let session = Session::signed_in(&fake).await;
    for number in 0..60 {
        fake.vault("app").set_secret(&format!("s{number}"), "x");
    }
    let effect = Effect::Throttled {
        retry_after_seconds: None,
    };
    let fault = Fault::new(Service::Vault, effect).call(CallKind::ListSecrets);
    fake.faults().inject(fault.after(2).times(1));
    let (status, first) = session.get("/secrets").await;
    assert_eq!((status, items(&first).len()), (200, 25));
    assert_eq!(session.get("/secrets/s1").await.0, 200);
    assert_eq!(session.get("/secrets").await.0, 200);
    assert_eq!(session.get("/secrets").await.0, 429);
    assert_eq!(all(&session, "/secrets").await.1, [25, 25, 10]);
}
