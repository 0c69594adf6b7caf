//! The words of the manifest: the nearest known one to a typing mistake, and the keys that later versions keep.

use std::fmt;

use super::problem::{Code, Problem};

/// A key that the named wire type does not have.
pub(super) fn unknown_key(wire_type: &str, key: &str, known: &'static [&'static str]) -> Problem {
    if is_planned_key(wire_type, key) {
        let message = format!("{} is not supported by this version", quoted_key(key));
        return Problem::new(Code::UnsupportedKey, message)
            .hint("remove it, or use a version that has it")
            .hiding_rest();
    }
    let near = nearest(word_of(key), known.iter().copied());
    let hint = match (glued(key), near) {
        (Some(sign), near) => unglued(sign, near, known),
        (None, Some("required")) if folded(key) == "optional" => {
            "did you mean `required: false`? What is not required is optional".to_owned()
        }
        // The old name, which nobody should learn.
        (None, Some("group")) if known.contains(&"together") => {
            "the group that files belong to is `volume.group`; entries that move together have `together: NAME`".to_owned()
        }
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("the keys here are {}", listed(known.iter().copied())),
    };
    Problem::new(Code::UnknownKey, format!("unknown key {}", quoted_key(key)))
        .hint(hint)
        .hiding_rest()
}

/// The sign that stands behind the word of a key without a blank: with what follows it, the YAML is one key.
fn glued(key: &str) -> Option<char> {
    let word = word_of(key);
    let sign = key[word.len()..].chars().next();
    sign.filter(|sign| !word.is_empty() && matches!(sign, ':' | '='))
}

/// What to write in place of a key that holds its value.
fn unglued(sign: char, near: Option<&str>, known: &[&str]) -> String {
    let why = match sign {
        ':' => "with a blank behind the colon",
        _ => "with a colon and a blank in place of `=`",
    };
    match near {
        Some(near) => format!("write `{near}: VALUE`, {why}"),
        None => format!(
            "write `KEY: VALUE`, {why}; the keys here are {}",
            listed(known.iter().copied())
        ),
    }
}

/// A text that is none of the values that `subject` may have.
pub(super) fn unknown_value(subject: &impl fmt::Display, text: &str, known: &[&str]) -> Problem {
    let allowed = allowed(known);
    let is_of_file = matches!(folded(text).as_str(), "pem" | "der" | "crt" | "cer" | "x509");
    let hint = match nearest(text, known.iter().copied()) {
        _ if is_of_file && known == STORE_FORMATS => format!(
            "remove it: `format` is for `content: truststore`, and {allowed}; `content` alone makes a file PEM \
             (`fullChain`, `leaf`, `chain`, `ca`, `privateKey`, `bundle`) or DER (`der`)"
        ),
        Some(near) if known.len() > 1 => format!("did you mean `{near}`? {allowed}"),
        _ => allowed,
    };
    Problem::new(Code::UnknownValue, format!("unknown value of {subject}")).hint(hint)
}

/// The values of `format` of a file; a template has others.
const STORE_FORMATS: &[&str] = &["pkcs12", "jks"];

fn allowed(known: &[&str]) -> String {
    let values = listed(known.iter().copied());
    if known.len() == 1 {
        format!("the only value here is {values}")
    } else {
        format!("the values here are {values}")
    }
}

