//! Who signs in: `_get_credential` of the agent.

use super::env::Variables;
use crate::note::Notes;
use domain::desired::{IdentityKind, IdentitySpec};
use manifest::rules;

/// Where the manifest looks for the client secret.
const CLIENT_SECRET_FILE: &str = "/etc/akv-sync/credentials/client-secret";
/// The authority of the agent when none is set; akv-sync has the same.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com/";

const NAMES: [&str; 12] = [
    "USE_MSI",
    "MSI_CLIENT_ID",
    "MSI_OBJECT_ID",
    "MSI_RESOURCE_ID",
    "USE_ENV",
    "TENANT_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "SERVICE_PRINCIPLE_FILE_PATH",
    "SERVICE_PRINCIPAL_FILE_PATH",
    "AUTO_DETECT_AAD_TENANT",
    "AZURE_AUTHORITY_SERVER",
];

/// A variable, the field that it sets, and what its value has to be.
type Setting<'i> = (&'static str, &'i mut Option<String>, fn(&str) -> bool);

/// Whether a variable is dealt with here.
pub(super) fn reads(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The credential, of the variables that the agent would look at.
pub(super) fn read(variables: &Variables, notes: &Notes) -> IdentitySpec {
    let machine = variables.is_true("USE_MSI");
    for name in NAMES
        .iter()
        .filter(|name| **name != "USE_MSI" && name.starts_with("MSI_") != machine)
    {
        if variables.text(name).is_some() {
            notes.not_carried(
                *name,
                "it belongs to another way of signing in than the one that is chosen",
            );
        }
    }
    if machine {
        managed_identity(variables, notes)
    } else {
        service_principal(variables, notes)
    }
}

/// The first of three names that is set counts.
fn managed_identity(variables: &Variables, notes: &Notes) -> IdentitySpec {
    let mut identity = IdentitySpec {
        kind: IdentityKind::ManagedIdentity,
        ..IdentitySpec::default()
    };
    let names: [Setting<'_>; 3] = [
        ("MSI_CLIENT_ID", &mut identity.client_id, rules::is_client_id),
        ("MSI_OBJECT_ID", &mut identity.object_id, rules::is_client_id),
        (
            "MSI_RESOURCE_ID",
            &mut identity.resource_id,
            rules::is_resource_id,
        ),
    ];
    let mut found = false;
    for (name, field, is_valid) in names {
        match variables.text(name) {
            None => {}
            Some(_) if found => notes.not_carried(
                name,
                "a managed identity is named in one way, and the first one counts",
            ),
            Some(value) if is_valid(value) => {
                *field = Some(value.to_owned());
                found = true;
            }
            Some(_) => notes.not_carried(name, "its value is not an ID of that sort"),
        }
    }
    identity
}

fn service_principal(variables: &Variables, notes: &Notes) -> IdentitySpec {
    let mut identity = IdentitySpec {
        kind: IdentityKind::ClientSecret,
        client_secret_file: Some(CLIENT_SECRET_FILE.into()),
        ..IdentitySpec::default()
    };
    let from_file = ["SERVICE_PRINCIPLE_FILE_PATH", "SERVICE_PRINCIPAL_FILE_PATH"]
        .into_iter()
        .find(|name| variables.text(name).is_some());
    let own: [Setting<'_>; 2] = [
        ("TENANT_ID", &mut identity.tenant_id, rules::is_tenant_id),
        ("CLIENT_ID", &mut identity.client_id, rules::is_client_id),
    ];
    for (name, field, is_valid) in own {
        match variables.text(name) {
            Some(value) if is_valid(value) => *field = Some(value.to_owned()),
            Some(_) => notes.not_carried(
                name,
                format!("its value is not such an ID; AZURE_{name} is used instead"),
            ),
            None => {}
        }
    }
    let reason = format!(
        "the client secret has to be in a file, {CLIENT_SECRET_FILE}; a federated token (`workloadIdentity`) or a \
         managed identity needs none"
    );
    notes.assumed("identity.clientSecretFile", reason);
    match from_file {
        Some(name) if !variables.is_true("USE_ENV") => {
            let reason = "the file is on the node; write its `tenantId` and `aadClientId` as `identity.tenantId` and \
                          `identity.clientId`, and put its `aadClientSecret` into the file above. Where both are `msi`, \
                          write `type: managedIdentity` instead";
            notes.not_carried(name, reason);
        }
        _ if variables.get("CLIENT_SECRET").is_some() => {
            notes.not_carried(
                "CLIENT_SECRET",
                "a manifest holds no secret; its value goes to the file above",
            );
        }
        _ => {}
    }
    if variables.is_true("AUTO_DETECT_AAD_TENANT") {
        notes.not_carried(
            "AUTO_DETECT_AAD_TENANT",
            "the tenant is not looked up; write it as `identity.tenantId`",
        );
    }
    identity.authority_host = authority(variables, notes);
    identity
}

fn authority(variables: &Variables, notes: &Notes) -> Option<url::Url> {
    let text = variables.text("AZURE_AUTHORITY_SERVER")?;
    let authority = rules::authority(text);
    if authority.is_none() {
        notes.not_carried("AZURE_AUTHORITY_SERVER", "it is not `https://` and a host alone");
    }
    authority.filter(|url| url.as_str() != PUBLIC_AUTHORITY)
}
