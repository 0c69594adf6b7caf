//! Templates over objects that the tests make; `quoting` compares formats with readers of them.

mod checking;
mod combining;
mod documentation;
mod hostile;
mod quoting;
mod rendering;

use std::collections::BTreeMap;

use testing::certificates::{Authority, pem as block};

use super::*;
use domain::failure::Failure;
use domain::fetched::{Attributes, Curve, FetchedContent, PublicKey, SecretContent};
use domain::object::{ObjectId, ObjectKind, ObjectName, VaultId, VaultName, VersionId};

/// A value that no error may show; its base64 is in no error either.
const MARKER: &str = "Vm9yc2ljaHQ";

fn reference(kind: ObjectKind, name: &str) -> Reference {
    Reference {
        kind,
        vault: None,
        name: ObjectName::parse(name).expect("a name"),
    }
}

fn object(reference: &Reference, content: FetchedContent) -> FetchedObject {
    FetchedObject {
        object: ObjectId {
            vault: VaultId::named("app"),
            kind: reference.kind,
            name: reference.name.clone(),
        },
        version: VersionId::parse(&"0a".repeat(16)).expect("a version"),
        id: format!("https://contoso.vault.azure.net/{}/0a", reference.name),
        attributes: Attributes {
            tags: BTreeMap::from([("owner".to_owned(), "team-1".to_owned())]),
            ..Attributes::default()
        },
        content,
    }
}

fn secret_with(value: impl Into<Vec<u8>>) -> FetchedContent {
    FetchedContent::Secret(SecretContent {
        value: SecretBytes::new(value.into()),
        content_type: None,
        backs_certificate: false,
    })
}

fn public_key() -> FetchedContent {
    FetchedContent::Key(PublicKey::Ec {
        curve: Curve::P256,
        x: vec![1; 32],
        y: vec![2; 32],
    })
}

/// Renders with secrets of these names and values; objects that are not named in the template are there too.
fn rendered(source: &str, secrets: &[(&str, &str)]) -> Result<String, TemplateFault> {
    let objects: Vec<_> = secrets
        .iter()
        .map(|(name, value)| (reference(ObjectKind::Secret, name), secret_with(*value)))
        .collect();
    rendered_of(source, objects)
}

fn rendered_of(source: &str, contents: Vec<(Reference, FetchedContent)>) -> Result<String, TemplateFault> {
    let template = text(source).expect("a template without problems");
    let objects: Vec<_> = contents
        .into_iter()
        .map(|(reference, content)| (reference.clone(), object(&reference, content)))
        .collect();
    let objects = objects
        .iter()
        .map(|(reference, object)| (reference.clone(), object))
        .collect();
    let bytes = fill(&template, &objects)?.bytes;
    Ok(String::from_utf8(bytes.expose().to_vec()).expect("text"))
}

fn problems(source: &str) -> Vec<TemplateProblem> {
    text(source).expect_err("a template with problems")
}

#[test]
fn a_digest_tells_templates_apart() {
    let digest = |source| text(source).expect("valid").digest();
    assert_eq!(digest("a"), digest("a"));
    assert_ne!(digest("a"), digest("b"));
    assert!(digest("a").len() == 32 && digest("a").bytes().all(|byte| byte.is_ascii_hexdigit()));
}
