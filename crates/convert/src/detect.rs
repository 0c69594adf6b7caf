//! Which tool a configuration is of, told by the text alone.

use super::input::{self, Value};
use super::{ConvertError, Tool, acs, akva, csi};
use manifest::OtherDocument;

/// The one tool whose configuration this can be.
pub(super) fn tool(text: &str) -> Result<Tool, ConvertError> {
    if acs::is_mine(text) {
        return Ok(Tool::AcsKeyvaultAgent);
    }
    let documents = input::documents(text)?;
    let mut found = Vec::new();
    for root in documents.iter().map(Value::root) {
        found.extend(csi::is_mine(root).then_some(Tool::SecretProviderClass));
        found.extend(akva::is_mine(root).then_some(Tool::Akva));
        found.extend(acs::is_my_document(root).then_some(Tool::AcsKeyvaultAgent));
    }
    found.dedup();
    match found.as_slice() {
        [tool] => Ok(*tool),
        _ => Err(ConvertError::Undetermined),
    }
}

/// An error that only says what an input is not, as one that says what it is, where that can be told.
pub(super) fn explained(error: ConvertError, text: &str) -> ConvertError {
    let page = OtherDocument::of_text(text).filter(|other| *other == OtherDocument::Page);
    let says_nothing = matches!(error, ConvertError::Undetermined | ConvertError::NotOfTool { .. });
    let documents = if says_nothing {
        input::documents(text).ok()
    } else {
        None
    };
    let other = documents.iter().flatten().find_map(OtherDocument::of);
    // Of a configuration for which `--from` names another tool, and of what nobody knows, the error says more.
    let other =
        other.filter(|other| !matches!(other, OtherDocument::Convertible(_) | OtherDocument::Unknown));
    page.or(other).map_or(error, |other| ConvertError::OtherDocument {
        what: other.what(),
        hint: other.instead_of_a_configuration(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: &str = "kind: SecretProviderClass\n";

    #[test]
    fn each_tool_is_known_by_what_only_its_configuration_has() {
        for (text, expected) in [
            (CLASS, Tool::SecretProviderClass),
            (
                "kind: List\nitems: [{ kind: SecretProviderClass }]\n",
                Tool::SecretProviderClass,
            ),
            ("workers: []\n", Tool::Akva),
            ("sinks: [{ kind: secret, vaultBaseURL: x }]\n", Tool::Akva),
            ("# agent\nexport SECRETS_KEYS='a;b'\n", Tool::AcsKeyvaultAgent),
            ("- { name: VAULT_BASE_URL, value: x }\n", Tool::AcsKeyvaultAgent),
            (
                "spec: { containers: [{ env: [{ name: CERTS_KEYS }] }] }\n",
                Tool::AcsKeyvaultAgent,
            ),
        ] {
            assert_eq!(tool(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_text_of_nobody_or_of_two_tools_is_not_guessed_at() {
        for text in [
            "a: b\n",
            "PATH=/bin\n",
            "sinks: []\n",
            "kind: Pod\n",
            &format!("{CLASS}---\nworkers: []\n"),
        ] {
            assert_eq!(tool(text), Err(ConvertError::Undetermined), "{text}");
        }
    }

    #[test]
    fn a_page_of_the_web_is_called_so_by_convert_and_by_check() {
        for text in [
            "<!DOCTYPE html>\n<html><body>a: b</body></html>\n",
            "\u{feff}\n <HTML lang=\"en\">\n<p>",
        ] {
            for from in [None, Some(Tool::Akva), Some(Tool::AcsKeyvaultAgent)] {
                let error = crate::convert(text, from).expect_err("a page");
                assert_eq!(
                    error.to_string(),
                    "this is a page of the web (HTML), not the configuration of a tool"
                );
            }
            let problems = manifest::load(text, "m", &[("", "")].as_slice()).expect_err("a page");
            assert!(
                problems
                    .to_string()
                    .contains("this is a page of the web (HTML), not a manifest"),
                "{problems}"
            );
        }
    }
}
