//! The name that was probably meant.

use crate::template::vocabulary;

/// Filters as Helm, sprig, consul-template, Ansible and akva call them, and ours.
const FILTERS_OF_OTHERS: &[(&str, &str)] = &[
    ("toJson", "json"),
    ("to_json", "json"),
    ("toJSONPretty", "json"),
    ("toUnescapedJSON", "json"),
    ("toPrettyJson", "json"),
    ("toRawJson", "json"),
    ("jsonencode", "json"),
    ("jsondecode", "from_json"),
    ("splitList", "split"),
    ("quote", "json"),
    ("fromJson", "from_json"),
    ("parseJSON", "from_json"),
    ("toYaml", "yaml"),
    ("to_yaml", "yaml"),
    ("b64enc", "b64encode"),
    ("b64dec", "b64decode"),
    ("base64Encode", "b64encode"),
    ("base64Decode", "b64decode"),
    ("base64", "b64encode"),
    ("toBase64", "b64encode"),
    ("fromBase64", "b64decode"),
    ("toUpper", "upper"),
    ("toLower", "lower"),
    ("toTitle", "title"),
    ("trimSpace", "trim"),
    ("nindent", "indent"),
    ("squote", "shell"),
];

/// Functions as people call them, and ours.
const FUNCTIONS_OF_OTHERS: [(&str, &str); 8] = [
    ("secrets", "secret"),
    ("getSecret", "secret"),
    ("vault", "secret"),
    ("keyvault", "secret"),
    ("cert", "certificate"),
    ("crt", "certificate"),
    ("certs", "certificate"),
    ("getKey", "key"),
];

/// What reads outside of the vault in templates of other tools.
const OUTSIDE: [&str; 8] = [
    "env",
    "getenv",
    "environ",
    "file",
    "readFile",
    "lookup",
    "lookup_file",
    "exec",
];

/// The hint of a filter that does not exist.
pub(super) fn filter(name: &str) -> String {
    near_filter(name).map_or_else(
        || all(vocabulary::filters()),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The hint of a test that does not exist.
pub(super) fn test(name: &str) -> String {
    near(name, &[], vocabulary::TESTS.into_iter()).map_or_else(
        || all(vocabulary::TESTS.into_iter()),
        |near| format!("did you mean `{near}`?"),
    )
}

/// The hint of a name that nothing binds.
pub(super) fn name(name: &str) -> String {
    let sources = vocabulary::SOURCES.iter().map(|(name, _)| *name);
    if let Some(function) = near(name, &FUNCTIONS_OF_OTHERS, sources) {
        return format!("did you mean `{function}(\"NAME\")`?");
    }
    if OUTSIDE.iter().any(|outside| outside.eq_ignore_ascii_case(name)) {
        return "a template reads objects of vaults, and no environment variables, files or programs: store the value in \
                the vault, or write it out"
            .to_owned();
    }
    if let Some(filter) = near_filter(name) {
        return format!("did you mean the filter `{filter}`? It stands behind its value: `VALUE | {filter}`");
    }
    "a template has `secret`, `certificate`, `key` and `range`, and what it sets itself; a text stands in quotes".to_owned()
}

fn near_filter(name: &str) -> Option<&'static str> {
    near(name, FILTERS_OF_OTHERS, vocabulary::filters())
}

/// The known name that another tool, another case or a slip makes this one of.
fn near(
    name: &str,
    of_others: &[(&str, &'static str)],
    known: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let of_another = of_others
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name));
    if let Some((_, ours)) = of_another {
        return Some(ours);
    }
    let name = name.to_lowercase();
    known
        .map(|known| (strsim::osa_distance(&name, known), known))
        // Of a short word, two letters are half of it: `foo` is no `bool`.
        .filter(|(distance, known)| {
            *distance <= (known.len().min(name.len()) / 3).clamp(1, 2) && *distance < name.len()
        })
        .min()
        .map(|(_, known)| known)
}

fn all(names: impl Iterator<Item = &'static str>) -> String {
    let quoted: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    format!("there are {}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        for (name, expected) in [
            ("uper", "did you mean `upper`?"),
            ("toJson", "did you mean `json`?"),
            ("JSON", "did you mean `json`?"),
            ("b64encod", "did you mean `b64encode`?"),
        ] {
            assert_eq!(filter(name), expected);
        }
        for name in ["foo", "x", "frobnicate"] {
            assert!(filter(name).starts_with("there are `b64decode`, "), "{name}");
        }
        assert!(test("zz").starts_with("there are `!=`, "));
    }
}
