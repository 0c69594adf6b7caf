//! The words of the manifest: the nearest known one to a typing mistake, and the keys that later versions keep.

use std::fmt;

use super::problem::{Code, Problem};

/// A key that the named wire type does not have.
pub(super) fn unknown_key(wire_type: &str, key: &str, known: &'static [&'static str]) -> Problem {
    if is_planned_key(wire_type, key) {
        let message = format!("{} is not supported by this version", quoted(key));
        return Problem::new(Code::UnsupportedKey, message)
            .hint("remove it, or use a version that has it")
            .hiding_rest();
    }
    let hint = match nearest(key, known.iter().copied()) {
        Some("required") if folded(key) == "optional" => {
            "did you mean `required: false`? What is not required is optional".to_owned()
        }
        // The old name, which nobody should learn.
        Some("group") if known.contains(&"together") => {
            "the group that files belong to is `volume.group`; entries that move together have `together: NAME`".to_owned()
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys here are {}", listed(known.iter().copied())),
    };
    Problem::new(Code::UnknownKey, format!("unknown key {}", quoted(key)))
        .hint(hint)
        .hiding_rest()
}

/// A text that is none of the values that `subject` may have.
pub(super) fn unknown_value(subject: &impl fmt::Display, text: &str, known: &[&str]) -> Problem {
    let allowed = allowed(known);
    let hint = match nearest(text, known.iter().copied()) {
        Some(near) if known.len() > 1 => format!("did you mean `{near}`? {allowed}"),
        _ => allowed,
    };
    Problem::new(Code::UnknownValue, format!("unknown value of {subject}")).hint(hint)
}

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

/// A key of the manifest for a message: short, and without control characters.
pub(super) fn quoted(key: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = key
        .chars()
        .take(LONGEST)
        .collect::<String>()
        .escape_debug()
        .collect();
    if key.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Whether a later version will know this key of the named wire type.
fn is_planned_key(wire_type: &str, key: &str) -> bool {
    matches!((wire_type, key), ("Manifest", "events"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
