//! What holds for any input: conversion ends, within bounds, and gives a manifest or a reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::fixtures::cases;
use super::{Conversion, ConvertError, Fate, Tool, convert};
use domain::desired::SyncSpec;
use domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use domain::object::VersionId;
use domain::path::RelativePath;
use domain::secret::SecretBytes;
use manifest::{self, Problems};
use render::template;

const TOOLS: [Option<Tool>; 4] = [
    None,
    Some(Tool::SecretProviderClass),
    Some(Tool::Akva),
    Some(Tool::AcsKeyvaultAgent),
];

fn load(manifest: &str) -> Result<SyncSpec, Problems> {
    let no_variables: &[(&str, &str)] = &[];
    manifest::load(manifest, "converted", &no_variables).map(|loaded| loaded.spec)
}

/// The file of the one template of a manifest, when every secret has this value.
fn written(spec: &SyncSpec, value: &[u8]) -> String {
    let template = &spec.templates[0];
    let objects: Vec<_> = template
        .inputs
        .iter()
        .map(|(reference, wanted)| {
            let object = FetchedObject {
                object: wanted.object.clone(),
                version: VersionId::parse(&"0".repeat(32)).expect("a version"),
                id: String::new(),
                attributes: Attributes::default(),
                content: FetchedContent::Secret(SecretContent {
                    value: SecretBytes::new(value.to_vec()),
                    content_type: None,
                    backs_certificate: false,
                }),
            };
            (reference.clone(), object)
        })
        .collect();
    let objects = objects
        .iter()
        .map(|(reference, object)| (reference.clone(), object))
        .collect();
    let filled = template::fill(&template.template, &objects).expect("a file");
    String::from_utf8(filled.bytes.expose().to_vec()).expect("text")
}

/// Asserts what holds for every conversion.
fn assert_decided(text: &str) {
    for tool in TOOLS {
        let notes = match convert(text, tool) {
            Ok(Conversion { manifest, notes }) => {
                assert!(manifest.starts_with("# Made by") && manifest.ends_with('\n'));
                let problems = load(&manifest).err();
                assert_eq!(
                    problems.map(|problems| problems.render(false)),
                    None,
                    "{tool:?}\n{text}"
                );
                notes
            }
            Err(error) => {
                assert!(!error.to_string().contains('\n') && !error.hint().is_empty());
                assert!(
                    !matches!(error, ConvertError::Refused { .. }),
                    "{tool:?}: {error}\n{text}"
                );
                error.notes().to_vec()
            }
        };
        for note in notes {
            assert!(!note.subject.is_empty() && !note.reason.is_empty());
            assert!(!note.to_string().contains(char::is_control), "{note:?}");
        }
    }
}

/// A text with a few places of it replaced.
fn edited(text: &str, edits: &[(Index, usize, &str)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, word) in edits {
        let at = at.index(chars.len() + 1);
        let end = (at + length).min(chars.len());
        chars.splice(at..end, word.chars());
    }
    chars.into_iter().collect()
}

fn words() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "~",
        "{}",
        "[]",
        "[",
        "{",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "\"",
        "'",
        "&a ",
        "*a",
        "|\n",
        "---\n",
        "#",
        "..",
        "/",
        "../x",
        ";",
        "::",
        "=",
        "{{",
        "}}",
        "{{ .Secrets.a.Value }}",
        "(",
        "true",
        "0",
        "9999999999",
        "latest",
        "https://",
        "\u{feff}",
        "\u{0}",
        "é",
        "objectName: a",
        "array:",
        "pfx",
        "base64",
        "workers:",
        "sinks:",
        "cert",
    ])
}

fn case_texts() -> impl Strategy<Value = String> {
    let texts = TOOLS.into_iter().flatten().flat_map(cases).map(|(_, text)| text);
    select(texts.collect::<Vec<_>>())
}