/// The known word that `word` was probably meant to be.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    /// No word of the manifest comes near; distance takes quadratic time.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let known: Vec<&'k str> = known.into_iter().collect();
    let word = folded(word);
    let called = |(other, meant): &(&str, &str)| {
        let found = known.iter().find(|known| *known == meant);
        found.copied().filter(|_| *other == word)
    };
    if let Some(meant) = OTHER_NAMES.iter().find_map(called) {
        return Some(meant);
    }
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &folded(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What other tools and people call things, folded, and the word of the manifest.
const OTHER_NAMES: [(&str, &str); 49] = [
    ("pfx", "pkcs12"),
    ("p12", "pkcs12"),
    ("pem", "bundle"),
    ("key", "privateKey"),
    ("cert", "fullChain"),
    ("crt", "fullChain"),
    ("certificate", "fullChain"),
    ("certificate", "clientCertificate"),
    ("cer", "der"),
    ("root", "ca"),
    ("keystore", "jks"),
    ("text", "value"),
    ("openssh", "ssh"),
    ("jwks", "jwk"),
    ("env", "dotenv"),
    (".env", "dotenv"),
    ("yml", "yaml"),
    ("workload", "workloadIdentity"),
    ("federated", "workloadIdentity"),
    ("msi", "managedIdentity"),
    ("managed", "managedIdentity"),
    ("systemassigned", "managedIdentity"),
    ("userassigned", "managedIdentity"),
    ("serviceprincipal", "clientSecret"),
    ("secret", "clientSecret"),
    ("cli", "developer"),
    ("azurecli", "developer"),
    ("permissions", "mode"),
    ("permission", "mode"),
    ("filepermission", "mode"),
    ("filemode", "mode"),
    ("chmod", "mode"),
    ("gid", "group"),
    ("fsgroup", "group"),
    ("runasgroup", "group"),
    ("uid", "owner"),
    ("runasuser", "owner"),
    ("user", "owner"),
    ("filename", "path"),
    ("file", "path"),
    ("optional", "required"),
    ("name", "key"),
    ("value", "secret"),
    ("objectalias", "path"),
    ("secretname", "name"),
    ("objectname", "name"),
    ("vaultname", "vault"),
    ("keyvaultname", "vault"),
    ("refreshinterval", "interval"),
];

/// `client_id`, `client-id` and `ClientID` are one word to a reader.
fn folded(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}

/// Words as a sentence lists them: `` `a`, `b` ``.
pub(super) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// The word that a key begins with, as keys are: what follows it may be a value that a missing blank made part of the key, and
/// so a secret. Nothing that is longer is a key.
pub(crate) fn word_of(key: &str) -> &str {
    const LONGEST: usize = 40;
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let end = key.find(|c| !is_of_word(c)).unwrap_or(key.len());
    &key[..end.min(LONGEST)]
}

/// A key for a message: its word, and a sign that there is more.
pub(crate) fn quoted_key(key: &str) -> String {
    let word = word_of(key);
    let more = if word == key { "" } else { "…" };
    format!("`{word}{more}`")
}

/// Whether a later version will know this key of the named wire type.
fn is_planned_key(wire_type: &str, key: &str) -> bool {
    matches!((wire_type, key), ("Manifest", "events"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_a_missing_blank_makes_part_of_its_key_is_in_no_message() {
        let known = &["passwordFrom", "path"];
        for (key, shown, hint) in [
            (
                "passwordFrom:hunter2",
                "`passwordFrom…`",
                "write `passwordFrom: VALUE`, with a blank",
            ),
            (
                "pasword=hunter2",
                "`pasword…`",
                "with a colon and a blank in place of `=`; the keys",
            ),
            (
                "passwordFrom=hunter2",
                "`passwordFrom…`",
                "write `passwordFrom: VALUE`, with a colon",
            ),
            ("a hunter2", "`a…`", "the keys here are"),
            ("/hunter2", "`…`", "the keys here are"),
        ] {
            let problem = unknown_key("File", key, known);
            assert_eq!(problem.message, format!("unknown key {shown}"));
            let told = problem.hint.as_deref().unwrap_or_default();
            assert!(told.contains(hint) && !told.contains("hunter2"), "{told}");
        }
        assert_eq!(quoted_key(&"k".repeat(41)), format!("`{}…`", "k".repeat(40)));
        assert_eq!(quoted_key("old.key_a-1"), "`old.key_a-1`");
    }

    #[test]
    fn a_format_that_content_says_already_is_to_be_removed() {
        for format in ["pem", "PEM", "der"] {
            let problem = unknown_value(&"`format`", format, STORE_FORMATS);
            let hint = problem.hint.as_deref().unwrap_or_default();
            assert!(
                hint.starts_with("remove it: `format` is for `content: truststore`"),
                "{hint}"
            );
        }
        let template = unknown_value(&"`format`", "pem", &["dotenv", "json"]);
        assert_eq!(
            template.hint.as_deref(),
            Some("the values here are `dotenv`, `json`")
        );
    }

    #[test]
    fn a_typing_mistake_finds_its_word_and_nonsense_finds_none() {
        let known = ["name", "vault", "clientId", "tenantId"];
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest("client_id", known), Some("clientId"));
        assert_eq!(nearest("TENANTID", known), Some("tenantId"));
        assert_eq!(nearest("frobnicate", known), None);
        let contents = ["fullChain", "privateKey", "bundle", "pkcs12"];
        for (word, meant) in [
            ("pfx", "pkcs12"),
            ("pem", "bundle"),
            ("key", "privateKey"),
            ("cert", "fullChain"),
        ] {
            assert_eq!(nearest(word, contents), Some(meant));
        }
        assert_eq!(nearest("permissions", ["path", "mode"]), Some("mode"));
        assert_eq!(nearest(&"n".repeat(1_000_000), known), None);
    }
}
