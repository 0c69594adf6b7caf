//! What a 200 becomes.

use serde_json::{Value, json};
use time::macros::datetime;

use super::stage::*;
use crate::domain::failure::Reason;
use crate::domain::fetched::{FetchedContent, PublicKey};
use crate::domain::object::{ObjectKind, Source};

async fn fetch(source: &Source, body: &Value) -> Result<crate::domain::fetched::FetchedObject, Reason> {
    let stage = Stage::answering([Reply::new(200, body.to_string())]);
    stage.fetch(source).await.map_err(|failure| failure.reason)
}

fn id(collection: &str, name: &str, version: &str) -> String {
    format!("https://{HOST}/{collection}/{name}/{version}")
}

#[tokio::test]
async fn a_secret_comes_with_its_attributes() {
    let body = json!({
        "id": id("secrets", "db", VERSION),
        "value": "p\u{e4}ss\n",
        "contentType": "text/plain",
        "tags": { "b": "2", "a": "1" },
        "attributes": {
            "enabled": true, "created": 1_700_000_000, "updated": 1_700_000_060, "nbf": 1_700_000_000,
            "exp": 1_800_000_000, "recoveryLevel": "Recoverable", "futureMember": {},
        },
        "futureMember": 7,
    });
    let object = fetch(&secret("db"), &body).await.expect("fetched");
    assert_eq!(object.version.as_str(), VERSION);
    assert_eq!(
        object.attributes.created,
        Some(datetime!(2023-11-14 22:13:20 UTC))
    );
    assert_eq!(
        object.attributes.updated,
        Some(datetime!(2023-11-14 22:14:20 UTC))
    );
    assert_eq!(
        object.attributes.not_before,
        Some(datetime!(2023-11-14 22:13:20 UTC))
    );
    assert_eq!(
        object.attributes.expires,
        Some(datetime!(2027-01-15 08:00:00 UTC))
    );
    assert_eq!(
        object.attributes.tags.into_iter().next(),
        Some(("a".to_owned(), "1".to_owned()))
    );
    let FetchedContent::Secret(content) = object.content else {
        panic!("a secret")
    };
    assert_eq!(content.value.expose(), "p\u{e4}ss\n".as_bytes());
    assert_eq!(content.content_type.as_deref(), Some("text/plain"));
    assert!(!content.backs_certificate);
}

#[tokio::test]
async fn a_certificate_is_read_through_its_secret_in_one_call() {
    let stage = Stage::answering([Reply::new(
        200,
        json!({
            "id": id("secrets", "web", VERSION), "kid": id("keys", "web", VERSION), "value": "MII=",
            "contentType": "application/x-pkcs12", "managed": true,
        })
        .to_string(),
    )]);
    let source = source(ObjectKind::Certificate, "web");
    let object = stage.fetch(&source).await.expect("fetched");
    assert_eq!(object.object, source.object);
    assert_eq!(object.id, id("secrets", "web", VERSION));
    let FetchedContent::Secret(content) = object.content else {
        panic!("a secret")
    };
    assert!(content.backs_certificate);
    let calls = stage.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].url.path(), "/secrets/web/");
    assert_eq!(calls[1].url.query(), Some("api-version=2025-07-01"));
}

#[tokio::test]
async fn a_key_comes_with_its_public_part() {
    let body = json!({ "key": { "kid": id("keys", "sign", VERSION), "kty": "RSA-HSM", "n": "AAECAw", "e": "AQAB" } });
    let object = fetch(&source(ObjectKind::Key, "sign"), &body)
        .await
        .expect("fetched");
    let rsa = PublicKey::Rsa {
        n: vec![1, 2, 3],
        e: vec![1, 0, 1],
    };
    assert_eq!(object.content, FetchedContent::Key(rsa));
}

#[tokio::test]
async fn identifiers_are_compared_without_case_and_without_host() {
    let upper = format!(
        "https://OTHER.example.com:443/secrets/DB/{}",
        VERSION.to_uppercase()
    );
    let body = json!({ "id": upper, "value": "v" });
    let object = fetch(&pinned(secret("db"), VERSION), &body)
        .await
        .expect("fetched");
    assert_eq!(object.version.as_str(), VERSION);
    assert_eq!(object.id, upper, "the identifier stays as Key Vault gave it");
}

#[tokio::test]
async fn the_identifier_of_a_key_stays_as_key_vault_gave_it() {
    let kid = format!(
        "https://OTHER.example.com:443/keys/Sign/{}",
        VERSION.to_uppercase()
    );
    let body = json!({ "key": { "kid": kid, "kty": "RSA", "n": "AAECAw", "e": "AQAB" } });
    let object = fetch(&source(ObjectKind::Key, "sign"), &body)
        .await
        .expect("fetched");
    assert_eq!(object.id, kid);
}