/// An object of a class whose parameters the provider accepts, as YAML.
fn object() -> impl Strategy<Value = (String, bool)> {
    let kind = select(vec!["secret", "key", "cert"]);
    let version = select(vec!["", "latest", "\"\"", "0123456789abcdef0123456789abcdef"]);
    let format = select(vec!["", "pem", "pfx", "PEM"]);
    let encoding = select(vec!["", "utf-8", "base64", "hex"]);
    let mode = select(vec!["", "0400", "\"0644\"", "755"]);
    let parts = (
        "[A-Za-z0-9-]{1,20}",
        "([a-z0-9._-]{1,8}/){0,2}[a-z0-9 _-]{1,8}",
        kind,
        version,
        0..6_i32,
        format,
        encoding,
        mode,
    );
    parts.prop_map(|(name, alias, kind, version, history, format, encoding, mode)| {
        let mut text = format!("objectName: \"{name}\"\nobjectAlias: \"{alias}\"\nobjectType: {kind}\nobjectVersionHistory: {history}\n");
        let of_secrets = kind == "secret";
        for (key, value, fits) in [
            ("objectVersion", version, true),
            ("objectFormat", format, of_secrets || format != "pfx"),
            ("objectEncoding", encoding, of_secrets),
            ("filePermission", mode, true),
        ] {
            if fits && !value.is_empty() {
                writeln!(text, "{key}: {value}").expect("text");
            }
        }
        (text, RelativePath::parse(alias.trim()).is_ok())
    })
}

fn identity() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "usePodIdentity: \"true\"",
        "useVMManagedIdentity: \"true\"",
        "useVMManagedIdentity: \"true\"\n    userAssignedIdentityID: 11112222-3333-4444-5555-666677778888",
        "clientID: 11112222-3333-4444-5555-666677778888",
        "clientID: 11112222-3333-4444-5555-666677778888\n    useAzureTokenProxy: \"true\"",
    ])
}

fn cloud() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "AzurePublicCloud",
        "AzureChinaCloud",
        "AzureUSGovernmentCloud",
        "AzureGermanCloud",
        "AzureStackCloud",
    ])
}

fn class(vault: &str, identity: &str, cloud: &str, objects: &[(String, bool)]) -> String {
    let mut text = format!(
        "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {{ name: contoso }}\nspec:\n  \
         provider: azure\n  parameters:\n    keyvaultName: \"{vault}\"\n    cloudName: \"{cloud}\"\n    tenantID: contoso.com\n    \
         {identity}\n    objects: |\n      array:\n"
    );
    for (object, _) in objects {
        text += "        - |\n";
        for line in object.lines() {
            writeln!(text, "          {line}").expect("text");
        }
    }
    text
}

proptest! {
    #[test]
    fn any_text_is_decided(text in "(\\PC|[\n:\\-{}\\[\\]&*!|>'\"%#?, \t=;\\x00-\\x1f]){0,80}") {
        assert_decided(&text);
    }

    #[test]
    fn any_edit_of_a_configuration_is_decided(
        text in case_texts(),
        edits in proptest::collection::vec((any::<Index>(), 0..12_usize, words()), 1..4),
    ) {
        assert_decided(&edited(&text, &edits));
    }

    #[test]
    fn a_well_formed_class_gives_a_manifest_that_passes_check(
        vault in "[a-z][a-z0-9]{2,23}",
        identity in identity(),
        cloud in cloud(),
        objects in proptest::collection::vec(object(), 1..6),
    ) {
        let text = class(&vault, identity, cloud, &objects);
        match convert(&text, None) {
            Ok(Conversion { manifest, .. }) => {
                let loaded = load(&manifest);
                prop_assert!(loaded.is_ok(), "{}\n{}", text, loaded.expect_err("refused").render(false));
            }
            // The provider takes a few paths that no volume can have.
            Err(error) => prop_assert!(objects.iter().all(|(_, fits)| !fits), "{text}\n{error:?}"),
        }
    }

    #[test]
    fn a_text_around_values_comes_out_of_the_template_as_it_went_in(
        texts in proptest::collection::vec("[{}%#'\"a \n-]{0,6}", 1..5),
    ) {
        // A constant may hold anything but a backquote. Text alone would be refused, and a value alone is no template.
        let texts: Vec<String> = texts.into_iter().map(|text| format!("x{text}")).collect();
        let template = texts.iter().fold(String::new(), |all, text| all + "{{ `" + text + "` }}{{ .Secrets.a.Value }}");
        let sink = serde_json::json!({ "path": "/etc/app/a", "template": template });
        let resource = r#"{ "kind": "secret", "name": "a", "vaultBaseURL": "https://contoso.vault.azure.net" }"#;
        let text = format!("workers: [{{ resources: [{resource}], sinks: [{sink}] }}]");
        let manifest = convert(&text, Some(Tool::Akva)).expect("a manifest").manifest;
        let spec = load(&manifest).expect("it passes check");
        let written = written(&spec, b"VALUE");
        prop_assert_eq!(written, texts.join("VALUE") + "VALUE", "{}", manifest);
    }

    #[test]
    fn every_object_of_a_class_is_in_the_manifest_or_in_the_list(
        names in proptest::collection::btree_set("[a-z]{3,12}", 1..8),
    ) {
        let objects: Vec<_> = names.iter().map(|name| (format!("objectName: {name}\nobjectType: key\nobjectAlias: {}", &name[..2]), true)).collect();
        let conversion = convert(&class("contoso", "", "", &objects), None).expect("a manifest");
        let carried = conversion.manifest.lines().filter_map(|line| line.strip_prefix("  - name: "));
        // What YAML would read as something else, such as `yes`, is in quotes.
        let mut told: BTreeSet<String> = carried.map(|name| name.trim_matches('"').to_owned()).collect();
        let dropped = conversion.notes.iter().filter(|note| note.fate == Fate::NotCarried);
        told.extend(dropped.filter_map(|note| note.subject.split('`').nth(1)).map(str::to_owned));
        prop_assert!(names.is_subset(&told), "{names:?} {told:?}");
    }
}

