//! The vaults, and which of them an object is in.

use super::super::field::{Located, Optional, Required, Scalar, Text};
use super::super::problem::{Code, Mark, Problem, Sink};
use super::super::scalar::VaultUrl;
use super::super::vocabulary::{listed, nearest};
use super::super::wire;
use crate::domain::object::VaultName;
use crate::domain::spec::VaultSpec;
use crate::ports::Environment;

/// URL of the vault that Azure's Service Connector connected the workload to.
///
/// Source: <https://learn.microsoft.com/azure/service-connector/how-to-integrate-key-vault>.
const SERVICE_CONNECTOR_URL: &str = "AZURE_KEYVAULT_RESOURCEENDPOINT";
/// Name of the vault of a manifest that lists none.
const SERVICE_CONNECTOR_NAME: &str = "default";

/// The vaults of a manifest.
pub(super) struct Vaults {
    specs: Vec<VaultSpec>,
    /// Names that objects may use; a vault whose URL is a problem has one all the same.
    names: Vec<(VaultName, Mark)>,
    /// Whether every vault has a usable name, so that a name that is not here is nowhere.
    complete: bool,
}

impl Vaults {
    pub(super) fn resolve(
        wire: &Optional<Vec<Required<wire::Vault>>>,
        manifest: Mark,
        env: &dyn Environment,
        sink: &Sink,
    ) -> Self {
        let mut vaults = Self {
            specs: Vec::new(),
            names: Vec::new(),
            complete: true,
        };
        match wire {
            Optional::Absent => vaults.add_connected(manifest, env, sink),
            Optional::Invalid => vaults.complete = false,
            Optional::Given(list) => {
                if list.value.is_empty() {
                    super::refuse_empty_list(list.mark, "vaults", sink);
                    vaults.complete = false;
                }
                for vault in &list.value {
                    vaults.add(vault, env, sink);
                }
            }
        }
        vaults
    }

    pub(super) fn into_specs(self) -> Vec<VaultSpec> {
        self.specs
    }

    /// The vault of an entry at `entry` that names it in `field`, or names none.
    pub(super) fn choose(
        &self,
        field: &Optional<Text<VaultName>>,
        entry: Mark,
        sink: &Sink,
    ) -> Option<VaultName> {
        if let Some(located) = field.given() {
            let name = located.parse(sink)?;
            if self.complete && !self.names.iter().any(|(known, _)| *known == name) {
                sink.push(self.unknown(&name).at(located.mark));
            }
            return Some(name);
        }
        match self.names.as_slice() {
            _ if !field.is_absent() => None,
            [(only, _)] if self.complete => Some(only.clone()),
            [] | [_] => None,
            _ => {
                let problem = Problem::new(
                    Code::AmbiguousVault,
                    "`vault` is missing, and there are several vaults",
                );
                sink.push(
                    problem
                        .at(entry)
                        .hint(format!("add `vault`: one of {}", self.known())),
                );
                None
            }
        }
    }

    fn add_connected(&mut self, manifest: Mark, env: &dyn Environment, sink: &Sink) {
        let name = VaultName::parse(SERVICE_CONNECTOR_NAME).expect("`default` is a vault name");
        self.names.push((name.clone(), manifest));
        let missing = || {
            let problem = Problem::new(Code::MissingVaultUrl, "this manifest names no vault");
            problem.hint(format!("add `vaults`, or set {SERVICE_CONNECTOR_URL}"))
        };
        if let Some(url) = connected_url(manifest, missing, env, sink) {
            self.push_spec(name, url, &Optional::Absent, manifest, sink);
        }
    }

    fn add(&mut self, vault: &Required<wire::Vault>, env: &dyn Environment, sink: &Sink) {
        let Some(Located { value: vault, mark }) = vault.given() else {
            self.complete = false;
            return;
        };
        let name = vault.name.parse(sink);
        let (url, at) = match &vault.url {
            Optional::Given(located) => (located.parse(sink), located.mark),
            Optional::Invalid => (None, *mark),
            Optional::Absent => {
                let missing = || {
                    let problem = Problem::new(Code::MissingVaultUrl, "this vault has no URL");
                    problem.hint(format!("add `url`, or set {SERVICE_CONNECTOR_URL}"))
                };
                (connected_url(*mark, missing, env, sink), *mark)
            }
        };
        match &name {
            None => self.complete = false,
            Some(name) => self.add_name(name, vault.name.given().map_or(*mark, |name| name.mark), sink),
        }
        if let Some(url) = url {
            // Without a name the host is checked all the same, so that its problem is in the same report.
            let name =
                name.unwrap_or_else(|| VaultName::parse(SERVICE_CONNECTOR_NAME).expect("a vault name"));
            self.push_spec(name, url, &vault.trusted_hosts, at, sink);
        }
    }

    fn add_name(&mut self, name: &VaultName, mark: Mark, sink: &Sink) {
        match self.names.iter().find(|(known, _)| known == name) {
            Some((_, first)) => {
                let problem = Problem::new(Code::DuplicateVault, "two vaults must not have the same name");
                let problem = problem.at(mark).related(*first, "the first is here");
                sink.push(problem.hint("give each vault a name of its own"));
            }
            None => self.names.push((name.clone(), mark)),
        }
    }

    fn push_spec(
        &mut self,
        name: VaultName,
        url: VaultUrl,
        trusted: &Optional<Vec<Required<Text<super::super::scalar::HostName>>>>,
        at: Mark,
        sink: &Sink,
    ) {
        let trusted_by_name = !url.has_key_vault_suffix();
        let hosts: Vec<_> = trusted.elements().filter_map(|host| host.parse(sink)).collect();
        if trusted_by_name && !hosts.iter().any(|host| host.is_host_of(&url)) {
            let problem = Problem::new(Code::UntrustedHost, "this host is not one of Key Vault");
            sink.push(problem.at(at).hint(
                "a vault is at `https://NAME.vault.azure.net` (or the suffix of its cloud); list any other host \
                 that may get a token under `trustedHosts`",
            ));
        }
        self.specs.push(VaultSpec {
            name,
            url: url.0,
            trusted_by_name,
        });
    }

    fn unknown(&self, name: &VaultName) -> Problem {
        /// Distances are worked out for every object; a manifest has a handful of vaults.
        const COMPARED: usize = 100;
        let names = self.names.iter().map(|(name, _)| name.as_str()).take(COMPARED);
        let hint = match nearest(name.as_str(), names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the vaults of this manifest: {}", self.known()),
        };
        Problem::new(Code::UnknownVault, "no vault of this manifest has this name").hint(hint)
    }

    fn known(&self) -> String {
        const SHOWN: usize = 10;
        let names = self.names.iter().map(|(name, _)| name.as_str());
        let more = if self.names.len() > SHOWN { ", …" } else { "" };
        format!("{}{more}", listed(names.take(SHOWN)))
    }
}

/// The URL from the environment, for the vault at `mark`; records `missing` when there is none.
fn connected_url(
    mark: Mark,
    missing: impl FnOnce() -> Problem,
    env: &dyn Environment,
    sink: &Sink,
) -> Option<VaultUrl> {
    let Some(text) = env.var(SERVICE_CONNECTOR_URL) else {
        sink.push(missing().at(mark));
        return None;
    };
    VaultUrl::parse(&text)
        .map_err(|problem| {
            let message = format!("{SERVICE_CONNECTOR_URL}: {}", problem.message);
            let problem = Problem {
                message: message.into(),
                code: Code::EnvironmentUrl,
                ..problem
            };
            sink.push(problem.at(mark));
        })
        .ok()
}
