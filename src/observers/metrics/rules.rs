//! Holds the alert rules, and their tests, to what is exported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::PARTS;
use super::family::{Family, Sort};
use super::reference::ending;

/// The labels that each name may have in a query.
fn exported() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut names = BTreeMap::new();
    for family in PARTS.iter().flat_map(|(_, families)| families.iter()) {
        let labels: BTreeSet<_> = family.labels.iter().copied().collect();
        for name in names_of(family) {
            names.insert(name, labels.clone());
        }
    }
    names
}

fn names_of(family: &Family) -> Vec<String> {
    let endings: &[&str] = match family.sort {
        Sort::Histogram => &["_bucket", "_sum", "_count"],
        sort => &[ending(sort)],
    };
    endings
        .iter()
        .map(|ending| format!("{}{ending}", family.name))
        .collect()
}

/// Every metric that a text names, each with the names of the labels that it is chosen by.
fn named(text: &str) -> Vec<(String, Vec<String>)> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut found = Vec::new();
    for prefix in ["akv_sync_", "process_"] {
        for (at, _) in text.match_indices(prefix) {
            if text[..at].ends_with(is_word) {
                continue;
            }
            let rest = &text[at..];
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let selector = rest[end..]
                .strip_prefix('{')
                .and_then(|rest| rest.split('}').next());
            let labels = selector.into_iter().flat_map(|selector| selector.split(','));
            let labels = labels
                .filter_map(|label| Some(label.split_once('=')?.0.trim_end_matches('!').trim().to_owned()));
            found.push((rest[..end].to_owned(), labels.collect()));
        }
    }
    found
}

#[test]
fn the_alert_rules_and_their_tests_use_what_is_exported_and_nothing_else() {
    let exported = exported();
    // Prometheus adds these.
    let added = ["job", "instance"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prometheus");
    for file in ["rules.yaml", "rules.test.yaml"] {
        let text = fs::read_to_string(folder.join(file)).expect("the file is there");
        let named = named(&text);
        assert!(named.len() >= 8, "{file}: {named:?}");
        for (name, labels) in named {
            let known = exported.get(&name);
            let known = known.unwrap_or_else(|| unreachable!("{file}: {name} is not exported"));
            for label in labels {
                let fits = known.contains(label.as_str()) || added.contains(&label.as_str());
                assert!(fits, "{file}: {name} has no label {label}");
            }
        }
        let used = text.split("$labels.").skip(1);
        for label in used.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next()) {
            let is_known = exported.values().any(|labels| labels.contains(label));
            assert!(
                is_known || added.contains(&label),
                "{file}: no metric has the label {label}"
            );
        }
    }
}
