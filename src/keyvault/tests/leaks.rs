//! A value never enters an error, whatever the answer around it looks like.

use serde_json::json;

use super::stage::*;
use crate::domain::failure::Failure;
use crate::domain::object::{ObjectKind, Source};
use crate::transport::chain;

const MARKER: &str = "MARKER-7f3a";

/// Everything that a failure shows: its words, its `Debug` output, and the same of every error below it.
fn shown(failure: &Failure) -> String {
    let causes = chain(failure).map(|cause| format!("{cause} {cause:?} {cause:#?}"));
    causes.chain([failure.hint.to_string()]).collect()
}

fn shapes() -> Vec<String> {
    let good = format!("https://{HOST}/secrets/db/{VERSION}");
    let mut shapes: Vec<String> = [
        json!({ "id": good, "value": [MARKER] }),
        json!({ "id": good, "value": { MARKER: MARKER } }),
        json!({ "id": MARKER, "value": MARKER }),
        json!({ "id": format!("https://{HOST}/secrets/{MARKER}/{VERSION}"), "value": MARKER }),
        json!({ "id": format!("https://{HOST}/secrets/db/{MARKER}"), "value": MARKER }),
        json!({ "id": good, "value": MARKER, "attributes": { "enabled": MARKER } }),
        json!({ "id": good, "value": MARKER, "attributes": { "exp": MARKER } }),
        json!({ "id": good, "value": MARKER, "attributes": { "enabled": false } }),
        json!({ "id": good, "value": MARKER, "tags": MARKER }),
        json!({ "key": { "kid": good, "kty": MARKER, "n": MARKER } }),
        json!({ "key": { "kid": good, "kty": "RSA", "n": MARKER, "e": MARKER, "d": MARKER } }),
        json!(MARKER),
        json!([MARKER]),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    shapes.push(MARKER.to_owned());
    shapes.push(format!(r#"{{"id":"{good}","value":"{MARKER}"#));
    shapes.push(format!(r#"{{"id":"{good}","value":"{MARKER}\ud800"}}"#));
    shapes
}

fn sources() -> [Source; 3] {
    [ObjectKind::Secret, ObjectKind::Certificate, ObjectKind::Key].map(|kind| source(kind, "db"))
}

#[tokio::test(start_paused = true)]
async fn no_failure_shows_a_byte_of_an_answer_of_the_wrong_shape() {
    for shape in shapes() {
        for status in [200, 201, 304, 302] {
            for source in sources() {
                let stage = Stage::answering([Reply::new(status, shape.as_str())]);
                let failure = stage.fetch(&source).await.expect_err(&shape);
                let shown = format!("{} {:?}", shown(&failure), stage.vault);
                assert!(!shown.contains(MARKER), "{shown}\n{shape}");
            }
        }
    }
}

/// A page has no value, but whatever answers in Key Vault's place may put one there.
#[tokio::test(start_paused = true)]
async fn no_failure_of_a_list_shows_a_byte_of_a_page() {
    let good = format!("https://{HOST}/secrets/db/{VERSION}");
    let pages = [
        json!({ "value": MARKER }),
        json!({ "value": [MARKER] }),
        json!({ "value": [{ "id": MARKER }] }),
        json!({ "value": [{ "id": format!("https://{HOST}/secrets/{MARKER}/{MARKER}") }] }),
        json!({ "value": [{ "id": format!("https://{HOST}/{MARKER}/db/{VERSION}"), "value": MARKER }] }),
        json!({ "value": [{ "id": good, "value": MARKER, "attributes": MARKER }] }),
        json!({ "value": [{ "id": good, "tags": { MARKER: [MARKER] } }] }),
        json!({ "value": [{ "id": good, "attributes": { "created": MARKER } }] }),
        json!({ "value": [], "nextLink": [MARKER] }),
        json!({ "value": [], "nextLink": format!("https://[{MARKER}") }),
        json!({ "value": [], "nextLink": format!("https://{HOST}:1/{MARKER}?{MARKER}#{MARKER}") }),
        json!({ "value": [], "nextLink": format!("https://{MARKER}:{MARKER}@{HOST}/{MARKER}") }),
        json!({ "value": [], "nextLink": format!("data:{MARKER}") }),
        json!(MARKER),
    ];
    let mut bodies: Vec<String> = pages.iter().map(ToString::to_string).collect();
    bodies.push(format!(r#"{{"value":["{MARKER}"#));
    for body in bodies {
        let stage = Stage::answering([Reply::new(200, body.as_str())]);
        // A page can be a list of secrets and none of versions; as either it is read to its end.
        let failures = [
            Some(stage.versions(&secret("db")).await.expect_err(&body)),
            stage.secrets().await.err(),
        ];
        for failure in failures.into_iter().flatten() {
            let shown = shown(&failure);
            assert!(!shown.contains(MARKER), "{shown}\n{body}");
        }
    }
}

#[tokio::test]
async fn neither_a_fetched_object_nor_a_request_shows_its_secret() {
    let value = json!({ "id": format!("https://{HOST}/secrets/db/{VERSION}"), "value": MARKER });
    let stage = Stage::answering([Reply::new(200, value.to_string())]);
    let object = stage.fetch(&secret("db")).await.expect("fetched");
    let shown = format!("{object:?} {object:#?} {:?} {:#?}", stage.vault, stage.vault);
    assert!(!shown.contains(MARKER), "{shown}");
    assert!(!shown.contains("token 0"), "{shown}");
}
