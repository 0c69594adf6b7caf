//! Variables of what is written that have no effect: on the manifest, or on the agent itself.

use super::Agent;
use super::keys::Names;

const NAMES: [&str; 5] = [
    "SECRETS_KEYS",
    "CERTS_KEYS",
    "SECRETS_TYPE",
    "DOWNLOAD_CA_CERTIFICATES",
    "SAVE_PFX",
];
/// What the names of variables for one secret end in, behind its name in upper case.
const SUFFIXES: [&str; 3] = ["_SECRET_TYPE", "_SECRETS_DATA_KEY", "_DOWNLOAD_CA_CERTIFICATE"];

/// Whether a variable is of what is written.
pub(super) fn is_of_files(name: &str) -> bool {
    NAMES.contains(&name) || secret_of(name).is_some()
}

/// Why such a variable changes nothing; `None` when it does, or when that is told where it is read.
pub(super) fn none_of(agent: &Agent<'_>, name: &str) -> Option<&'static str> {
    if matches!(name, "SECRETS_KEYS" | "CERTS_KEYS") {
        return None;
    }
    let of_kubernetes =
        name == "SECRETS_TYPE" || name.ends_with("_SECRET_TYPE") || name.ends_with("_SECRETS_DATA_KEY");
    if of_kubernetes && !agent.writes_kubernetes_secrets() {
        return Some("the agent ignores it when it writes files");
    }
    if name == "SAVE_PFX" && agent.writes_kubernetes_secrets() {
        return Some("the agent ignores it when it writes Kubernetes Secrets");
    }
    let Some(keys) = agent.variables.get("SECRETS_KEYS") else {
        return Some(
            "`select` cannot heed it; list the secrets that it is for under SECRETS_KEYS and convert again",
        );
    };
    let secret = secret_of(name)?;
    let mut listed = keys.split(';').map(|key| Names::of(key).name);
    (!listed.any(|listed| listed.to_ascii_uppercase() == secret))
        .then_some("no secret of SECRETS_KEYS has this name in upper case, so the agent ignores it")
}

/// The name, in upper case, of the one secret that a variable is for.
fn secret_of(name: &str) -> Option<&str> {
    SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix))
}
