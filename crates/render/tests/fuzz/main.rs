//! Fuzzing of what makes files of the values of others; `testing::fuzz` says how.

use std::collections::BTreeMap;

use domain::desired::{Content, FileSpec, JsonPointer, SecretEncoding, SecretForm};
use domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use domain::mode::FileMode;
use domain::object::{ObjectId, ObjectKind, ObjectName, VaultHost, VaultId, VaultName, VersionId};
use domain::path::RelativePath;
use domain::secret::SecretBytes;
use render::template;
use render::{Passwords, render_object};
use testing::fuzz::{fuzz, seeds};

/// The kept seeds of a target.
fn of(target: &str) -> Vec<Vec<u8>> {
    seeds(
        env!("CARGO_MANIFEST_DIR"),
        &[format!("tests/fuzz/seeds/{target}").as_str()],
    )
}

#[test]
fn a_secret_of_any_bytes_is_decoded_or_refused() {
    fuzz("json", &of("json"), secret);
}

#[test]
fn a_template_of_any_bytes_is_decided_and_rendered_within_bounds() {
    fuzz("template", &of("template"), fill);
}

fn object(value: &[u8], content_type: Option<&str>) -> FetchedObject {
    FetchedObject {
        object: ObjectId {
            vault: VaultId {
                name: VaultName::parse("app").expect("a name"),
                host: VaultHost::parse("app.vault.azure.net").expect("a host"),
            },
            kind: ObjectKind::Secret,
            name: ObjectName::parse("a").expect("a name"),
        },
        version: VersionId::parse(&"0".repeat(32)).expect("a version"),
        id: "https://contoso.vault.azure.net/secrets/a".to_owned(),
        attributes: Attributes::default(),
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::new(value.to_vec()),
            content_type: content_type.map(str::to_owned),
            backs_certificate: true,
        }),
    }
}

fn file(content: Content) -> FileSpec {
    FileSpec {
        path: RelativePath::parse("file").expect("a path"),
        content,
        mode: FileMode::from_bits(0o440),
    }
}

/// Encodings and JSON pointers.
fn secret(value: &[u8]) {
    let pointers = ["", "/a", "/a/b/0", "/0/0", "/a~1b"];
    let encodings = [None, Some(SecretEncoding::Base64), Some(SecretEncoding::Hex)];
    for encoding in encodings {
        for pointer in pointers {
            let form = SecretForm {
                encoding,
                property: JsonPointer::parse(pointer).ok(),
                trim: true,
                newline: true,
            };
            // Refusing is as good as rendering.
            let _ = render_object(
                &[file(Content::Secret(form))],
                &object(value, None),
                &Passwords::new(),
            );
        }
    }
}

/// A template, and what it makes of objects that fit nothing in particular.
fn fill(bytes: &[u8]) {
    let Ok(template) = template::text(&String::from_utf8_lossy(bytes)) else {
        return;
    };
    let value = object(b"{\"a\": [\"text\", 1.5, null]}", None);
    let objects: BTreeMap<_, _> = template
        .references()
        .iter()
        .map(|reference| (reference.clone(), &value))
        .collect();
    if let Ok(filled) = template::fill(&template, &objects) {
        let length = filled.bytes.len();
        assert!(length <= 1 << 20, "{length} bytes");
    }
}
