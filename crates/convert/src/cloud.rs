//! The Azure clouds, by the hosts of their vaults and by the names that the CSI provider has for them.
//!
//! Source: `autorest/azure/environments.go` of `Azure/go-autorest`, which compares names without their case.

use url::Url;

use super::note::{Notes, quoted};
use super::vaults::Vault;
use domain::desired::{IdentityKind, IdentitySpec};
use manifest::rules;

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cloud {
    /// What hosts of vaults end in.
    pub(super) vault_suffix: &'static str,
    /// Host of its Microsoft Entra; `None` where it is the default or unknown.
    authority: Option<&'static str>,
}

const PUBLIC: Cloud = Cloud {
    vault_suffix: "vault.azure.net",
    authority: None,
};
const CHINA: Cloud = Cloud {
    vault_suffix: "vault.azure.cn",
    authority: Some("https://login.chinacloudapi.cn"),
};
const US_GOVERNMENT: Cloud = Cloud {
    vault_suffix: "vault.usgovcloudapi.net",
    authority: Some("https://login.microsoftonline.us"),
};
const GERMAN: Cloud = Cloud {
    vault_suffix: "vault.microsoftazure.de",
    authority: Some("https://login.microsoftonline.de"),
};
/// A host that never exists (RFC 2606), so that no token goes to a guessed one.
const UNKNOWN: Cloud = Cloud {
    vault_suffix: "vault.invalid",
    authority: None,
};

impl Cloud {
    /// The cloud whose vaults have such hosts, whatever the class calls it: their tokens come from its Entra alone.
    pub(super) fn of_host(host: &str) -> Option<Self> {
        let clouds = [PUBLIC, CHINA, US_GOVERNMENT, GERMAN];
        clouds.into_iter().find(|cloud| {
            let name = host.strip_suffix(cloud.vault_suffix);
            name.is_some_and(|name| name.ends_with('.'))
        })
    }

    /// The Entra of the cloud.
    pub(super) fn authority(self) -> Option<Url> {
        self.authority.and_then(rules::authority)
    }

    /// The cloud of `cloudName`, which may be absent.
    pub(super) fn named(name: Option<&str>, subject: &str, notes: &Notes) -> Self {
        let Some(name) = name else {
            return PUBLIC;
        };
        match name.to_ascii_uppercase().as_str() {
            "AZUREPUBLICCLOUD" | "AZURECLOUD" => PUBLIC,
            "AZURECHINACLOUD" => CHINA,
            "AZUREUSGOVERNMENT" | "AZUREUSGOVERNMENTCLOUD" => US_GOVERNMENT,
            "AZUREGERMANCLOUD" => {
                let reason = "this cloud was closed in October 2021; write the URL that the vault has now, and remove \
                              `trustedHosts` and `authorityHost`";
                notes.not_carried(subject, reason);
                GERMAN
            }
            "AZURESTACKCLOUD" => {
                let reason = "the hosts of this cloud are in the file that `cloudEnvFileName` names; replace \
                              `vault.invalid` in `url` and `trustedHosts` by its `keyVaultDNSSuffix`, and add its \
                              `activeDirectoryEndpoint` as `identity.authorityHost`";
                notes.not_carried(subject, reason);
                UNKNOWN
            }
            _ => {
                let reason = format!(
                    "the provider knows no cloud {}; replace `vault.invalid`",
                    quoted(name)
                );
                notes.not_carried(subject, reason);
                UNKNOWN
            }
        }
    }
}

/// Gives an identity that names no Entra the one of its vaults' cloud: a token of another one is refused there.
pub(super) fn settle_authority(identity: &mut IdentitySpec, vaults: &[Vault], notes: &Notes) {
    let names_one = matches!(
        identity.kind,
        IdentityKind::ManagedIdentity | IdentityKind::Developer
    );
    if names_one || identity.authority_host.is_some() {
        return;
    }
    let mut clouds = vaults.iter().filter_map(|vault| Cloud::of_host(vault.host()));
    let Some(cloud) = clouds.next() else {
        return;
    };
    if clouds.any(|other| other != cloud) {
        let reason = "the vaults are in several clouds, each of which has an Entra of its own, and a manifest signs in to one: \
                      make a manifest for each cloud";
        return notes.not_carried("identity.authorityHost", reason);
    }
    let Some(authority) = cloud.authority() else {
        return;
    };
    let reason = format!(
        "`{}`, from the host of the vault",
        authority.as_str().trim_end_matches('/')
    );
    notes.assumed("identity.authorityHost", reason);
    identity.authority_host = Some(authority);
}
