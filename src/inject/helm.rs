//! The chart's templates of the fragments: written from them, and checked on every test run.
//!
//! `UPDATE_REFERENCE=1 cargo test --lib inject::helm` rewrites them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::fragment::{ALL, Fragment, Slot, slot};
use super::node::Node;

const FILE: &str = "charts/akv-sync/templates/_fragments.tpl";

#[test]
fn the_fragments_of_the_chart_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let expected = file();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, &expected).expect("writable");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let hint = "UPDATE_REFERENCE=1 cargo test --lib inject::helm";
    assert!(
        found == expected,
        "{FILE} is out of date; rewrite it with: {hint}"
    );
}

fn file() -> String {
    let mut out = String::from(
        "{{/*\n\
         Generated from src/inject/fragments; UPDATE_REFERENCE=1 cargo test --lib inject::helm rewrites it.\n\n\
         Each gives YAML and takes a dict of the values that it names. A value may be a text, a list or a mapping.\n\
         */}}\n",
    );
    for fragment in ALL {
        define(fragment, &mut out);
    }
    out
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
            (Node::Scalar(scalar), None) => line(out, indent, &format!("{key}: {}", scalar.text)),
            (Node::Map(entries), None) if entries.is_empty() => line(out, indent, &format!("{key}: {{}}")),
            (Node::Map(_), None) => {
                line(out, indent, &format!("{key}:"));
                map(value, indent + 2, whole, out);
            }
            (Node::List(items), None) => {
                line(out, indent, &format!("{key}:"));
                items
                    .iter()
                    .for_each(|item| element(item, indent + 2, whole, out));
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
    out.push_str(&format!("{:indent$}- {rest}", ""));
}
