//! The vaults, and which of them an object is in.

use crate::field::{Located, Optional, Required, Scalar, Text};
use crate::problem::{Code, Mark, Problem, Sink};
use crate::scalar::{HostName, VaultUrl};
use crate::vocabulary::{listed, nearest};
use crate::wire;
use domain::desired::VaultSpec;
use domain::object::{VaultHost, VaultId, VaultName};
use domain::placeholder::Placeholder;
use domain::variable;
use ports::Environment;

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

    /// Whether the vault of this name is a managed HSM.
    pub(super) fn is_managed_hsm(&self, name: &VaultName) -> bool {
        self.spec_of(name)
            .is_some_and(|vault| VaultUrl(vault.url.clone()).is_managed_hsm())
    }

    fn spec_of(&self, name: &VaultName) -> Option<&VaultSpec> {
        self.specs.iter().find(|vault| vault.name == *name)
    }

    /// The vault of a name that objects may use. Where its URL is a problem it has no host, and the manifest no meaning.
    fn id_of(&self, name: &VaultName) -> VaultId {
        self.spec_of(name).map_or_else(
            || VaultId {
                name: name.clone(),
                host: VaultHost::unknown(),
            },
            VaultSpec::id,
        )
    }

    /// The vault of an entry at `entry` that names it in `field`, or names none.
    pub(super) fn choose(
        &self,
        field: &Optional<Text<VaultName>>,
        entry: Mark,
        sink: &Sink,
    ) -> Option<VaultId> {
        match field {
            Optional::Given(located) => self.named(Some(&located.parse(sink)?), located.mark, sink),
            Optional::Absent => self.named(None, entry, sink),
            Optional::Invalid => None,
        }
    }

    /// The vault that something at `mark` names, or the only one when it names none.
    pub(super) fn named(&self, name: Option<&VaultName>, mark: Mark, sink: &Sink) -> Option<VaultId> {
        if let Some(name) = name {
            if self.complete && !self.names.iter().any(|(known, _)| known == name) {
                sink.push(self.unknown(name).at(mark));
            }
            return Some(self.id_of(name));
        }
        match self.names.as_slice() {
            [(only, _)] if self.complete => Some(self.id_of(only)),
            [] | [_] => None,
            _ => {
                let problem = Problem::new(
                    Code::AmbiguousVault,
                    "`vault` is missing, and there are several vaults",
                );
                sink.push(
                    problem
                        .at(mark)
                        .hint(format!("add `vault`: one of {}", self.known())),
                );
                None
            }
        }
    }

    fn add_connected(&mut self, manifest: Mark, env: &dyn Environment, sink: &Sink) {
        let name = VaultName::parse(SERVICE_CONNECTOR_NAME).expect("`default` is a vault name");
        self.names.push((name.clone(), manifest));
        let missing = Problem::new(Code::MissingVaultUrl, "this manifest names no vault")
            .hint(format!("add `vaults`, or set {SERVICE_CONNECTOR_URL}"));
        if let Some(url) = connected_url(missing, manifest, env, sink) {
            if let Some(problem) = foreign_host(&url, Some(&[])) {
                sink.push(of_environment(problem).at(manifest));
            }
            self.specs.push(spec(name, url));
        }
    }

    fn add(&mut self, vault: &Required<wire::Vault>, env: &dyn Environment, sink: &Sink) {
        let Some(Located { value: vault, mark }) = vault.given() else {
            self.complete = false;
            return;
        };
        let name = vault.name.parse(sink);
        match &name {
            None => self.complete = false,
            Some(name) => self.add_name(name, vault.name.given().map_or(*mark, |name| name.mark), sink),
        }
        let (url, at) = match &vault.url {
            Optional::Given(located) => (located.parse(sink), located.mark),
            Optional::Invalid => (None, *mark),
            Optional::Absent => {
                let missing = Problem::new(Code::MissingVaultUrl, "this vault has no URL")
                    .hint(format!("add `url`, or set {SERVICE_CONNECTOR_URL}"));
                (connected_url(missing, *mark, env, sink), *mark)
            }
        };
        let trusted = trusted_hosts(&vault.trusted_hosts, sink);
        if let Some(problem) = url.as_ref().and_then(|url| foreign_host(url, trusted.as_deref())) {
            let problem = if vault.url.is_absent() {
                of_environment(problem)
            } else {
                problem
            };
            sink.push(problem.at(at));
        }
        if let (Some(name), Some(url)) = (name, url) {
            self.specs.push(spec(name, url));
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

fn spec(name: VaultName, url: VaultUrl) -> VaultSpec {
    VaultSpec {
        name,
        trusted_by_name: !url.has_key_vault_suffix(),
        url: url.0,
    }
}

/// The hosts of a vault's list; `None` when one was a problem, so that nobody can say which are missing.
fn trusted_hosts(list: &Optional<Vec<Required<Text<HostName>>>>, sink: &Sink) -> Option<Vec<HostName>> {
    match list {
        Optional::Absent => Some(Vec::new()),
        Optional::Invalid => None,
        Optional::Given(list) => {
            // Collected first: each host is read, whether or not an earlier one was a problem.
            let hosts: Vec<_> = list.value.iter().map(|host| host.parse(sink)).collect();
            hosts.into_iter().collect()
        }
    }
}

/// What is wrong with a host that may not get a token.
fn foreign_host(url: &VaultUrl, trusted: Option<&[HostName]>) -> Option<Problem> {
    if url.has_key_vault_suffix() || trusted?.iter().any(|host| host.is_host_of(url)) {
        return None;
    }
    let problem = Problem::new(Code::UntrustedHost, "this host is not one of Key Vault");
    Some(problem.hint(if url.is_private_link() {
        "write the vault's own name, `https://NAME.vault.azure.net`: inside the network, DNS leads it to the private endpoint"
    } else {
        "a vault is at `https://NAME.vault.azure.net` (or the suffix of its cloud); list any other host \
         that may get a token under the `trustedHosts` of this vault"
    }))
}

/// The URL from the environment, for the vault at `mark`; records `missing` when there is none.
fn connected_url(missing: Problem, mark: Mark, env: &dyn Environment, sink: &Sink) -> Option<VaultUrl> {
    let Some(text) = env.var(SERVICE_CONNECTOR_URL) else {
        sink.push(missing.at(mark));
        return None;
    };
    let placeholder = Placeholder::in_name(&text);
    if let Some((message, hint)) = variable::problem(SERVICE_CONNECTOR_URL, text.trim(), placeholder.as_ref())
    {
        sink.push(Problem::new(Code::EnvironmentUrl, message).hint(hint).at(mark));
        return None;
    }
    VaultUrl::parse(&text)
        .map_err(|problem| sink.push(of_environment(problem).at(mark)))
        .ok()
}

/// The problem of a URL that is not in the manifest, but in the environment.
fn of_environment(problem: Problem) -> Problem {
    Problem {
        code: Code::EnvironmentUrl,
        message: format!("{SERVICE_CONNECTOR_URL}: {}", problem.message).into(),
        ..problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn a_url_of_the_environment_in_quotes_or_not_filled_in_is_told_as_of_other_variables() {
        let text = "apiVersion: akv-sync/v1\nkind: SyncManifest\nvolume: { path: /mnt/akv }\nsecrets: [{ name: a }]\n";
        for (url, message) in [
            (
                "\"https://contoso.vault.azure.net\"",
                "has quotes around its value",
            ),
            (
                "'https://contoso.vault.azure.net/'\n",
                "has quotes around its value",
            ),
            (
                "${VAULT_URL}",
                "holds the placeholder `${…}`, which nothing filled in",
            ),
            (
                "https://{name}.vault.azure.net",
                "holds the placeholder `{…}`, which nothing filled in",
            ),
        ] {
            let problems = load(text, "m", &[(SERVICE_CONNECTOR_URL, url)].as_slice()).expect_err("no URL");
            let told: Vec<_> = problems
                .iter()
                .map(|problem| (problem.code, problem.message.as_ref()))
                .collect();
            let expected = format!("{SERVICE_CONNECTOR_URL} {message}");
            assert_eq!(told, [(Code::EnvironmentUrl, expected.as_str())], "{url}");
        }
    }
}