/// Inputs that try to make their reader work much harder than their writer.
fn bombs() -> Vec<String> {
    let spec = "kind: SecretProviderClass\nspec:\n  provider: azure\n  parameters:\n    keyvaultName: contoso\n    objects:\n      array:\n";
    let large = format!("objectName: a\n            x: {}", "y".repeat(500_000));
    let aliases = "        - *a\n".repeat(190);
    let object = "        - { objectName: a, objectType: secret, objectVersionHistory: 2147483647 }\n";
    let resource = "  - { kind: secret, name: a, vaultBaseURL: \"https://contoso.vault.azure.net\" }\n";
    let sink = "  - { path: a, template: \"{{ .Secrets | toValues | toJson }}\" }\n";
    vec![
        format!("{spec}        - &a |\n            {large}\n{aliases}"),
        format!("{spec}{}", object.repeat(1_500)),
        "kind: SecretProviderClass\n---\n".repeat(90),
        "---\na: b\n".repeat(10_000),
        "[".repeat(900_000),
        format!(
            "VAULT_BASE_URL=https://contoso.vault.azure.net\nSECRETS_KEYS={}",
            "a;".repeat(500_000)
        ),
        format!(
            "VAULT_BASE_URL=https://contoso.vault.azure.net\nSECRETS_KEYS=a{}",
            ":".repeat(900_000)
        ),
        format!(
            "VAULT_BASE_URL=https://contoso.vault.azure.net\n{}",
            "A='\n".repeat(200_000)
        ),
        format!(
            "workers:\n- resources:\n{}  sinks:\n{}",
            resource.repeat(1_000),
            sink.repeat(1_000)
        ),
        format!(
            "workers:\n- sinks: [{{ path: a, template: '{}' }}]\n",
            "{{ ( ".repeat(150_000)
        ),
        format!(
            "workers:\n- sinks: [{{ path: a, template: '{}' }}]\n",
            "{{/**/}}".repeat(120_000)
        ),
        format!(
            "workers:\n- sinks: [{{ path: '{}', template: x }}]\n",
            "a/".repeat(400_000)
        ),
        "x".repeat(2_000_000),
    ]
}

#[test]
fn a_bomb_is_refused_or_converted_in_bounded_time() {
    for text in bombs() {
        let start = Instant::now();
        assert_decided(&text);
        let name: String = text.chars().take(60).collect();
        // Tens of milliseconds each; what is quadratic in a megabyte takes hours.
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "{name}: {:?}",
            start.elapsed()
        );
    }
}
