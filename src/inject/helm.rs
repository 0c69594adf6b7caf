//! What the chart has from here: templates of the fragments, and of what is refused. Written, and checked on every test run.
//!
//! `UPDATE_REFERENCE=1 cargo test --lib inject::helm` rewrites them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use encoding::yaml::double_quoted;

use super::fragment::{ALL, Fragment, Slot, slot};
use super::node::Node;
use super::refusals::{self, Refusal};
use super::words::{OTHERS, QUANTITIES, WORDS, Word};

const HOW: &str = "UPDATE_REFERENCE=1 cargo test --lib inject::helm";

#[test]
fn the_fragments_of_the_chart_are_current() {
    let mut out = head(
        "src/inject/fragments",
        "Each gives YAML and takes a dict of the values that it names. A value may be a text, a list or a mapping.",
    );
    for fragment in ALL {
        define(fragment, &mut out);
    }
    check("_fragments.tpl", &out);
}

#[test]
fn the_words_and_refusals_of_the_chart_are_current() {
    let mut out = head(
        "src/inject/words.rs and src/inject/refusals.yaml",
        "Of the admission policies, whose variables are in _policy.tpl.",
    );
    words(&mut out);
    problems(&mut out);
    needed_paths(&mut out);
    check("_words.tpl", &out);
}

/// Compares a generated file with what is there, or writes it when asked to.
fn check(name: &str, expected: &str) {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/akv-sync/templates");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(templates.join(name), expected).expect("writable");
    }
    let found = fs::read_to_string(templates.join(name)).unwrap_or_default();
    assert!(
        found == expected,
        "{name} of the chart is out of date; rewrite it with: {HOW}"
    );
}

fn head(source: &str, text: &str) -> String {
    format!("{{{{/*\nGenerated from {source}; rewritten by: {HOW}\n\n{text}\n*/}}}}\n")
}

/// The words as a list, each with the name of its variable.
fn words(out: &mut String) {
    line(
        out,
        0,
        "\n{{/* Annotations, and what holds where neither pod nor platform says it. */}}",
    );
    line(out, 0, "{{- define \"akv-sync.injection.words\" -}}");
    for Word {
        name,
        default,
        of_platform,
        ..
    } in &WORDS
    {
        line(out, 0, &format!("- name: {name}"));
        line(out, 2, &format!("variable: {}", variable(name)));
        line(out, 2, &format!("default: \"{default}\""));
        line(out, 2, &format!("ofPlatform: {of_platform}"));
    }
    line(out, 0, "{{- end }}");
    let known = WORDS.iter().map(|word| word.name).chain(OTHERS);
    let known: Vec<_> = known.map(|name| format!("\"{name}\"")).collect();
    line(
        out,
        0,
        "\n{{/* A list in CEL: annotations that are no mistake. */}}",
    );
    line(out, 0, "{{- define \"akv-sync.injection.known\" -}}");
    line(out, 0, &format!("[{}]\n{{{{- end }}}}", known.join(", ")));
    let quantities: Vec<_> = QUANTITIES
        .iter()
        .map(|(name, least)| format!("[\"{name}\", string(variables.{}), \"{least}\"]", variable(name)))
        .collect();
    line(
        out,
        0,
        "\n{{/* A list in CEL: words that are quantities, with their values and the least that they may be. */}}",
    );
    line(out, 0, "{{- define \"akv-sync.injection.quantities\" -}}");
    line(out, 0, &format!("[{}]\n{{{{- end }}}}", quantities.join(", ")));
}

/// As CEL can name it.
fn variable(word: &str) -> String {
    let mut parts = word.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, rest) = part.split_at(1);
        name + &head.to_ascii_uppercase() + rest
    })
}

/// A list in CEL: all that cannot work in a pod, in words.
fn problems(out: &mut String) {
    line(
        out,
        0,
        "\n{{/* A list in CEL: all that cannot work in a pod, in words. */}}",
    );
    line(out, 0, "{{- define \"akv-sync.injection.problems\" -}}");
    let terms: Vec<_> = refusals::table().iter().map(problem).collect();
    line(out, 0, &terms.join(" +\n"));
    line(out, 0, "{{- end }}");
}

