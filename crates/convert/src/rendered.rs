//! Placeholders in a configuration: a manifest that is made round one would be of use to nobody.

use super::ConvertError;
use super::input::Value;
use domain::placeholder::Placeholder;
use manifest::{Tree, quoted_key};

/// Refuses a class with a placeholder in any of its values, also in the YAML inside of its texts.
pub(super) fn refuse_class(documents: &[Tree<'_>]) -> Result<(), ConvertError> {
    let specs = documents.iter().map(Value::root);
    specs
        .filter(|root| root.text_of("kind") == Some("SecretProviderClass"))
        .try_for_each(|root| in_values(root, "the class", &[]))
}

/// Refuses a configuration of akva with one, except where the agent itself fills them in.
pub(super) fn refuse_akva(documents: &[Tree<'_>]) -> Result<(), ConvertError> {
    const OWN: [&str; 3] = ["template", "preChange", "postChange"];
    documents
        .iter()
        .try_for_each(|tree| in_values(Value::root(tree), "the configuration", &OWN))
}

/// Refuses a value with a placeholder; `setting` is what it is the value of.
pub(super) fn refuse(setting: &str, text: &str) -> Result<(), ConvertError> {
    Placeholder::in_value(text).map_or(Ok(()), |placeholder| Err(not_rendered(setting, &placeholder)))
}

fn not_rendered(setting: &str, placeholder: &Placeholder) -> ConvertError {
    ConvertError::NotRendered {
        setting: setting.to_owned(),
        placeholder: placeholder.shown(),
        hint: placeholder.hint(),
    }
}

fn in_values(value: Value<'_>, setting: &str, except: &[&str]) -> Result<(), ConvertError> {
    if let Some(text) = value.raw_text() {
        return refuse(setting, text);
    }
    if let Some(placeholder) = value.commented_out() {
        return Err(not_rendered(setting, &placeholder));
    }
    for item in value.items().into_iter().flatten() {
        in_values(item, setting, except)?;
    }
    let entries = value.entries().filter(|(key, _)| !except.contains(key));
    for (key, value) in entries {
        in_values(value, &quoted_key(key), except)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{ConvertError, Tool, convert};

    #[test]
    fn a_placeholder_without_quotes_is_told_before_the_yaml_that_it_breaks() {
        let class = |parameters: &str| {
            format!("kind: SecretProviderClass\nspec:\n  provider: azure\n  parameters: {parameters}\n")
        };
        for parameters in [
            "{keyvaultName: ${KV}}",
            "\n    keyvaultName: #{KV}#\n    tenantId: a",
        ] {
            let text = class(parameters);
            let error = convert(&text, Some(Tool::SecretProviderClass)).expect_err("not rendered");
            assert!(error.to_string().contains("placeholder `"), "{text}{error}");
            assert!(error.hint().contains("not rendered yet"), "{}", error.hint());
        }
        let other = convert(&class("{ keyvaultName: [ }"), None).expect_err("no YAML");
        assert!(matches!(other, ConvertError::Syntax { .. }), "{other}");
    }
}
