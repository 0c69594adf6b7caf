//! What the chart has of the program's own: the schema of a manifest among its values, and the alert rules.
//!
//! Helm reads no file outside a chart, so these are copies; `UPDATE_REFERENCE=1 cargo test -p akv-sync-manifest reference` makes
//! them anew.

use serde_json::Value;

use super::{check, generated, read};

const CHART: &str = "charts/akv-sync";

#[test]
fn the_schema_of_the_charts_values_has_that_of_the_manifest() {
    let mut schema: Value = serde_json::from_str(&read(&format!("{CHART}/schema/values.json")))
        .expect("the schema of values is JSON");
    let mut manifest = generated();
    let known = manifest.as_object_mut().expect("a schema is an object");
    known.remove("$schema");
    let parts = known.remove("$defs").expect("the schema has definitions");
    let definitions = schema["$defs"]
        .as_object_mut()
        .expect("the values have definitions");
    let own = definitions.len();
    let mut parts = parts.as_object().expect("definitions have names").clone();
    // Helm names a failed `oneOf` by numbers. That a hook has one action is said in words, by _checks_manifest.tpl.
    let hook = parts["Hook"].as_object_mut().expect("a schema is an object");
    hook.remove("oneOf").expect("a hook has one action");
    let all = own + parts.len() + 1;
    definitions.extend(parts);
    definitions.insert("Manifest".to_owned(), manifest);
    assert_eq!(
        definitions.len(),
        all,
        "a name of schema/values.json is one of the manifest's too"
    );
    let text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    check(&format!("{CHART}/values.schema.json"), &format!("{text}\n"));
}

#[test]
fn the_alert_rules_of_the_chart_are_those_that_are_tested() {
    check(
        &format!("{CHART}/files/rules.yaml"),
        &read("deploy/prometheus/rules.yaml"),
    );
}
