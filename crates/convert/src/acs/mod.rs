//! `acs-keyvault-agent`: an init container that is told by environment variables what to write.
//!
//! Facts: `app/main.py` and `README.md` of `Hexadite/acs-keyvault-agent`, as they were last changed in 2022.

mod effect;
mod env;
mod identity;
mod keys;

use self::env::Variables;
pub(super) use self::env::{is_mine, is_my_document};
use super::draft::{Draft, Volume};
use super::note::{Notes, quoted};
use super::vaults::Vault;
use super::{ConvertError, cloud, rendered};
use domain::mode::FileMode;
use domain::object::VaultName;
use manifest::quoted_key;
use manifest::rules::{self, WrongUrl};

/// Where the examples of the agent mount its volume.
const VOLUME_PATH: &str = "/secrets";

/// The agent's variables as a draft.
pub(super) fn draft(text: &str, notes: &Notes) -> Result<Draft, ConvertError> {
    let variables = Variables::read(text, notes)?;
    for name in variables.names().filter(|name| goes_into_the_manifest(name)) {
        rendered::refuse(&quoted_key(name), variables.get(name).unwrap_or_default())?;
    }
    let vault = vault(&variables, notes)?;
    let agent = Agent {
        variables: &variables,
        vault: &vault.name,
        notes,
    };
    let mut identity = identity::read(&variables, notes);
    cloud::settle_authority(&mut identity, std::slice::from_ref(&vault), notes);
    let volume_path = agent.volume_path();
    let (files, selections) = keys::read(&agent);
    agent.refuse_others();
    let reason = "the agent wrote once; run `akv-sync once` in its place, or `akv-sync run` as a sidecar to stay current";
    notes.assumed("refresh", reason);
    let modes =
        "`0644` and `0755`, as Python creates them; without both keys only the owner and group can read";
    notes.assumed("volume.fileMode, volume.dirMode", modes);
    Ok(Draft {
        origin: "the variables of acs-keyvault-agent".to_owned(),
        identity,
        vaults: vec![vault],
        volume: Volume {
            path: volume_path,
            file_mode: FileMode::from_bits(0o644),
            dir_mode: FileMode::from_bits(0o755),
            owner: None,
            group: None,
        },
        interval: None,
        entries: files.entries,
        lost: files.lost,
        selections,
    })
}

/// Whether what a variable holds goes into the manifest; a client secret, which may be any text, does not.
fn goes_into_the_manifest(name: &str) -> bool {
    let of_files = ["VAULT_BASE_URL", "SECRETS_FOLDER", "SECRETS_KEYS", "CERTS_KEYS"];
    of_files.contains(&name) || (identity::reads(name) && name != "CLIENT_SECRET")
}

/// The agent that is being read.
pub(super) struct Agent<'r> {
    variables: &'r Variables,
    vault: &'r VaultName,
    notes: &'r Notes,
}

fn vault(variables: &Variables, notes: &Notes) -> Result<Vault, ConvertError> {
    let wrong = |message: &str| WrongUrl {
        message: message.to_owned(),
        hint: "write `https://NAME.vault.azure.net`".to_owned(),
    };
    let given = variables.text("VAULT_BASE_URL");
    let url = given
        .ok_or_else(|| wrong("it is missing"))
        .and_then(rules::vault_url);
    let url = url.and_then(|(url, trusted_host)| {
        if rules::is_managed_hsm(&url) {
            return Err(wrong("it is a managed HSM, which holds keys only"));
        }
        Ok((url, trusted_host))
    });
    let (url, trusted_host) = url.map_err(|wrong| ConvertError::NoVault {
        setting: "VAULT_BASE_URL",
        reason: wrong.message,
        hint: wrong.hint,
    })?;
    Ok(Vault::at(&url, trusted_host, notes))
}

impl Agent<'_> {
    /// Whether it writes Kubernetes Secrets in place of files.
    fn writes_kubernetes_secrets(&self) -> bool {
        self.variables.is_true("CREATE_KUBERNETES_SECRETS")
    }

    fn volume_path(&self) -> String {
        match self.variables.text("SECRETS_FOLDER") {
            Some(path) if rules::is_absolute_path(path) => path.to_owned(),
            Some(path) => {
                let reason = format!(
                    "{} is not an absolute path; `{VOLUME_PATH}` stands for it",
                    quoted(path)
                );
                self.notes.not_carried("SECRETS_FOLDER", reason);
                VOLUME_PATH.to_owned()
            }
            None => {
                let reason = format!("`{VOLUME_PATH}`, as SECRETS_FOLDER is not set");
                self.notes.assumed("volume.path", reason);
                VOLUME_PATH.to_owned()
            }
        }
    }

    /// Tells which variables have no effect, and those that are of Kubernetes Secrets.
    fn refuse_others(&self) {
        for name in self.variables.names() {
            let reason = match name {
                _ if identity::reads(name) => continue,
                _ if effect::is_of_files(name) => match effect::none_of(self, name) {
                    Some(reason) => reason,
                    None => continue,
                },
                "VAULT_BASE_URL" | "SECRETS_FOLDER" => continue,
                "CREATE_KUBERNETES_SECRETS" if !self.writes_kubernetes_secrets() => continue,
                "CREATE_KUBERNETES_SECRETS" => {
                    "akv-sync writes no Kubernetes Secrets, which would keep the values in etcd; the manifest writes a \
                     file for each of their keys, as if they were mounted"
                }
                "SECRETS_NAMESPACE" => "akv-sync writes no Kubernetes Secrets",
                "VAULT_RESOURCE_NAME" => "the vault itself says for which resource a token has to be",
                "TIMEOUT" => {
                    "each call has a bound of its own; `akv-sync once --timeout` bounds them together"
                }
                _ => "the agent has no such variable",
            };
            self.notes.not_carried(quoted_key(name), reason);
        }
    }
}
