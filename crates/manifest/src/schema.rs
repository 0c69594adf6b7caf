//! The JSON Schema of the manifest, for editors and admission.
//!
//! It is generated from the wire types, in a test, and the program ships the text: what generates it would be a hundredth
//! of the program's size and of its memory. The test holds the text to the types.
//!
//! It is stricter than [`super::load`] in one point, and laxer in none that one value can show: a text that other
//! YAML readers take for a number, such as a name of digits alone, has to be quoted.

/// The schema, JSON Schema draft 2020-12, as text.
pub const SCHEMA: &str = include_str!("../../../docs/reference/manifest.schema.json");

/// The schema of the wire types as they are.
#[cfg(test)]
pub(super) fn generated() -> serde_json::Value {
    let mut schema = schemars::generate::SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<super::wire::Manifest>();
    schema.insert("title".to_owned(), "akv-sync manifest, akv-sync/v1".into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::field::Scalar;
    use super::super::fixtures::manifests;
    use super::super::problem::{Code, Sink};
    use super::super::scalar::{
        AbsolutePath, AuthorityUrl, ClientId, DirectoryMode, HeaderName, HeaderText, HookUrl, HostName,
        Interval, ListenAddress, NameGlob, NamePrefix, Pause, ProcessName, ResourceId, TagRule, TenantId,
        TimeLimit, Timestamp, VaultUrl, VersionWord,
    };
    use super::super::tree::{Kind, NodeId, Tree};
    use super::*;
    use domain::desired::{Alias, HookFilter, JsonPointer, PathTemplate};
    use domain::mode::{FileMode, Principal};
    use domain::object::{GroupName, HookName, ObjectName, VaultName};
    use domain::path::RelativePath;

    fn validator(schema: &Value) -> Validator {
        jsonschema::validator_for(schema).expect("a schema")
    }

    /// The document as another YAML reader sees it: plain scalars get the types of YAML 1.2's core schema.
    fn as_json(tree: &Tree<'_>, id: NodeId) -> Value {
        match &tree.node(id).kind {
            Kind::Sequence(items) => items.iter().map(|item| as_json(tree, *item)).collect(),
            Kind::Mapping(entries) => {
                let entry =
                    |(key, value): &(NodeId, NodeId)| (tree.text(*key).to_owned(), as_json(tree, *value));
                Value::Object(entries.iter().map(entry).collect())
            }
            Kind::Scalar { text, plain: false } => json!(text),
            Kind::Scalar { text, plain: true } => match text.as_ref() {
                "" | "~" | "null" => Value::Null,
                "true" => json!(true),
                "false" => json!(false),
                text => text
                    .parse::<i64>()
                    .map_or_else(|_| json!(text), |number| json!(number)),
            },
        }
    }

    fn document(text: &str) -> Option<Value> {
        let sink = Sink::default();
        let tree = Tree::parse(text, &sink)?;
        sink.has_no_error().then(|| as_json(&tree, tree.root()))
    }

    #[test]
    fn every_valid_manifest_and_the_example_validate() {
        let validator = validator(&generated());
        let mut warned = manifests("warned");
        // A name of digits alone has to be quoted.
        warned.retain(|(name, _)| name != "old-key-group-2000");
        let example = (
            "example".to_owned(),
            include_str!("../../../examples/manifest.yaml").to_owned(),
        );
        for (name, text) in manifests("valid").into_iter().chain(warned).chain([example]) {
            let document = document(&text).expect("YAML");
            if let Err(error) = validator.validate(&document) {
                panic!("{name}: {error} at {}", error.instance_path());
            }
        }
    }

    #[test]
    fn faults_of_shape_do_not_validate() {
        let shape = [
            Code::UnknownKey,
            Code::UnsupportedKey,
            Code::MissingKey,
            Code::WrongType,
            Code::NoValue,
            Code::UnknownValue,
            Code::EmptyList,
            Code::NoObjects,
            Code::InvalidName,
            Code::InvalidVersion,
            Code::InvalidMode,
            Code::InvalidDuration,
            Code::ContentKey,
            Code::EitherKey,
            Code::SelectKey,
            Code::InvalidPointer,
            Code::InvalidPattern,
            Code::InvalidAlias,
            Code::InvalidTime,
        ];
        let validator = validator(&generated());
        let mut tried = 0;
        for (name, text) in manifests("invalid") {
            let of_shape = shape.iter().any(|code| name.starts_with(code.as_str()));
            if let Some(document) = document(&text).filter(|_| of_shape) {
                assert!(!validator.is_valid(&document), "{name} validates");
                tried += 1;
            }
        }
        assert!(tried > shape.len(), "{tried} manifests");
    }

    #[test]
    fn every_default_validates() {
        fn check(schema: &Value, definitions: &Value, found: &mut usize) {
            match schema {
                Value::Object(object) => {
                    if let Some(default) = object.get("default").filter(|default| !default.is_object()) {
                        let mut alone = schema.clone();
                        alone["$defs"] = definitions.clone();
                        assert!(validator(&alone).is_valid(default), "{default} in {schema}");
                        *found += 1;
                    }
                    object.values().for_each(|value| check(value, definitions, found));
                }
                Value::Array(values) => values.iter().for_each(|value| check(value, definitions, found)),
                _ => {}
            }
        }
        let mut found = 0;
        let schema = generated();
        check(&schema, &schema["$defs"], &mut found);
        assert!(found >= 10, "{found} defaults");
    }

    /// Texts that are near what a scalar accepts, and others.
    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{0,5}[smh]?",
            "0?[0-8]{2,4}",
            "[0-9A-Za-z_-]{0,130}",
            "latest|[0-9a-f]{31,33}|[0-9A-F]{32}",
            "[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-fA-F]{11,12}",
            "(https|HTTPS|http)://[a-z0-9.:@-]{0,12}[/?#]{0,2}",
            "/?(\\.{0,3}[a-z]{0,2}[/\\\\]?){0,4}",
            "\\[?[0-9a-f:.]{0,9}\\]?",
            "/subscriptions/[a-z]{0,2}/resource[gG]roups/[a-z]{1,2}/providers/Microsoft.ManagedIdentity/\
             userAssignedIdentities/[a-z]{0,2}",
            "(/[a-z~0-2]{0,3}){0,3}",
            "[a-z]{0,2}\\{(name|suffix|tag)\\}[/a-z]{0,3}",
            "20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?(Z|[+-]0[0-9]:00)",
            "[a-z]{0,3}=?[a-z]{0,3}",
            "\\PC{0,12}",
            ".{0,6}",
        ]
    }

    /// What parses is described by the schema; with `exact`, nothing else is.
    fn agree<T: Scalar>(text: &str, exact: bool) -> Result<(), TestCaseError> {
        let described = validator(&T::schema().to_value()).is_valid(&json!(text));
        let parses = T::parse(text).is_ok();
        prop_assert!(described || !parses, "{text:?} parses, but the schema refuses it");
        prop_assert!(
            parses || !exact || !described,
            "the schema describes {text:?}, but it does not parse"
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn a_scalar_and_its_schema_agree(text in texts()) {
            agree::<ObjectName>(&text, true)?;
            agree::<VaultName>(&text, true)?;
            agree::<VersionWord>(&text, true)?;
            agree::<GroupName>(&text, true)?;
            agree::<NamePrefix>(&text, true)?;
            agree::<NameGlob>(&text, true)?;
            agree::<JsonPointer>(&text, true)?;
            agree::<Alias>(&text, true)?;
            agree::<TagRule>(&text, false)?;
            agree::<PathTemplate>(&text, false)?;
            agree::<Timestamp>(&text, false)?;
            agree::<FileMode>(&text, true)?;
            agree::<DirectoryMode>(&text, true)?;
            agree::<ClientId>(&text, true)?;
            agree::<TenantId>(&text, true)?;
            agree::<Interval>(&text, false)?;
            agree::<Principal>(&text, false)?;
            agree::<RelativePath>(&text, false)?;
            agree::<AbsolutePath>(&text, false)?;
            agree::<ResourceId>(&text, false)?;
            agree::<HostName>(&text, false)?;
            agree::<VaultUrl>(&text, false)?;
            agree::<AuthorityUrl>(&text, false)?;
            agree::<HookName>(&text, true)?;
            agree::<HookFilter>(&text, false)?;
            agree::<HookUrl>(&text, false)?;
            agree::<HeaderName>(&text, false)?;
            agree::<HeaderText>(&text, true)?;
            agree::<ProcessName>(&text, false)?;
            agree::<ListenAddress>(&text, false)?;
            agree::<TimeLimit>(&text, false)?;
            agree::<Pause>(&text, false)?;
        }
    }
}
