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
        (None, Some("required")) if SAY_OPTIONAL.contains(&folded(key).as_str()) => {
            "did you mean `required: false`? What is not required is optional".to_owned()
        }
        // The old name, which nobody should learn.
        (None, Some("group")) if known.contains(&"together") => {
            "the group that files belong to is `volume.group`; entries that move together have `together: NAME`".to_owned()
        }
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) if let Some(hint) = of_another_place(key, known) => hint.to_owned(),
        (None, None) => format!("the keys here are {}", listed(known.iter().copied())),
    };
    Problem::new(Code::UnknownKey, format!("unknown key {}", quoted_key(key)))
        .hint(hint)
        .hiding_rest()
}

/// Keys of others for what need not be there, folded.
const SAY_OPTIONAL: &[&str] = &["optional", "ignoremissing", "ignorenotfound", "allowmissing"];

/// Where the manifest says what other tools say with a key of an entry.
fn of_another_place(key: &str, known: &[&str]) -> Option<&'static str> {
    let is = |words: &[&str]| words.contains(&folded(key).as_str());
    if known.contains(&"select")
        && is(&[
            "prefix", "glob", "tag", "tags", "regex", "regexp", "pattern", "filter",
        ])
    {
        return Some(
            "write `select: { prefix: WORD }`; there are `prefix`, `glob` and `tag`, and no regular expressions",
        );
    }
    let is_entry = known.contains(&"together") && known.contains(&"vault");
    (is_entry && is(&["type", "kind", "objecttype"])).then_some(
        "the list says it: a secret stands under `secrets`, a certificate under `certificates`, a key under `keys`",
    )
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
    let hint = match nearest(text, known.iter().copied()) {
        near if known == STORE_FORMATS => of_store(&folded(text), near),
        None if known == COMBINED_FORMATS && is_plain_text(&folded(text)) => {
            format!("remove it, and `values`: a text is what `template` writes; with `values`, {allowed}")
        }
        Some(near) if known.len() > 1 => format!("did you mean `{near}`? {allowed}"),
        _ => allowed,
    };
    Problem::new(Code::UnknownValue, format!("unknown value of {subject}")).hint(hint)
}

/// The values of `format` of a file; a template has others.
const STORE_FORMATS: &[&str] = &["pkcs12", "jks"];

/// The values of `format` of a template.
const COMBINED_FORMATS: &[&str] = &["dotenv", "properties", "json", "yaml"];

fn is_plain_text(folded: &str) -> bool {
    matches!(
        folded,
        "text" | "txt" | "plain" | "raw" | "none" | "template" | "jinja"
    )
}

