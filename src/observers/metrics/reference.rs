//! The generated page `docs/reference/metrics.md`.
//!
//! `UPDATE_REFERENCE=1 cargo test --lib metrics::reference` rewrites the page.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::PARTS;
use super::family::{Detail, Sort};

#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/metrics.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&path, page()).expect("writable");
    }
    let hint = "UPDATE_REFERENCE=1 cargo test --lib metrics::reference";
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page(),
        "docs/reference/metrics.md is out of date; rewrite it with: {hint}"
    );
}

fn page() -> String {
    let mut out = String::from(
        "# Metrics reference\n\n\
         Generated from the table that `/metrics` is made of. What to watch, and the alert rules: [metrics.md](../metrics.md).\n\n\
         Prometheus treats an empty label as absent. Names of counters and of `info` metrics have the ending that they have in\n\
         both formats. *Per object* shows with which `metrics.perObject` of the manifest a metric exists; an empty cell means\n\
         always. A metric without a value has no series.\n",
    );
    for (title, families) in PARTS {
        write(
            &mut out,
            format_args!(
                "\n## {title}\n\n| Metric | Type | Labels | Per object | Meaning |\n|---|---|---|---|---|\n"
            ),
        );
        for family in families {
            let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
            let detail = match family.detail {
                Detail::Always => "",
                Detail::Few => "`all`, `few`",
                Detail::All => "`all`",
            };
            let sort = match family.sort {
                Sort::Gauge | Sort::Info => "gauge",
                Sort::Counter => "counter",
                Sort::Histogram => "histogram",
            };
            let (name, ending) = (family.name, ending(family.sort));
            let (labels, help) = (labels.join(", "), family.help);
            write(
                &mut out,
                format_args!("| `{name}{ending}` | {sort} | {labels} | {detail} | {help} |\n"),
            );
        }
    }
    out
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String does not fail");
}

/// What a sort adds to a name.
pub(super) const fn ending(sort: Sort) -> &'static str {
    match sort {
        Sort::Gauge | Sort::Histogram => "",
        Sort::Counter => "_total",
        Sort::Info => "_info",
    }
}
