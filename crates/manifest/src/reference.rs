//! The generated pages under `docs/reference`, and what the chart has of them: written from the schema, and checked on every test run.
//!
//! `UPDATE_REFERENCE=1 cargo test -p akv-sync-manifest reference` rewrites them.

mod chart;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Code;
use super::schema::generated;

#[test]
fn the_schema_file_is_current() {
    let text = serde_json::to_string_pretty(&generated()).expect("a schema is JSON");
    check("docs/reference/manifest.schema.json", &format!("{text}\n"));
}

#[test]
fn the_reference_page_is_current() {
    check("docs/reference/manifest.md", &page(&generated()));
}

/// Compares a generated file with what is there, or writes it when asked to.
fn check(name: &str, expected: &str) {
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(path(name), expected).expect("writable");
    }
    let hint = "UPDATE_REFERENCE=1 cargo test -p akv-sync-manifest reference";
    assert!(
        read(name) == expected,
        "{name} is out of date; rewrite it with: {hint}"
    );
}

/// A file of the repository; nothing when it is not there.
fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_default()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// The mappings of a manifest, in the order of the page: where they stand, and their name in the schema.
const SECTIONS: [(&str, &str); 26] = [
    ("The manifest", ""),
    ("`identity`", "Identity"),
    ("`vaults[]`", "Vault"),
    ("`volume`", "Volume"),
    ("`refresh`", "Refresh"),
    ("`secrets[]`", "SecretEntry"),
    ("`secrets[].select`", "Select"),
    ("`version`", "VersionByTime"),
    ("`certificates[]`", "CertificateEntry"),
    ("`certificates[].files[]`", "CertificateFile"),
    ("`certificates[].files[].passwordFrom`", "PasswordFrom"),
    ("`keys[]`", "KeyEntry"),
    ("`templates[]`", "TemplateEntry"),
    ("`templates[].values[]`", "TemplateValue"),
    ("`hooks[]`", "Hook"),
    ("`hooks[].exec`", "Exec"),
    ("`hooks[].signal`", "Signal"),
    ("`hooks[].verify`", "Verify"),
    ("`hooks[].http`", "Http"),
    ("`hooks[].http.headers[]`", "Header"),
    ("`hooks[].http.headers[].valueFrom`", "ValueFrom"),
    ("`hooks[].touch`", "Touch"),
    ("`hooks[].exit`", "Exit"),
    ("`hooks[].retry`", "Retry"),
    ("`admin`", "Admin"),
    ("`metrics`", "Metrics"),
];

fn page(schema: &Value) -> String {
    let mut out = String::from(
        "# Manifest reference\n\n\
         Generated from the types that read the manifest, as is [the JSON Schema](manifest.schema.json).\n\n\
         A manifest is one YAML document of at most 1 MiB. Keys that are not listed here are errors. Anchors and\n\
         aliases may be used; tags and merge keys may not. A text stays the text that is written: `no` is not a\n\
         boolean and `1e3` is not a number. Quotes round such a text keep other YAML tools from thinking so; modes\n\
         must have them.\n",
    );
    let definitions = schema["$defs"].as_object().expect("the schema has definitions");
    for (title, name) in SECTIONS {
        let section = if name.is_empty() {
            schema
        } else {
            &definitions[name]
        };
        write(
            &mut out,
            format_args!("\n## {title}\n\n{}\n\n", text(section, "description")),
        );
        table(&mut out, section);
    }
    let names: Vec<&str> = SECTIONS.iter().map(|(_, name)| *name).collect();
    let missing: Vec<_> = definitions
        .keys()
        .filter(|name| !names.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?} have no section");
    codes(&mut out);
    out
}

fn table(out: &mut String, section: &Value) {
    out.push_str("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
    let required = section["required"].as_array().cloned().unwrap_or_default();
    let properties = section["properties"].as_object().expect("a mapping has keys");
    let mut keys: Vec<_> = properties.iter().collect();
    keys.sort_by_key(|(key, _)| {
        required
            .iter()
            .position(|name| name == *key)
            .unwrap_or(usize::MAX)
    });
    for (key, property) in keys {
        let default = match &property["default"] {
            Value::Null if required.iter().any(|name| name == key) => "required".to_owned(),
            Value::Null => String::new(),
            // A mode; without quotes it would be refused.
            Value::String(text) if text.parse::<u32>().is_ok() => format!("`\"{text}\"`"),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let meaning = text(property, "description").replace('\n', " ");
        write(
            out,
            format_args!("| `{key}` | {} | {default} | {meaning} |\n", value(property)),
        );
    }
    for (key, property) in properties {
        alternatives(out, key, property);
    }
}

/// The values of a closed set, each with its meaning.
fn alternatives(out: &mut String, key: &str, property: &Value) {
    let Some(values) = property["oneOf"].as_array() else {
        return;
    };
    write(out, format_args!("\nValues of `{key}`:\n\n"));
    for value in values {
        let meaning = text(value, "description").replace('\n', " ");
        write(out, format_args!("- `{}`: {meaning}\n", text(value, "const")));
    }
}

/// What a value looks like, in a few words.
fn value(property: &Value) -> String {
    if let Some(reference) = property["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let section = SECTIONS
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(title, _)| *title);
        let title = section.expect("each definition has a section");
        let anchor: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
        let anchor = anchor.to_ascii_lowercase();
        return format!("[mapping](#{anchor})");
    }
    if let Some(choices) = property["anyOf"].as_array() {
        let choices: Vec<_> = choices.iter().map(value).collect();
        return choices.join(", or ");
    }
    if let Some(values) = property["enum"].as_array() {
        let values: Vec<_> = values
            .iter()
            .filter_map(Value::as_str)
            .map(|value| format!("`{value}`"))
            .collect();
        return values.join(", ");
    }
    match property["type"].as_str() {
        _ if property["oneOf"].is_array() => "one of those below".to_owned(),
        Some("array") => format!("list: {}", value(&property["items"])),
        Some("boolean") => "`true` or `false`".to_owned(),
        _ => property["title"].as_str().expect("a text has a title").to_owned(),
    }
}

fn codes(out: &mut String) {
    out.push_str(
        "\n## Problems\n\n\
         `akv-sync check` reports every problem of a manifest at once, each with one of these codes. What is a\n\
         warning leaves the manifest as it is: `run`, `once` and `plan` log it once, and no exit code changes. The message and\n\
         the line in a log never hold a value of the manifest; of a template they name variables, filters and keys.\n\n| Code | Meaning |\n|---|---|\n",
    );
    for code in Code::ALL {
        write(out, format_args!("| `{code}` | {} |\n", code.meaning().trim()));
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}
