//! The JSON Schema of the manifest, for editors and admission.
//!
//! It is stricter than [`super::load`] in one point, and laxer in none that one value can show: a text that other
//! YAML readers take for a number, such as a mode, has to be quoted.

use schemars::generate::SchemaSettings;

use super::wire::Manifest;

/// The schema, JSON Schema draft 2020-12.
pub fn schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Manifest>();
    schema.insert("title".to_owned(), "akv-sync manifest, akv-sync/v1".into());
    schema.to_value()
}
