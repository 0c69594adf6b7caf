//! Files of secrets under names.

use super::*;
use domain::desired::{JsonPointer, SecretEncoding, SecretForm};

fn value(key: &str, name: &str) -> CombinedValue {
    CombinedValue {
        key: key.to_owned(),
        reference: reference(ObjectKind::Secret, name),
        form: SecretForm::default(),
    }
}

/// Each secret has its own name's value.
fn file(
    format: CombinedFormat,
    values: Vec<CombinedValue>,
    secrets: &[(&str, &[u8])],
) -> Result<String, TemplateFault> {
    let template = combined(format, values).expect("no problems");
    let objects: Vec<_> = secrets
        .iter()
        .map(|(name, value)| {
            let reference = reference(ObjectKind::Secret, name);
            (reference.clone(), object(&reference, secret_with(*value)))
        })
        .collect();
    let objects = objects
        .iter()
        .map(|(reference, object)| (reference.clone(), object))
        .collect();
    let bytes = fill(&template, &objects)?.bytes;
    Ok(String::from_utf8(bytes.expose().to_vec()).expect("text"))
}

#[test]
fn each_format_has_its_exact_bytes() {
    let secrets: [(&str, &[u8]); 2] = [("pw", b"p'#\"".as_slice()), ("host", "h\u{e4}:1\n".as_bytes())];
    for (format, key, expected) in [
        (
            CombinedFormat::Properties,
            "a b=c",
            "a\\ b\\=c=h\\u00E4\\:1\\n\nz=p'\\#\"\n",
        ),
        (
            CombinedFormat::Json,
            "a:b",
            "{\n  \"a:b\": \"hä:1\\n\",\n  \"z\": \"p'#\\\"\"\n}\n",
        ),
        (
            CombinedFormat::Yaml,
            "a: b",
            "\"a: b\": \"hä:1\\n\"\n\"z\": \"p'#\\\"\"\n",
        ),
    ] {
        let values = vec![value(key, "host"), value("z", "pw")];
        assert_eq!(
            file(format, values, &secrets).as_deref(),
            Ok(expected),
            "{format:?}"
        );
    }
    let values = vec![value("B", "host"), value("_a1", "b")];
    let secrets: [(&str, &[u8]); 2] = [("host", b"a\n$b"), ("b", b"it's")];
    assert_eq!(
        file(CombinedFormat::Dotenv, values, &secrets).as_deref(),
        Ok("B='a\n$b'\n_a1=\"it's\"\n")
    );
}

#[test]
fn values_take_the_form_that_is_wanted_of_them() {
    let mut part = value("HOST", "j");
    part.form.property = Some(JsonPointer::parse("/host").expect("a pointer"));
    part.form.trim = true;
    let secrets: [(&str, &[u8]); 1] = [("j", br#"{"host":" h "}"#)];
    assert_eq!(
        file(CombinedFormat::Dotenv, vec![part.clone()], &secrets).as_deref(),
        Ok("HOST='h'\n")
    );

    let fault = file(CombinedFormat::Dotenv, vec![part], &[("j", MARKER.as_bytes())]).expect_err("not JSON");
    let shown = format!("{fault} {fault:?}");
    assert!(
        shown.starts_with("key `HOST`: app/secrets/j version 0a0a") && !shown.contains(MARKER),
        "{shown}"
    );
}

#[test]
fn what_a_format_cannot_express_is_refused_by_key() {
    let fault = |format, value: CombinedValue, bytes: &[u8]| {
        let fault = file(format, vec![value], &[("s", bytes)]).expect_err("refused");
        assert!(!fault.hint().is_empty());
        fault.to_string()
    };
    assert_eq!(
        fault(CombinedFormat::Dotenv, value("A", "s"), b"a\\\\b"),
        "key `A`: the format does not take this value: it has two backslashes side by side, or one at its end"
    );
    let mut binary = value("A", "s");
    binary.form = SecretEncoding::Hex.into();
    assert_eq!(
        fault(CombinedFormat::Json, binary, b"ff"),
        "key `A`: the value of secret `s` is not UTF-8 text"
    );
    assert_eq!(
        fault(CombinedFormat::Yaml, value("A", "s"), &vec![b'x'; 1024 * 1024]),
        "the file would have more than 1048576 bytes"
    );
    assert_eq!(
        fault(CombinedFormat::Yaml, value("A", "other"), b""),
        "key `A`: secret `other` is not there"
    );
}

#[test]
fn every_problem_of_the_keys_is_told_at_once() {
    let problems = |format, values| -> Vec<String> {
        let problems = combined(format, values).expect_err("problems");
        problems.into_iter().map(|problem| problem.message).collect()
    };
    let mut certificate = value("C", "c");
    certificate.reference.kind = ObjectKind::Certificate;
    let values = vec![
        value("1A", "a"),
        value("A-B", "a"),
        value("", "a"),
        value("D", "a"),
        value("D", "b"),
        certificate,
        value(&"x".repeat(129), "a"),
    ];
    assert_eq!(
        problems(CombinedFormat::Dotenv, values),
        [
            "`1A` is not a key of the format `dotenv`",
            "`A-B` is not a key of the format `dotenv`",
            "`` is not a key of the format `dotenv`",
            "the key `D` is there twice",
            "`C` is made of a certificate",
            &format!("`{}` is not a key of the format `dotenv`", "x".repeat(129)),
        ]
    );
    assert_eq!(problems(CombinedFormat::Json, vec![]), ["there is no value"]);
    assert!(combined(CombinedFormat::Json, vec![value("1 -\n", "a")]).is_ok());
}

#[test]
fn the_digest_covers_all_that_decides_the_file() {
    let plain = vec![value("A", "s"), value("B", "s")];
    let mut variants = vec![
        plain.clone(),
        vec![plain[1].clone(), plain[0].clone()],
        vec![plain[0].clone()],
    ];
    let mut changed = plain.clone();
    changed[0].form.trim = true;
    variants.push(changed);
    let mut changed = plain.clone();
    changed[0].reference.vault = Some(VaultName::parse("v").expect("a name"));
    variants.push(changed);
    let digest = |format, values| combined(format, values).expect("valid").digest();
    let mut digests: Vec<_> = variants
        .into_iter()
        .map(|values| digest(CombinedFormat::Json, values))
        .collect();
    digests.push(digest(CombinedFormat::Yaml, plain));
    let all = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), all);
}
