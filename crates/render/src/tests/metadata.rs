//! What Key Vault says of a version, and when what was rendered is valid.

use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use domain::fetched::Curve;

fn object(kind: ObjectKind, attributes: Attributes, content: FetchedContent) -> FetchedObject {
    let id = object_id();
    FetchedObject {
        object: ObjectId { kind, ..id },
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: "https://contoso.vault.azure.net/secrets/thing/0".to_owned(),
        attributes,
        content,
    }
}

fn metadata(object: &FetchedObject) -> String {
    let rendered = render_object(&specs(&[Content::Metadata]), object, &Passwords::new());
    let bytes = rendered.expect("renderable").files.remove(0).1;
    String::from_utf8(bytes.expose().to_vec()).expect("JSON")
}

fn attributes() -> Attributes {
    Attributes {
        created: Some(datetime!(2025-03-04 05:06:07 UTC)),
        updated: Some(datetime!(2025-03-04 05:06:08 UTC)),
        not_before: Some(datetime!(2025-03-04 00:00:00 UTC)),
        expires: Some(datetime!(2026-03-04 00:00:00 UTC)),
        tags: [("b", "\u{e4} \"quoted\""), ("a", "")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    }
}

#[test]
fn metadata_of_a_secret_are_json_in_a_fixed_order_without_the_value() {
    let secret = object(
        ObjectKind::Secret,
        attributes(),
        secret_with(MARKER, Some("text/plain")),
    );
    let expected = r#"{
  "id": "https://contoso.vault.azure.net/secrets/thing/0",
  "name": "thing",
  "kind": "secret",
  "version": "00000000000000000000000000000000",
  "contentType": "text/plain",
  "attributes": {
    "created": "2025-03-04T05:06:07Z",
    "updated": "2025-03-04T05:06:08Z",
    "notBefore": "2025-03-04T00:00:00Z",
    "expires": "2026-03-04T00:00:00Z"
  },
  "tags": {
    "a": "",
    "b": "ä \"quoted\""
  }
}
"#;
    assert_eq!(metadata(&secret), expected);
}

#[test]
fn metadata_of_every_kind_are_written_and_what_is_not_known_is_left_out() {
    let key = FetchedContent::Key(PublicKey::Ec {
        curve: Curve::P256,
        x: vec![],
        y: vec![],
    });
    for (kind, content, name) in [
        (ObjectKind::Key, key, "key"),
        // Not even read, so that what cannot be rendered can still be looked at.
        (ObjectKind::Certificate, secret_with(MARKER, None), "certificate"),
    ] {
        let json = metadata(&object(kind, Attributes::default(), content));
        let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value["kind"], name);
        assert_eq!(value["attributes"], serde_json::json!({}));
        assert_eq!(value["tags"], serde_json::json!({}));
        assert!(
            value.get("contentType").is_none() && !json.contains(MARKER),
            "{json}"
        );
    }
}

#[test]
fn a_time_that_has_no_rfc_3339_form_is_left_out() {
    let attributes = Attributes {
        created: Some(OffsetDateTime::from_unix_timestamp(-70_000_000_000).expect("in range")),
        ..attributes()
    };
    let json = metadata(&object(ObjectKind::Secret, attributes, secret_with(MARKER, None)));
    assert!(!json.contains("created") && json.contains("updated"), "{json}");
}

#[test]
fn a_certificate_says_itself_when_it_is_valid_and_anything_else_its_attributes() {
    let leaf = self_signed("alone");
    let value = block("CERTIFICATE", &leaf.der) + &block("PRIVATE KEY", &leaf.key);
    let object = object(ObjectKind::Certificate, attributes(), secret_with(value, None));
    let validity = |wanted: &[Content]| {
        let rendered = render_object(&specs(wanted), &object, &Passwords::new());
        rendered.expect("renderable").validity
    };
    let of_leaf = Validity {
        not_before: Some(datetime!(1975-01-01 00:00:00 UTC)),
        expires: Some(datetime!(2100-01-01 00:00:00 UTC)),
    };
    let of_attributes = Validity {
        not_before: attributes().not_before,
        expires: attributes().expires,
    };
    let leaf = Content::Certificate(CertificateContent::Leaf);
    assert_eq!(validity(&[Content::Metadata, leaf]), of_leaf);
    assert_eq!(validity(&[Content::Metadata]), of_attributes);
    assert_eq!(validity(&[Content::Secret(SecretForm::default())]), of_attributes);
}
