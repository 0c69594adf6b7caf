//! Resources: what a worker fetches, and from which vaults.

use super::expression::Kind;
use super::identity::credential_name;
use super::worker::Worker;
use crate::convert::draft::Object;
use crate::convert::input::Value;
use crate::convert::note::{Notes, quoted};
use crate::convert::scalar;
use crate::convert::vaults::{self, Vault, Vaults};
use crate::domain::object::{ObjectName, VaultName};
use crate::domain::spec::VersionPolicy;
use crate::manifest::rules;

/// The name of the vault at a URL; `None` when no vault can be there.
fn vault_at(url: &str, vaults: &mut Vaults, notes: &Notes) -> Option<VaultName> {
    let (url, trusted_host) = rules::vault_url(url)?;
    let known = vaults.name_of(&vaults::text_of(&url));
    Some(known.unwrap_or_else(|| vaults.add(Vault::at(&url, trusted_host, notes))))
}

/// What a worker fetches.
#[derive(Default)]
pub(super) struct Resources {
    list: Vec<Resource>,
    /// The vault of which it fetches every secret.
    every_secret_of: Option<VaultName>,
}

/// One object.
struct Resource {
    kind: Kind,
    names: Vec<String>,
    object: Object,
}

impl Resources {
    /// The object that a template calls by this name.
    pub(super) fn find(&self, kind: Kind, name: &str) -> Result<Object, String> {
        let has_name =
            |resource: &&Resource| resource.kind == kind && resource.names.iter().any(|own| own == name);
        if let Some(resource) = self.list.iter().find(has_name) {
            return Ok(resource.object.clone());
        }
        let missing = || {
            format!(
                "its template uses {}, which no resource of the worker gives",
                quoted(name)
            )
        };
        let vault = self
            .every_secret_of
            .as_ref()
            .filter(|_| kind == Kind::Secret)
            .ok_or_else(missing)?;
        Ok(Object {
            vault: vault.clone(),
            name: ObjectName::parse(name).map_err(|_| missing())?,
            version: VersionPolicy::Latest,
            history: None,
        })
    }

    /// Every secret by each of its names, in the order of names; `None` when only the vault knows them.
    pub(super) fn secrets(&self) -> Option<Vec<(&str, &Object)>> {
        if self.every_secret_of.is_some() {
            return None;
        }
        let secrets = self.list.iter().filter(|resource| resource.kind == Kind::Secret);
        let named = secrets.flat_map(|resource| {
            resource
                .names
                .iter()
                .map(move |name| (name.as_str(), &resource.object))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by_key(|(name, _)| *name);
        Some(named)
    }

    /// The secret of a worker that has nothing else.
    pub(super) fn only_secret(&self) -> Option<Object> {
        match self.list.as_slice() {
            [
                Resource {
                    kind: Kind::Secret,
                    object,
                    ..
                },
            ] => Some(object.clone()),
            _ => None,
        }
    }
}

/// The URL of a resource's vault; the first versions had another key for it.
pub(super) fn vault_of(resource: Value<'_>) -> Option<&str> {
    resource
        .text_of("vaultBaseURL")
        .or_else(|| resource.text_of("vaultName"))
}

/// The resources of a worker that the named credential can fetch.
pub(super) fn read(worker: &Worker<'_>, credential: &str, vaults: &mut Vaults, notes: &Notes) -> Resources {
    let mut resources = Resources::default();
    for value in &worker.resources {
        let kind = value
            .text_of("kind")
            .or_else(|| value.text_of("type"))
            .unwrap_or_default();
        let name = value.text_of("name").unwrap_or_default();
        let label = worker.subject(&format!("resource {} {}", quoted(kind), quoted(name)));
        if let Err(reason) = resources.add(*value, kind, credential, vaults, notes) {
            notes.not_carried(label, reason);
        }
    }
    resources
}

impl Resources {
    fn add(
        &mut self,
        value: Value<'_>,
        kind: &str,
        credential: &str,
        vaults: &mut Vaults,
        notes: &Notes,
    ) -> Result<(), String> {
        let kind = match kind {
            "secret" => Some(Kind::Secret),
            "cert" => Some(Kind::Cert),
            "key" => Some(Kind::Key),
            "all-secrets" => None,
            "cyberark-secret" | "all-cyberark-secrets" => {
                return Err("akv-sync reads Azure Key Vault only, not CyberArk".to_owned());
            }
            _ => return Err("the agent has no such kind".to_owned()),
        };
        if credential_name(value) != credential {
            return Err(
                "it needs another credential than the first resource, and a manifest has one".to_owned(),
            );
        }
        let url = vault_of(value).ok_or("it has no vaultBaseURL")?;
        // It may hold a password, so that it is not shown.
        let bad_url = || "its vaultBaseURL is not `https://` and the host of a vault alone".to_owned();
        let (parsed, _) = rules::vault_url(url).ok_or_else(bad_url)?;
        if kind != Some(Kind::Key) && rules::is_managed_hsm(&parsed) {
            return Err("its vault is a managed HSM, which holds keys only".to_owned());
        }
        let Some(kind) = kind else {
            self.every_secret_of = Some(vault_at(url, vaults, notes).ok_or_else(bad_url)?);
            return Ok(());
        };
        let name = value.text_of("name").unwrap_or_default();
        let object = Object {
            name: ObjectName::parse(name).map_err(|error| error.to_string())?,
            version: version(value)?,
            vault: vault_at(url, vaults, notes).ok_or_else(bad_url)?,
            history: None,
        };
        let mut names = vec![name.to_owned()];
        names.extend(
            value
                .text_of("alias")
                .filter(|alias| *alias != name)
                .map(str::to_owned),
        );
        self.list.push(Resource { kind, names, object });
        Ok(())
    }
}

fn version(value: Value<'_>) -> Result<VersionPolicy, String> {
    match value.text_of("version") {
        None | Some("latest") => Ok(VersionPolicy::Latest),
        Some(text) => scalar::version(text, "version"),
    }
}
