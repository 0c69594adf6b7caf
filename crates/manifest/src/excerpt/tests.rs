//! What an excerpt shows, and what it hides.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::load;
use crate::schema::generated;

fn shown(line: &str) -> String {
    let mark = Mark {
        line: 1,
        column: 1,
        width: 0,
        block: 0,
    };
    Excerpt::of(&[line], mark, false).expect("a line").line
}

#[test]
fn what_may_be_a_secret_is_hidden_whatever_its_place_on_the_line() {
    for (line, expected) in [
        ("        passwordFrom: hunter2", "        passwordFrom: …"),
        (
            "- { path: a, content: jks, passwordFrom: hunter2 }",
            "- { path: a, content: jks, passwordFrom: … }",
        ),
        (
            "- { passwordFrom: 'hun,ter2', path: a }",
            "- { passwordFrom: …, path: a }",
        ),
        ("passwordFrom: \"hun\\\"ter2: x", "passwordFrom: …"),
        ("passwordFrom: hunter2: x", "passwordFrom: …"),
        ("name: a passwordFrom: hunter2", "name: …"),
        ("- name: hunter 2 # the old one is hunter1", "- name: hunter 2 …"),
        ("hunter2", "…"),
        ("  - hunter2", "  - …"),
        ("  - {secret: hunter2}", "  - {secret: …}"),
        ("password: hunter2", "…"),
        ("tenantId: hunter2", "tenantId: …"),
        ("clientSecretFile: hunter2", "clientSecretFile: …"),
        ("url: https://user:hunter2@contoso.vault.azure.net", "url: …"),
        ("url: https://contoso.vault.azure.net?sig=hunter2", "url: …"),
        ("path: \"${X:-hunter2}\"", "path: …"),
        ("path: \"${X}\"", "path: \"${X}\""),
        (
            "trustedHosts: [\"*\", vault.example.com]",
            "trustedHosts: [\"*\", vault.example.com]",
        ),
        ("template: |-", "template: |-"),
        ("template: hunter2 {{ secret(\"a\") }}", "template: …"),
        ("  fileMode: \"0999\"", "  fileMode: \"0999\""),
        ("[name, hunter2]", "[…, …]"),
        ("[\u{a0}]", "[…]"),
    ] {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn a_marked_key_is_shown_when_it_is_a_word_alone() {
    let marked = |line: &str, key: &str| {
        let column = u32::try_from(line.find(key).expect("there") + 1).expect("short");
        let width = u32::try_from(key.chars().count()).expect("short");
        let mark = Mark {
            line: 1,
            column,
            width,
            block: 0,
        };
        Excerpt::of(&[line], mark, true).expect("a line").line
    };
    assert_eq!(marked("- { colour: red }", "colour"), "- { colour…");
    for key in [
        "passwordFrom:hunter2",
        "\"password=hunter2\"",
        "\"a hunter2\"",
        "/hunter2",
        "passwordFrom：hunter2",
    ] {
        for line in [
            format!("- {{ {key}: 1 }}"),
            format!("- {{ {key} }}"),
            format!("{key}: 1"),
        ] {
            assert!(
                !marked(&line, key).contains("hunter2"),
                "{line}: {}",
                marked(&line, key)
            );
        }
    }
}

#[test]
fn a_secret_that_a_missing_blank_makes_part_of_a_key_is_in_no_report() {
    for entry in [
        "{ path: a, content: jks, passwordFrom:hunter2 }",
        "{ path: a, content: jks, value:hunter2 }",
        "{ path: a, content: jks, clientSecret=hunter2 }",
        "{ path: a, content: jks, \"password=hunter2\": 1 }",
        "{ path: a, content: jks, \"password: hunter2\" }",
        "{ path: a, value:hunter2, value:hunter2 }",
        "{ path: a, ${X:-hunter2}: 1 }",
        "{ path: a, content: jks, passwordFrom：hunter2 }",
    ] {
        let text = format!(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\nvaults: [{{ name: app, url: \"https://contoso.vault.azure.net\" }}]\n\
             volume: {{ path: /mnt/akv }}\ncertificates:\n  - name: tls\n    files:\n      - {entry}\n"
        );
        let problems = load(&text, "m", &[("", "")].as_slice()).expect_err("no such key");
        let report = format!("{problems}{}", problems.render(false));
        assert!(report.contains("m:8:") && !report.contains("hunter2"), "{report}");
    }
}

/// The schemas of all keys, in every mapping that has them.
fn schemas_of_keys(schema: &Value, found: &mut BTreeMap<String, Vec<Value>>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties")
                && object.contains_key("additionalProperties")
            {
                for (key, property) in properties {
                    found.entry(key.clone()).or_default().push(property.clone());
                }
            }
            object.values().for_each(|value| schemas_of_keys(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| schemas_of_keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_schema_is_decided_and_no_free_text_is_shown() {
    let mut keys = BTreeMap::new();
    schemas_of_keys(&generated(), &mut keys);
    assert!(
        keys.keys()
            .map(String::as_str)
            .eq(KEYS.iter().map(|(key, _)| *key))
    );
    for (key, _) in KEYS.iter().filter(|(_, shows)| *shows) {
        for schema in &keys[*key] {
            let text = schema.to_string();
            let is_closed = [
                "\"pattern\"",
                "\"oneOf\"",
                "\"enum\"",
                "\"const\"",
                "boolean",
                "integer",
            ];
            assert!(is_closed.iter().any(|word| text.contains(word)), "{key}: {text}");
        }
    }
}

proptest! {
    #[test]
    fn the_value_of_a_key_that_may_hold_a_secret_is_never_shown(
        before in "(- |- \\{ name: a, |\\{)?",
        secret in "Z[-A-Za-z0-9:.#'\"&*!%]{3,12}Z",
        after in "( \\}| #.*|, path: x)?",
    ) {
        let line = format!("{before}passwordFrom: {secret}{after}");
        prop_assert!(!shown(&line).contains('Z'), "{}", shown(&line));
    }
}
