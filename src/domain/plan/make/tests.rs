//! What a plan says of the templates that it fills.

use std::sync::Arc;

use time::macros::datetime;

use super::*;
use crate::domain::certificate::test_certificates::{Authority, pem};
use crate::domain::entry::EntryId;
use crate::domain::fetched::{Attributes, SecretContent};
use crate::domain::mode::FileMode;
use crate::domain::object::{ObjectId, ObjectName, VaultName, VersionId, VersionSelector};
use crate::domain::payload::{Observation, ObservedFile};
use crate::domain::plan::{Plan, plan};
use crate::domain::query::Answer;
use crate::domain::spec::CertificateContent;

const NOW: OffsetDateTime = datetime!(2026-11-25 10:00 UTC);

fn path() -> RelativePath {
    RelativePath::parse("app.conf").expect("valid")
}

fn latest(kind: ObjectKind, name: &str) -> Source {
    Source {
        object: ObjectId {
            vault: VaultName::parse("app").expect("valid"),
            kind,
            name: ObjectName::parse(name).expect("valid"),
        },
        version: VersionSelector::Latest,
    }
}

/// A version of an object that is valid from one time to another, as its attributes have it.
fn object(kind: ObjectKind, name: &str, value: &str, [not_before, expires]: [i64; 2]) -> FetchedObject {
    let time = |year: i64| OffsetDateTime::from_unix_timestamp((year - 1970) * 31_556_952).ok();
    FetchedObject {
        object: latest(kind, name).object,
        version: VersionId::parse(&"0a".repeat(16)).expect("valid"),
        id: String::new(),
        attributes: Attributes {
            not_before: time(not_before),
            expires: time(expires),
            ..Attributes::default()
        },
        content: FetchedContent::Secret(SecretContent {
            value: SecretBytes::from(value.to_owned()),
            content_type: None,
            backs_certificate: false,
        }),
    }
}

/// A certificate without the intermediate that issued it, whose attributes say other times than itself.
fn certificate(name: &str) -> FetchedObject {
    let leaf = Authority::root("root").authority("middle").issue(name);
    let value = pem("CERTIFICATE", &leaf.der) + &pem("PRIVATE KEY", &leaf.key);
    object(ObjectKind::Certificate, name, &value, [2020, 2021])
}

/// A template of objects that are told.
fn planned(text: &str, objects: &[FetchedObject], observed: &Observation) -> Plan {
    let template = Arc::new(Template::text(text).expect("valid"));
    let input = |reference: &Reference| (reference.clone(), latest(reference.kind, reference.name.as_str()));
    let file = FileSpec {
        path: path(),
        content: Content::Template(template.digest()),
        mode: FileMode::from_bits(0o440),
    };
    let inputs = template.references().map(input).collect();
    let entry = Entry {
        id: EntryId::Template(path()),
        required: true,
        group: None,
        body: Body::Template(template, inputs),
        files: vec![file],
        blocked: None,
        undecided: false,
        decided_by: Vec::new(),
        leaving: Vec::new(),
    };
    let mut known = Known::default();
    for object in objects {
        let source = latest(object.object.kind, object.object.name.as_str());
        known.learn(
            Query::Object(source),
            Ok(Answer::Object(Box::new(object.clone()))),
        );
    }
    plan(&[entry], &Published::new(observed), &known, &[], NOW)
}

/// The remarks on a template's file, and when it is valid; its record says the same.
fn told(text: &str, objects: &[FetchedObject]) -> (Vec<Notice>, Validity) {
    let plan = planned(text, objects, &Observation::default());
    let entry = &plan.entries[0];
    assert!(
        matches!(entry.outcome, Outcome::Fetched { changed: true, .. }),
        "{entry:?}"
    );
    assert_eq!(plan.payload.files[&path()].record.validity, entry.validity);
    (entry.notices.clone(), entry.validity)
}

#[test]
fn a_template_tells_once_what_is_odd_about_the_parts_of_a_certificate_that_it_uses() {
    let web = certificate("web");
    let file = FileSpec {
        path: path(),
        content: Content::Certificate(CertificateContent::FullChain { root: false }),
        mode: FileMode::from_bits(0o440),
    };
    let alone = render::render_object(&[file], &web, &Passwords::new()).expect("renderable");
    assert!(alone.notices[0].is_warning() && alone.validity.expires.is_some());

    let chains =
        r#"{% set web = certificate("web") %}{{ web.fullChain }}{{ web.chain }}{{ web.privateKey }}"#;
    assert_eq!(
        told(chains, std::slice::from_ref(&web)),
        (alone.notices, alone.validity)
    );
    let leaf = r#"{{ certificate("web").leaf }}"#;
    assert_eq!(
        told(leaf, std::slice::from_ref(&web)),
        (Vec::new(), alone.validity)
    );
}

#[test]
fn a_template_is_valid_while_all_of_its_secrets_and_certificates_are() {
    let secret = |name, times| object(ObjectKind::Secret, name, "value", times);
    let (early, late) = (secret("a", [2020, 2030]), secret("b", [2025, 2035]));
    let both = r#"{{ secret("a") }} {{ secret("b") }}"#;
    let (_, validity) = told(both, &[early.clone(), late.clone()]);
    assert_eq!(validity.not_before, late.attributes.not_before);
    assert_eq!(validity.expires, early.attributes.expires);

    let with_certificate = r#"{{ secret("b") }} {{ certificate("web").leaf }}"#;
    let (_, validity) = told(with_certificate, &[late.clone(), certificate("web")]);
    assert_eq!(validity.not_before, late.attributes.not_before);
    assert_eq!(validity.expires, late.attributes.expires);
    assert_eq!(told("text", &[]).1, Validity::default());
}

#[test]
fn the_end_of_a_secret_that_moves_without_a_new_version_moves_the_end_of_its_template() {
    let secret = |expires| object(ObjectKind::Secret, "a", "value", [2020, expires]);
    let text = r#"{{ secret("a") }}"#;
    let first = planned(text, &[secret(2030)], &Observation::default());
    let file = &first.payload.files[&path()];
    let observed = Observation {
        files: [(
            path(),
            ObservedFile {
                record: file.record.clone(),
                mode: file.mode,
                owner_matches: true,
            },
        )]
        .into(),
        ..Observation::default()
    };
    let second = planned(text, &[secret(2031)], &observed);
    let entry = &second.entries[0];
    assert!(matches!(entry.outcome, Outcome::Fetched { changed: false, .. }));
    assert_eq!(entry.validity.expires, secret(2031).attributes.expires);
}