/// A disabled version exists: what is published of it may stay, and an older one may be chosen.
#[tokio::test]
async fn a_disabled_version_is_not_a_missing_one() {
    let refused = Reply::new(
        403,
        error(
            "Forbidden",
            Some("SecretDisabled"),
            "Not allowed on a disabled secret.",
        ),
    );
    let off = json!({ "key": { "kid": id("keys", "a", VERSION), "kty": "RSA", "n": "AQAB", "e": "AQAB" },
        "attributes": { "enabled": false } });
    let listed = Reply::new(200, off.to_string());
    for (kind, reply) in [
        (ObjectKind::Secret, &refused),
        (ObjectKind::Certificate, &refused),
        (ObjectKind::Key, &listed),
    ] {
        for source in [source(kind, "a"), pinned(source(kind, "a"), VERSION)] {
            let failure = Stage::answering([reply.clone()]).fetch(&source).await;
            assert_eq!(
                failure.expect_err("disabled").reason,
                Reason::Disabled,
                "{source}"
            );
        }
    }
}

#[tokio::test]
async fn a_pinned_version_is_asked_for_by_its_path() {
    let stage = Stage::answering([]);
    stage
        .fetch(&pinned(secret("db"), VERSION))
        .await
        .expect("fetched");
    assert_eq!(stage.calls()[1].url.path(), format!("/secrets/db/{VERSION}"));
}

#[tokio::test]
async fn an_empty_value_is_a_value() {
    let object = fetch(
        &secret("db"),
        &json!({ "id": id("secrets", "db", VERSION), "value": "" }),
    )
    .await;
    let FetchedContent::Secret(content) = object.expect("fetched").content else {
        panic!("a secret")
    };
    assert!(content.value.is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_of_another_shape_are_refused() {
    let other = "f".repeat(32);
    let good = id("secrets", "db", VERSION);
    let secrets = [
        ("an array", json!([]), Reason::Malformed),
        ("no value", json!({ "id": good }), Reason::Malformed),
        (
            "a null value",
            json!({ "id": good, "value": null }),
            Reason::Malformed,
        ),
        (
            "a number for a value",
            json!({ "id": good, "value": 7 }),
            Reason::Malformed,
        ),
        ("no identifier", json!({ "value": "v" }), Reason::Malformed),
        (
            "an identifier that is no URL",
            json!({ "id": "db", "value": "v" }),
            Reason::Malformed,
        ),
        (
            "no version",
            json!({ "id": format!("https://{HOST}/secrets/db"), "value": "v" }),
            Reason::Malformed,
        ),
        (
            "a bad version",
            json!({ "id": id("secrets", "db", "latest"), "value": "v" }),
            Reason::Malformed,
        ),
        (
            "another object",
            json!({ "id": id("secrets", "db2", VERSION), "value": "v" }),
            Reason::Malformed,
        ),
        (
            "another version",
            json!({ "id": id("secrets", "db", &other), "value": "v" }),
            Reason::Malformed,
        ),
        (
            "a key",
            json!({ "id": id("keys", "db", VERSION), "value": "v" }),
            Reason::Malformed,
        ),
        (
            "times of text",
            json!({ "id": good, "value": "v", "attributes": { "exp": "x" } }),
            Reason::Malformed,
        ),
        (
            "time beyond",
            json!({ "id": good, "value": "v", "attributes": { "exp": i64::MAX } }),
            Reason::Malformed,
        ),
        (
            "disabled",
            json!({ "id": good, "value": "v", "attributes": { "enabled": false } }),
            Reason::Disabled,
        ),
    ];
    for (what, body, reason) in secrets {
        let source = pinned(secret("db"), VERSION);
        assert_eq!(fetch(&source, &body).await.expect_err(what), reason, "{what}");
    }
    let kid = id("keys", "sign", VERSION);
    let keys = [
        ("no key", json!({}), Reason::Malformed),
        (
            "symmetric",
            json!({ "key": { "kid": kid, "kty": "oct-HSM" } }),
            Reason::Unrenderable,
        ),
        (
            "unknown",
            json!({ "key": { "kid": kid, "kty": "OKP" } }),
            Reason::Unrenderable,
        ),
        (
            "no modulus",
            json!({ "key": { "kid": kid, "kty": "RSA", "e": "AQAB" } }),
            Reason::Malformed,
        ),
        (
            "bad base64",
            json!({ "key": { "kid": kid, "kty": "RSA", "e": "AQAB", "n": "!" } }),
            Reason::Malformed,
        ),
        (
            "a curve too short",
            json!({ "key": { "kid": kid, "kty": "EC", "crv": "P-192" } }),
            Reason::Unrenderable,
        ),
    ];
    for (what, body, reason) in keys {
        let source = source(ObjectKind::Key, "sign");
        assert_eq!(fetch(&source, &body).await.expect_err(what), reason, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ends_within_its_json_was_cut_short_and_is_asked_for_again() {
    let whole = json!({ "id": id("secrets", "db", VERSION), "value": "v" }).to_string();
    let half = Reply::new(200, &whole[..whole.len() / 2]);
    let stage = Stage::answering([half.clone(), Reply::new(200, whole.as_str())]);
    stage.fetch(&secret("db")).await.expect("fetched");
    assert_eq!(stage.counts(), (1, 2));

    let announced = Reply::new(200, &whole[..9]).with("content-length", whole.len().to_string());
    for half in [half, announced] {
        let failure = Stage::answering([half])
            .fetch(&secret("db"))
            .await
            .expect_err("cut short");
        assert_eq!(failure.reason, Reason::Unavailable);
    }
}
