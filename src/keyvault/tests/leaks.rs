//! A value never enters an error, whatever the answer around it looks like.

use serde_json::json;

use super::stage::*;
use crate::domain::object::{ObjectKind, Source};

const MARKER: &str = "MARKER-7f3a";

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
                let shown = format!("{failure} {failure:?} {} {:?}", failure.hint, stage.vault);
                assert!(!shown.contains(MARKER), "{shown}\n{shape}");
            }
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