/// For the chart's own check of the path.
fn needed_paths(out: &mut String) {
    let paths = serde_json::to_string(&refusals::NEEDED).expect("texts are JSON");
    line(
        out,
        0,
        "\n{{/* As JSON: what containers need, so that no files may be mounted at, below or above it. */}}",
    );
    line(out, 0, "{{- define \"akv-sync.neededPaths\" -}}");
    line(out, 0, &paths);
    line(out, 0, "{{- end }}");
}

fn problem(refusal: &Refusal) -> String {
    let Refusal {
        name,
        message,
        always,
        cel,
    } = refusal;
    let quoted = serde_json::to_string(message).expect("a text is JSON");
    // The message in pieces, with what was found between them.
    let pieces = (0..3).fold(quoted, |text, place| {
        text.replace(&format!("{{{place}}}"), &format!("\" + f[{place}] + \""))
    });
    let asked = if *always { "" } else { "variables.injected ? [] : " };
    format!("// {name}\n({asked}({cel}).map(f, {pieces}))")
}

fn define(fragment: &Fragment, out: &mut String) {
    let tree = fragment.tree();
    let (mut needed, mut optional) = (Vec::new(), Vec::new());
    slots(&tree, &mut |slot| {
        let list = if slot.optional { &mut optional } else { &mut needed };
        if !list.iter().any(|name| name == slot.name) {
            list.push(slot.name.to_owned());
        }
    });
    let takes = match (needed.join(", "), optional.join(", ")) {
        (needed, optional) if needed.is_empty() && optional.is_empty() => "nothing".to_owned(),
        (needed, optional) if optional.is_empty() => needed,
        (needed, optional) => format!("{needed}; where there is one: {optional}"),
    };
    let Fragment { name, is, .. } = fragment;
    let whole = format!("akv-sync.fragment.{name}");
    line(
        out,
        0,
        &format!("\n{{{{/* {is}. Takes {takes}. */}}}}\n{{{{- define \"{whole}\" -}}}}"),
    );
    map(&tree, 0, &whole, out);
    line(out, 0, "{{- end }}");
}

fn slots(node: &Node, found: &mut impl FnMut(Slot<'_>)) {
    if let Some(slot) = slot(node) {
        found(slot);
    }
    node.items().iter().for_each(|item| slots(item, found));
    node.entries().iter().for_each(|(_, value)| slots(value, found));
}

fn line(out: &mut String, indent: usize, text: &str) {
    writeln!(out, "{:indent$}{text}", "").expect("writing to a String does not fail");
}

fn map(node: &Node, indent: usize, whole: &str, out: &mut String) {
    for (key, value) in node.entries() {
        let key = &key.text;
        match (value, slot(value)) {
            (_, Some(Slot { name, optional: true })) => {
                line(out, indent, &format!("{{{{- with .{name} }}}}"));
                line(out, indent, &format!("{key}: {{{{ toJson . }}}}"));
                line(out, indent, "{{- end }}");
            }
            (_, Some(Slot { name, .. })) => {
                let value = format!("required \"{whole}: {name} is missing\" .{name} | toJson");
                line(out, indent, &format!("{key}: {{{{ {value} }}}}"));
            }
            (Node::Scalar(scalar), None) if scalar.plain => {
                line(out, indent, &format!("{key}: {}", scalar.text));
            }
            (Node::Scalar(scalar), None) => {
                line(out, indent, &format!("{key}: {}", double_quoted(&scalar.text)));
            }
            (Node::Map(entries), None) if entries.is_empty() => line(out, indent, &format!("{key}: {{}}")),
            (Node::Map(_), None) => {
                line(out, indent, &format!("{key}:"));
                map(value, indent + 2, whole, out);
            }
            (Node::List(items), None) => {
                line(out, indent, &format!("{key}:"));
                for item in items {
                    element(item, indent + 2, whole, out);
                }
            }
        }
    }
}

fn element(item: &Node, indent: usize, whole: &str, out: &mut String) {
    if let Some(text) = item.as_text() {
        line(out, indent, &format!("- {text}"));
        return;
    }
    let mut inner = String::new();
    map(item, indent + 2, whole, &mut inner);
    let rest = inner.trim_start();
    assert!(
        !rest.starts_with("{{"),
        "an element must not begin with an optional key: {inner}"
    );
    write!(out, "{:indent$}- {rest}", "").expect("writing to a String does not fail");
}
