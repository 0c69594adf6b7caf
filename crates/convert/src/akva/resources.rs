//! Resources: what a worker fetches, and from which vaults.

use std::collections::BTreeMap;

use url::Url;

use super::expression::Kind;
use super::identity::credential_name;
use super::worker::{Worker, vault_of};
use crate::draft::Object;
use crate::input::Value;
use crate::note::{Notes, other_case, quoted};
use crate::scalar;
use crate::vaults::{self, Vault, Vaults};
use domain::desired::VersionPolicy;
use domain::object::{ObjectName, VaultName};
use manifest::{quoted_key, rules};

/// The keys of a resource.
const KEYS: [&str; 8] = [
    "kind",
    "type",
    "name",
    "alias",
    "version",
    "credential",
    "vaultBaseURL",
    "vaultName",
];

/// What a worker fetches, as the agent keeps it: in maps of names, into which each resource is put in its turn.
#[derive(Default)]
pub(super) struct Resources {
    list: Vec<Resource>,
    every_secret: EverySecret,
}

/// Whether secrets have been fetched that no resource names.
#[derive(Default)]
enum EverySecret {
    #[default]
    No,
    Of(VaultName),
    /// From where a manifest cannot fetch them.
    NotCarried,
}

/// One object.
struct Resource {
    kind: Kind,
    names: Vec<String>,
    /// `None` when it is not carried; it hides earlier ones all the same.
    object: Option<Object>,
}

impl Resource {
    fn has_name(&self, kind: Kind, name: &str) -> bool {
        self.kind == kind && self.names.iter().any(|own| own == name)
    }
}

impl Resources {
    /// The object that a template calls by this name: of several, the last.
    pub(super) fn find(&self, kind: Kind, name: &str) -> Result<Object, String> {
        let not_carried = || {
            format!(
                "its template uses {}, of a resource that is not carried",
                quoted(name)
            )
        };
        let missing = || {
            format!(
                "its template uses {}, which no resource of the worker gives",
                quoted(name)
            )
        };
        let mut named = self.list.iter().rev();
        if let Some(resource) = named.find(|resource| resource.has_name(kind, name)) {
            return resource.object.clone().ok_or_else(not_carried);
        }
        let vault = match &self.every_secret {
            EverySecret::Of(vault) if kind == Kind::Secret => vault,
            EverySecret::NotCarried if kind == Kind::Secret => return Err(not_carried()),
            _ => return Err(missing()),
        };
        Ok(Object {
            vault: vault.clone(),
            name: ObjectName::parse(name).map_err(|_| missing())?,
            version: VersionPolicy::Latest,
            history: None,
        })
    }

    /// Every secret by each of its names, in the order of names, or why they are not known.
    pub(super) fn secrets(&self) -> Result<Vec<(&str, &Object)>, String> {
        match self.every_secret {
            EverySecret::No => {}
            EverySecret::Of(_) => {
                let reason = "its template writes every secret of a vault into one file, whose names only the vault knows; \
                              list them under `templates` with `format: json`, or write a file for each with `select`";
                return Err(reason.to_owned());
            }
            EverySecret::NotCarried => {
                return Err("its template writes every secret of a resource that is not carried".to_owned());
            }
        }
        let secrets = self.list.iter().filter(|resource| resource.kind == Kind::Secret);
        // Of several with one name, the last stays.
        let named: BTreeMap<&str, &Option<Object>> = secrets
            .flat_map(|resource| {
                resource
                    .names
                    .iter()
                    .map(|name| (name.as_str(), &resource.object))
            })
            .collect();
        // A file that lacks one of them would not have the members that programs look for.
        let carried = named.into_iter().map(|(name, object)| {
            let object = object.as_ref().ok_or_else(|| {
                format!(
                    "its template writes every secret of the worker, and {} is of a resource that is not carried",
                    quoted(name)
                )
            })?;
            Ok((name, object))
        });
        carried.collect()
    }

    /// The secret of a worker that has nothing else, carried or not.
    pub(super) fn only_secret(&self) -> Option<Object> {
        let [only] = self.list.as_slice() else {
            return None;
        };
        let is_secret = only.kind == Kind::Secret && matches!(self.every_secret, EverySecret::No);
        only.object.clone().filter(|_| is_secret)
    }

    fn push(&mut self, resource: Resource, label: &str, notes: &Notes) {
        let hidden = resource.names.iter().find(|name| {
            let mut earlier = self.list.iter();
            earlier.any(|earlier| earlier.has_name(resource.kind, name) && earlier.object != resource.object)
        });
        if let Some(name) = hidden {
            let reason = format!(
                "an earlier resource has the name {} too; it means the later one, as in the agent",
                quoted(name)
            );
            notes.assumed(label, reason);
        }
        self.list.push(resource);
    }

