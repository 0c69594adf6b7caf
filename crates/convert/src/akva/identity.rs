//! Who signs in: `credentials`, or the variables that stand for the one called `default`.

use super::worker::{Worker, vault_of};
use crate::input::Value;
use crate::note::{Notes, quoted};
use domain::desired::{IdentityKind, IdentitySpec};
use manifest::rules;

/// The credential of a resource that names none.
const DEFAULT: &str = "default";
/// Where the manifest looks for the client secret.
const CLIENT_SECRET_FILE: &str = "/etc/akv-sync/credentials/client-secret";

/// The credential that a resource names.
pub(super) fn credential_name(resource: Value<'_>) -> &str {
    resource.text_of("credential").unwrap_or(DEFAULT)
}

/// The credential of the first resource of a vault: a manifest has one.
pub(super) fn credential_of<'a>(workers: &[Worker<'a>]) -> &'a str {
    let resources = workers.iter().flat_map(|worker| &worker.resources);
    let mut of_vaults = resources.filter(|resource| vault_of(**resource).is_some());
    of_vaults
        .next()
        .map_or(DEFAULT, |resource| credential_name(*resource))
}

/// The identity that the named credential is.
pub(super) fn read(root: Value<'_>, name: &str, notes: &Notes) -> IdentitySpec {
    let credentials = root
        .get("credentials")
        .and_then(Value::items)
        .into_iter()
        .flatten();
    let mut chosen = None;
    for credential in credentials {
        let own_name = credential.text_of("name").unwrap_or_default();
        if own_name == name {
            chosen = Some(credential);
        } else {
            let reason = if credential.get("applianceURL").is_some() {
                "akv-sync reads Azure Key Vault only, not CyberArk"
            } else {
                "a manifest has one identity, that of the first resource; convert what needs this one alone"
            };
            notes.not_carried(format!("credential {}", quoted(own_name)), reason);
        }
    }
    match chosen {
        Some(credential)
            if credential
                .text_of("cliAuth")
                .is_some_and(|text| text.eq_ignore_ascii_case("true")) =>
        {
            notes.assumed(
                "identity.type",
                "`developer`, as `cliAuth` is set: the session of the Azure CLI",
            );
            IdentitySpec {
                kind: IdentityKind::Developer,
                ..IdentitySpec::default()
            }
        }
        Some(credential) => client_secret(credential, notes),
        None => {
            let reason = "`default`: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are read as before; a \
                          workload identity needs no secret";
            notes.assumed("identity.type", reason);
            IdentitySpec::default()
        }
    }
}

fn client_secret(credential: Value<'_>, notes: &Notes) -> IdentitySpec {
    let subject = |key: &str| {
        format!(
            "credential {}, {key}",
            quoted(credential.text_of("name").unwrap_or_default())
        )
    };
    let id = |key: &str, variable: &str, is_valid: fn(&str) -> bool| {
        let text = credential.text_of(key)?;
        if !is_valid(text) {
            let reason = format!("{} is not such an ID; {variable} is used instead", quoted(text));
            notes.not_carried(subject(key), reason);
            return None;
        }
        Some(text.to_owned())
    };
    let identity = IdentitySpec {
        kind: IdentityKind::ClientSecret,
        tenant_id: id("tenantID", "AZURE_TENANT_ID", rules::is_tenant_id),
        client_id: id("clientID", "AZURE_CLIENT_ID", rules::is_client_id),
        client_secret_file: Some(CLIENT_SECRET_FILE.into()),
        ..IdentitySpec::default()
    };
    let reason = format!("a manifest holds no secret; put its value into the file {CLIENT_SECRET_FILE}");
    notes.not_carried(subject("clientSecret"), reason);
    identity
}
