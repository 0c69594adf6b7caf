//! The Azure clouds that the provider knows by name.
//!
//! Source: `autorest/azure/environments.go` of `Azure/go-autorest`, which compares names without their case.

use crate::convert::note::{Notes, quoted};

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cloud {
    /// What hosts of vaults end in.
    pub(super) vault_suffix: &'static str,
    /// Host of its Microsoft Entra; `None` where it is the default or unknown.
    pub(super) authority: Option<&'static str>,
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