    /// `all-secrets` takes the place of the whole map.
    fn replace_secrets(&mut self, every_secret: EverySecret, label: &str, notes: &Notes) {
        let before = self.list.len();
        self.list.retain(|resource| resource.kind != Kind::Secret);
        if self.list.len() < before || !matches!(self.every_secret, EverySecret::No) {
            let reason = "it takes the place of all secrets that the worker lists before it, as in the agent";
            notes.assumed(label, reason);
        }
        self.every_secret = every_secret;
    }
}

/// The resources of a worker. Those are carried that the named credential can fetch.
pub(super) fn read(worker: &Worker<'_>, credential: &str, vaults: &mut Vaults, notes: &Notes) -> Resources {
    let mut resources = Resources::default();
    for value in &worker.resources {
        let kind = value.text_of("kind").or_else(|| value.text_of("type"));
        let kind = kind.unwrap_or_default();
        let name = value.text_of("name").unwrap_or_default();
        let label = worker.subject(&format!("resource {} {}", quoted(kind), quoted(name)));
        let mut reading = Reading {
            value: *value,
            credential,
            vaults,
            notes,
        };
        let told = |reason: String| notes.not_carried(label.as_str(), reason);
        let collection = match kind {
            "secret" | "cyberark-secret" => Kind::Secret,
            "cert" => Kind::Cert,
            "key" => Kind::Key,
            "all-secrets" | "all-cyberark-secrets" => {
                let url = reading.url(kind).map_err(told);
                let vault = url.map(|url| reading.vault(url));
                let every_secret = vault.map_or(EverySecret::NotCarried, EverySecret::Of);
                resources.replace_secrets(every_secret, &label, notes);
                continue;
            }
            _ => {
                told("the agent has no such kind".to_owned());
                continue;
            }
        };
        let alias = value.text_of("alias").filter(|alias| *alias != name);
        let resource = Resource {
            kind: collection,
            names: std::iter::once(name).chain(alias).map(str::to_owned).collect(),
            object: reading.object(kind).map_err(told).ok(),
        };
        if resource.object.is_some() {
            tell_others(*value, &label, notes);
        }
        resources.push(resource, &label, notes);
    }
    resources
}

/// Tells which keys have no effect. In the first versions, a resource was a sink, which is told of there.
fn tell_others(value: Value<'_>, label: &str, notes: &Notes) {
    let is_sink = value.entries().any(|(key, _)| key == "path");
    let unknown = value.entries().map(|(key, _)| key);
    for key in unknown.filter(|key| !is_sink && !KEYS.contains(key)) {
        let reason = other_case("the agent", key, &KEYS);
        let reason = reason.unwrap_or_else(|| "a resource has no such key".to_owned());
        notes.not_carried(format!("{label}, {}", quoted_key(key)), reason);
    }
}

/// A resource that is being read.
struct Reading<'r> {
    value: Value<'r>,
    credential: &'r str,
    vaults: &'r mut Vaults,
    notes: &'r Notes,
}

impl Reading<'_> {
    /// Where a resource of this kind is fetched from, and the host that has to be trusted; why it cannot be carried
    /// otherwise.
    fn url(&self, kind: &str) -> Result<(Url, Option<String>), String> {
        if kind.contains("cyberark") {
            return Err("akv-sync reads Azure Key Vault only, not CyberArk".to_owned());
        }
        if credential_name(self.value) != self.credential {
            return Err(
                "it needs another credential than the first resource, and a manifest has one".to_owned(),
            );
        }
        let url = vault_of(self.value).ok_or_else(|| self.no_url())?;
        let (url, trusted_host) =
            rules::vault_url(url).map_err(|wrong| format!("its vaultBaseURL cannot be taken: {wrong}"))?;
        if kind != "key" && rules::is_managed_hsm(&url) {
            return Err("its vault is a managed HSM, which holds keys only".to_owned());
        }
        Ok((url, trusted_host))
    }

    /// Says whether a key is nearly the one that is missing.
    fn no_url(&self) -> String {
        let mut keys = self.value.entries().map(|(key, _)| key);
        let near = keys.find_map(|key| other_case("the agent", key, &["vaultBaseURL", "vaultName"]));
        near.map_or_else(
            || "it has no vaultBaseURL".to_owned(),
            |near| format!("it has no vaultBaseURL: {near}"),
        )
    }

    fn vault(&mut self, (url, trusted_host): (Url, Option<String>)) -> VaultName {
        let known = self.vaults.name_of(&vaults::text_of(&url));
        known.unwrap_or_else(|| self.vaults.add(Vault::at(&url, trusted_host, self.notes)))
    }

    fn object(&mut self, kind: &str) -> Result<Object, String> {
        let url = self.url(kind)?;
        let name = self.value.text_of("name").unwrap_or_default();
        Ok(Object {
            name: ObjectName::parse(name).map_err(|error| error.to_string())?,
            version: match self.value.text_of("version") {
                None | Some("latest") => VersionPolicy::Latest,
                Some(text) => scalar::version(text, "version")?,
            },
            vault: self.vault(url),
            history: None,
        })
    }
}
