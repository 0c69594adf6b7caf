//! Documents that are given in place of a manifest, told by what only they have.

use super::problem::{Code, Mark, Problem};
use super::tree::{Kind, NodeId, Tree};

/// A document that is no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherDocument {
    /// A `ConfigMap` or Secret of Kubernetes; whether a manifest is a text in it.
    ConfigMap {
        /// What it is called.
        name: &'static str,
        /// Whether one of its texts is a manifest.
        holds_manifest: bool,
    },
    /// What `convert` reads.
    Convertible(&'static str),
    /// A workload of Kubernetes.
    Workload(&'static str),
    /// A resource of a tool that writes Kubernetes Secrets.
    SecretWriter(&'static str),
    /// Another resource of Kubernetes.
    Resource,
    /// A manifest of ours.
    Manifest,
}

const WORKLOADS: [&str; 7] = [
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
];

/// Resources of External Secrets Operator, akv2k8s and Vault Secrets Operator.
const SECRET_WRITERS: [&str; 8] = [
    "ExternalSecret",
    "ClusterExternalSecret",
    "SecretStore",
    "ClusterSecretStore",
    "PushSecret",
    "AzureKeyVaultSecret",
    "AzureKeyVaultSecretExport",
    "VaultStaticSecret",
];

impl OtherDocument {
    /// What a document is, when it can be told.
    pub(crate) fn of(tree: &Tree<'_>) -> Option<Self> {
        let root = tree.root();
        let text = |key| value_of(tree, root, key).map(|value| tree.text(value));
        let kind = text("kind").unwrap_or_default();
        let api = text("apiVersion").unwrap_or_default();
        let known = |kinds: &[&'static str]| kinds.iter().find(|known| **known == kind).copied();
        match kind {
            "SyncManifest" => return Some(Self::Manifest),
            _ if api.starts_with("akv-sync/") => return Some(Self::Manifest),
            "ConfigMap" => return Some(Self::config_map(tree, "ConfigMap")),
            "Secret" => return Some(Self::config_map(tree, "Secret")),
            "SecretProviderClass" => return Some(Self::Convertible("SecretProviderClass")),
            _ => {}
        }
        if let Some(kind) = known(&WORKLOADS) {
            return Some(Self::Workload(kind));
        }
        if let Some(kind) = known(&SECRET_WRITERS) {
            return Some(Self::SecretWriter(kind));
        }
        let is_list = |key| {
            value_of(tree, root, key).is_some_and(|value| matches!(tree.node(value).kind, Kind::Sequence(_)))
        };
        if kind.is_empty() && api.is_empty() && is_list("workers") {
            return Some(Self::Convertible("configuration of akva"));
        }
        let is_resource = !kind.is_empty()
            && !api.is_empty()
            && ["metadata", "spec", "items"]
                .iter()
                .any(|key| value_of(tree, root, key).is_some());
        is_resource.then_some(Self::Resource)
    }

    fn config_map(tree: &Tree<'_>, name: &'static str) -> Self {
        let texts = ["data", "stringData"]
            .iter()
            .filter_map(|key| value_of(tree, tree.root(), key))
            .flat_map(|data| entries(tree, data))
            .map(|(_, value)| tree.text(*value));
        let mut texts = texts.filter(|text| text.contains("SyncManifest"));
        Self::ConfigMap {
            name,
            holds_manifest: texts.next().is_some(),
        }
    }

    /// What it is, as a sentence goes on after "this is".
    pub(crate) fn what(self) -> String {
        match self {
            Self::ConfigMap {
                name,
                holds_manifest: true,
            } => format!("a {name} of Kubernetes with a manifest in it"),
            Self::ConfigMap { name, .. } => format!("a {name} of Kubernetes"),
            Self::Convertible(name) => format!("a {name}"),
            Self::Workload(kind) => format!("a {kind} of Kubernetes"),
            Self::SecretWriter(kind) => format!("{} {kind}", article(kind)),
            Self::Resource => "another resource of Kubernetes".to_owned(),
            Self::Manifest => "a manifest of akv-sync already".to_owned(),
        }
    }

    /// What to do where a manifest is expected.
    pub(crate) fn instead_of_a_manifest(self) -> &'static str {
        match self {
            Self::ConfigMap {
                holds_manifest: true, ..
            } => {
                "the manifest is the text under one of the keys of `data`: name the file that it becomes where it is \
                 mounted, or take it out, such as with `kubectl get configmap NAME -o jsonpath='{.data.manifest\\.yaml}'`"
            }
            Self::ConfigMap { .. } => {
                "a manifest is a file of its own, or a text under a key of `data`; it starts with \
                 `apiVersion: akv-sync/v1`"
            }
            Self::Convertible(_) => "run `akv-sync convert FILE`, which makes a manifest of it",
            Self::Workload(_) => {
                "the manifest is another file, which the workload mounts; where this one runs acs-keyvault-agent, \
                 `akv-sync convert FILE` makes a manifest of its variables"
            }
            Self::SecretWriter(_) => {
                "`convert` does not read it, because it makes Kubernetes Secrets, and akv-sync writes files: list its \
                 objects under `secrets`"
            }
            Self::Resource | Self::Manifest => {
                "a manifest starts with `apiVersion: akv-sync/v1` and `kind: SyncManifest`"
            }
        }
    }

    /// What to do where the configuration of another tool is expected.
    pub(crate) fn instead_of_a_configuration(self) -> &'static str {
        match self {
            Self::ConfigMap {
                holds_manifest: true, ..
            } => "there is nothing to convert: give the text under the key of `data` to `akv-sync check`",
            Self::ConfigMap { .. } => {
                "give the text under one of the keys of its `data`, if that is the configuration of a tool"
            }
            Self::Convertible(_) | Self::Resource => {
                "`convert` reads a SecretProviderClass, the YAML of akva, and the variables of acs-keyvault-agent"
            }
            Self::Workload(_) => {
                "`convert` reads from it only an `env` list of acs-keyvault-agent, with VAULT_BASE_URL; a class that it \
                 mounts is a document of its own"
            }
            Self::SecretWriter(_) => self.instead_of_a_manifest(),
            Self::Manifest => "there is nothing to convert: run `akv-sync check --manifest FILE`",
        }
    }
}

/// Says of the first document of a text that it is no manifest, and what to do; nothing where it may be meant as one.
pub(super) fn refuse(tree: &Tree<'_>) -> Option<Problem> {
    let other = OtherDocument::of(tree).filter(|other| *other != OtherDocument::Manifest)?;
    let message = format!("this is {}, not a manifest", other.what());
    let problem = Problem::new(Code::WrongDocument, message).at(Mark::START);
    Some(problem.hint(other.instead_of_a_manifest()))
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'E', 'I', 'O', 'U']) {
        "an"
    } else {
        "a"
    }
}

fn entries<'n>(tree: &'n Tree<'_>, id: NodeId) -> &'n [(NodeId, NodeId)] {
    match &tree.node(id).kind {
        Kind::Mapping(entries) => entries,
        Kind::Scalar { .. } | Kind::Sequence(_) => &[],
    }
}

fn value_of(tree: &Tree<'_>, id: NodeId, key: &str) -> Option<NodeId> {
    let found = entries(tree, id).iter().find(|(name, _)| tree.text(*name) == key);
    found.map(|(_, value)| *value)
}