/// What to write in place of a `format` of a file: it is for trust stores, and what people look for there has keys of its own.
fn of_store(folded: &str, near: Option<&str>) -> String {
    let instead = match folded {
        "pem" | "der" | "crt" | "cer" | "x509" => {
            "remove it: `content` alone makes a file PEM (`fullChain`, `leaf`, `chain`, `ca`, `privateKey`, `bundle`) or \
             DER (`der`)"
        }
        "pkcs1" | "pkcs8" | "sec1" | "openssl" | "rsa" | "ec" => {
            "did you mean `keyFormat`? It is for `content: privateKey` and `bundle`"
        }
        "legacy" | "modern" | "aes" | "aes256" | "des" | "3des" | "rc2" => {
            "remove it: `content: pkcs12` writes AES-256, and `legacy: true` beside it what older readers need"
        }
        _ if near == Some("jks") => "did you mean `jks`?",
        _ if near == Some("pkcs12") => "did you mean `pkcs12`?",
        _ => "remove it, unless it is of a trust store: elsewhere `content` says what the file is",
    };
    format!("{instead}; `format` is for `content: truststore`, and its values are `pkcs12`, `jks`")
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
    let meant = OTHER_NAMES.iter().find_map(|(other, meant)| {
        let found = known.iter().find(|known| *known == meant);
        found.copied().filter(|_| *other == word)
    });
    if meant.is_some() {
        return meant;
    }
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word, &folded(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What other tools and people call things, folded, and the word of the manifest.
const OTHER_NAMES: &[(&str, &str)] = &[
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
    ("leafcertificate", "leaf"),
    ("servercertificate", "leaf"),
    ("chainonly", "chain"),
    ("intermediate", "chain"),
    ("intermediates", "chain"),
    ("cacert", "ca"),
    ("cacerts", "ca"),
    ("combined", "bundle"),
    ("keyandcert", "bundle"),
    ("keyandcertificate", "bundle"),
    ("certandkey", "bundle"),
    ("tls.crt", "fullChain"),
    ("tls.key", "privateKey"),
    ("ca.crt", "ca"),
    ("application/xpkcs12", "pkcs12"),
    ("application/xpemfile", "bundle"),
    ("pkcs1", "privateKey"),
    ("pkcs8", "privateKey"),
    ("thumbprint", "metadata"),
    ("json", "metadata"),
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
    ("spn", "clientSecret"),
    ("secretbased", "clientSecret"),
    ("defaultazurecredential", "default"),
    ("environment", "default"),
    ("env", "default"),
    ("workloadidentitycredential", "workloadIdentity"),
    ("managedidentitycredential", "managedIdentity"),
    ("systemassignedmanagedidentity", "managedIdentity"),
    ("userassignedmanagedidentity", "managedIdentity"),
    ("podidentity", "managedIdentity"),
    ("aadpodidentity", "managedIdentity"),
    ("imds", "managedIdentity"),
    ("cli", "developer"),
    ("azurecli", "developer"),
    ("permissions", "mode"),
    ("permission", "mode"),
    ("filepermission", "mode"),
    ("filemode", "mode"),
    ("chmod", "mode"),
    ("perm", "mode"),
    ("perms", "mode"),
    ("gid", "group"),
    ("fsgroup", "group"),
    ("runasgroup", "group"),
    ("uid", "owner"),
    ("runasuser", "owner"),
    ("user", "owner"),
    ("filename", "path"),
    ("file", "path"),
    ("alias", "path"),
    ("as", "path"),
    ("target", "path"),
    ("targetpath", "path"),
    ("dest", "path"),
    ("destination", "path"),
    ("output", "path"),
    ("optional", "required"),
    ("ignoremissing", "required"),
    ("ignorenotfound", "required"),
    ("allowmissing", "required"),
    ("name", "key"),
    ("value", "secret"),
    ("objectalias", "path"),
    ("secretname", "name"),
    ("objectname", "name"),
    ("objectversion", "version"),
    ("secretversion", "version"),
    ("fileencoding", "encoding"),
    ("objectencoding", "encoding"),
    ("jsonpath", "property"),
    ("jsonpointer", "property"),
    ("pointer", "property"),
    ("passwordfile", "passwordFrom"),
    ("passwordsecret", "passwordFrom"),
    ("storepassword", "passwordFrom"),
    ("vaultname", "vault"),
    ("keyvault", "vault"),
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
pub fn word_of(key: &str) -> &str {
    const LONGEST: usize = 40;
    let end = key
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-'))
        .unwrap_or(key.len());
    &key[..end.min(LONGEST)]
}

/// A key for a message: its word, and a sign that there is more.
pub fn quoted_key(key: &str) -> String {
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
    fn a_format_of_a_file_that_is_none_of_a_trust_store_is_told_which_key_is_meant() {
        for (format, start) in [
            ("pem", "remove it: `content` alone"),
            ("DER", "remove it: `content` alone"),
            ("pkcs1", "did you mean `keyFormat`?"),
            (
                "legacy",
                "remove it: `content: pkcs12` writes AES-256, and `legacy: true`",
            ),
            ("modern", "remove it: `content: pkcs12` writes AES-256"),
            ("pfx", "did you mean `pkcs12`?"),
            ("keystore", "did you mean `jks`?"),
            ("anything", "remove it, unless it is of a trust store"),
        ] {
            let problem = unknown_value(&"`format`", format, STORE_FORMATS);
            let hint = problem.hint.as_deref().unwrap_or_default();
            assert!(hint.starts_with(start), "{format}: {hint}");
            assert!(hint.contains("`format` is for `content: truststore`"), "{hint}");
        }
    }

    #[test]
    fn a_format_of_a_template_that_is_plain_text_is_to_be_removed() {
        let hint = |format| {
            unknown_value(&"`format`", format, COMBINED_FORMATS)
                .hint
                .unwrap_or_default()
        };
        assert!(hint("text").starts_with("remove it, and `values`: a text is what `template` writes"));
        assert_eq!(
            hint("pem"),
            "the values here are `dotenv`, `properties`, `json`, `yaml`"
        );
        assert!(hint("env").starts_with("did you mean `dotenv`?"));
    }

    #[test]
    fn what_other_tools_say_with_a_key_of_an_entry_is_told_where_the_manifest_says_it() {
        const SECRET: &[&str] = &[
            "name", "select", "vault", "path", "version", "required", "together", "encoding", "mode",
        ];
        let hint = |key| unknown_key("SecretEntry", key, SECRET).hint.unwrap_or_default();
        for (key, said) in [
            ("ignoreMissing", "did you mean `required: false`?"),
            ("optional", "did you mean `required: false`?"),
            ("objectType", "the list says it"),
            ("type", "the list says it"),
            ("regex", "write `select: { prefix: WORD }`"),
            ("tags", "write `select: { prefix: WORD }`"),
            ("perms", "did you mean `mode`?"),
            ("dest", "did you mean `path`?"),
            ("keyVault", "did you mean `vault`?"),
            ("objectVersion", "did you mean `version`?"),
            ("frobnicate", "the keys here are"),
        ] {
            assert!(hint(key).starts_with(said), "{key}: {}", hint(key));
        }
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
