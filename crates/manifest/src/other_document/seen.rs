//! What a document is, by what only it has.

use super::{Held, OtherDocument};
use crate::tree::{Kind, NodeId, Tree};
use crate::vocabulary::{nearest, word_of};

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

/// Keys that only the values of a chart have.
const OF_VALUES: [&str; 8] = [
    "replicaCount",
    "nameOverride",
    "fullnameOverride",
    "imagePullSecrets",
    "podAnnotations",
    "podSecurityContext",
    "autoscaling",
    "extraVolumes",
];

/// Keys that only a kustomization has beside `resources`.
const OF_KUSTOMIZE: [&str; 8] = [
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "patches",
    "patchesStrategicMerge",
    "secretGenerator",
    "replacements",
    "components",
];

/// The keys of a manifest but for those that other documents have too.
const OWN: [&str; 8] = [
    "identity",
    "vaults",
    "volume",
    "refresh",
    "secrets",
    "certificates",
    "keys",
    "templates",
];

impl OtherDocument {
    /// What a document is, when it can be told.
    pub fn of(tree: &Tree<'_>) -> Option<Self> {
        Seen {
            tree,
            id: tree.root(),
        }
        .document("")
    }
}

/// A value that may be a document.
#[derive(Clone, Copy)]
struct Seen<'t> {
    tree: &'t Tree<'t>,
    id: NodeId,
}

impl<'t> Seen<'t> {
    fn at(self, id: NodeId) -> Self {
        Self { tree: self.tree, id }
    }

    fn entries(self) -> &'t [(NodeId, NodeId)] {
        match &self.tree.node(self.id).kind {
            Kind::Mapping(entries) => entries,
            Kind::Scalar { .. } | Kind::Sequence(_) => &[],
        }
    }

    fn items(self) -> &'t [NodeId] {
        match &self.tree.node(self.id).kind {
            Kind::Sequence(items) => items,
            Kind::Scalar { .. } | Kind::Mapping(_) => &[],
        }
    }

    /// The value of a key in any case: a document is no less what it is for a slip.
    fn get(self, key: &str) -> Option<Self> {
        let found = self
            .entries()
            .iter()
            .find(|(name, _)| self.tree.text(*name).eq_ignore_ascii_case(key));
        found.map(|(_, value)| self.at(*value))
    }

    fn text_of(self, key: &str) -> &'t str {
        self.get(key).map(Self::text).unwrap_or_default()
    }

    fn text(self) -> &'t str {
        self.tree.text(self.id)
    }

    fn keys(self) -> impl Iterator<Item = &'t str> {
        self.entries().iter().map(move |(key, _)| self.tree.text(*key))
    }

    /// What it is; `place` is where it stands, as `kubectl` writes it: nothing for the root.
    fn document(self, place: &str) -> Option<OtherDocument> {
        let (kind, api) = (self.text_of("kind"), self.text_of("apiVersion"));
        let is = |known: &str| known.eq_ignore_ascii_case(kind);
        let known = |kinds: &[&'static str]| kinds.iter().copied().find(|known| is(known));
        if is("SyncManifest") || api.starts_with("akv-sync/") {
            return Some(OtherDocument::Manifest);
        }
        if let Some(name) = known(&["ConfigMap", "Secret"]) {
            return Some(self.config_map(name, place));
        }
        if is("SecretProviderClass") {
            return Some(self.class());
        }
        if let Some(kind) = known(&WORKLOADS) {
            return Some(OtherDocument::Workload(kind));
        }
        if let Some(kind) = known(&SECRET_WRITERS) {
            return Some(OtherDocument::SecretWriter(kind));
        }
        if kind.ends_with("List") && self.get("items").is_some() {
            return Some(self.list(kind, place));
        }
        if is("Kustomization") || self.is_kustomization() {
            return Some(OtherDocument::File(
                "a kustomization",
                "the manifest is a file that it may name under `configMapGenerator`",
            ));
        }
        let may_be_ours = if kind.is_empty() && api.is_empty() {
            self.has_own_value()
        } else {
            self.has_own_key()
        };
        self.of_no_cluster(kind, api)
            .or_else(|| (!may_be_ours).then(|| self.strange(kind, api)).flatten())
    }

    /// What has no kind, and is no resource.
    fn of_no_cluster(self, kind: &str, api: &str) -> Option<OtherDocument> {
        if !kind.is_empty() {
            return None;
        }
        if self.text_of("$schema").contains("deployment") {
            return Some(OtherDocument::File(
                "an ARM template",
                "a manifest is a file of its own, in YAML",
            ));
        }
        let is_chart = matches!(api, "v1" | "v2") && self.get("version").is_some();
        if is_chart {
            return Some(OtherDocument::File(
                "the Chart.yaml of a Helm chart",
                "a manifest is what a template of the chart makes of it (`helm template`)",
            ));
        }
        if !api.is_empty() {
            return None;
        }
        if self.get("workers").is_some_and(Self::is_list) {
            return Some(OtherDocument::Convertible("configuration of akva"));
        }
        let services = self.get("services").map(Self::entries).unwrap_or_default();
        if services.iter().any(|(_, service)| self.at(*service).is_service()) {
            return Some(OtherDocument::File(
                "a file of docker compose",
                "a manifest is a file of its own, which a container mounts",
            ));
        }
        if let Some(key) = self.key_with_a_manifest() {
            return Some(OtherDocument::Values(key));
        }
        if self.is_part_of_class() {
            return Some(OtherDocument::File(
                "a part of a SecretProviderClass",
                "`akv-sync convert FILE` makes a manifest of the whole class",
            ));
        }
        let has_image = self
            .get("image")
            .is_some_and(|image| image.get("repository").is_some());
        let is_values = has_image || self.keys().any(|key| OF_VALUES.contains(&key));
        is_values.then_some(OtherDocument::File(
            "the values.yaml of a Helm chart",
            "a manifest is what a template of the chart makes of it (`helm template`)",
        ))
    }

    /// `manifest` of our chart, or of a chart that depends on it.
    fn key_with_a_manifest(self) -> Option<String> {
        const KEY: &str = "manifest";
        let is_manifest = |part: Self| part.get(KEY).is_some_and(Self::has_own_value);
        if is_manifest(self) {
            return Some(KEY.to_owned());
        }
        let mut entries = self.entries().iter();
        let found = entries.find(|(_, value)| is_manifest(self.at(*value)));
        found.map(|(key, _)| format!("{}.{KEY}", word_of(self.tree.text(*key))))
    }

    /// A kustomization need not say its kind.
    fn is_kustomization(self) -> bool {
        let has_resources = self.get("resources").is_some_and(Self::is_list);
        self.get("configMapGenerator").is_some()
            || (has_resources && self.keys().any(|key| OF_KUSTOMIZE.contains(&key)))
    }

    fn is_part_of_class(self) -> bool {
        let parameters = self.get("parameters").unwrap_or(self);
        parameters.get("keyvaultName").is_some()
            || (self.entries().len() == 1 && self.get("array").is_some_and(Self::is_list))
    }

    fn is_list(self) -> bool {
        matches!(self.tree.node(self.id).kind, Kind::Sequence(_))
    }

    /// Whether it is as a service of docker compose is.
    fn is_service(self) -> bool {
        ["image", "build"].iter().any(|key| self.get(key).is_some())
    }

    /// Whether a key is one of a manifest, perhaps misspelt.
    fn has_own_key(self) -> bool {
        self.keys().any(|key| nearest(key, OWN).is_some())
    }

    /// The same, with what may stand under it: `secrets` is a mapping in many files.
    fn has_own_value(self) -> bool {
        let mut entries = self.entries().iter();
        entries.any(|(key, value)| match nearest(self.tree.text(*key), OWN) {
            Some("identity" | "volume" | "refresh") => !self.at(*value).entries().is_empty(),
            Some(_) => self.at(*value).is_list(),
            None => false,
        })
    }

    /// What has no key of a manifest but `apiVersion` and `kind`, perhaps misspelt too.
    fn strange(self, kind: &str, api: &str) -> Option<OtherDocument> {
        if nearest(kind, ["SyncManifest"]).is_some() || api.contains("akv") {
            return None;
        }
        if !kind.is_empty() && !api.is_empty() {
            return Some(OtherDocument::Resource);
        }
        let has_head = self
            .keys()
            .any(|key| nearest(key, ["apiVersion", "kind"]).is_some());
        (!has_head && !self.entries().is_empty()).then_some(OtherDocument::Unknown)
    }

    fn config_map(self, name: &'static str, place: &str) -> OtherDocument {
        let texts = ["data", "stringData"]
            .into_iter()
            .filter_map(|data| Some((data, self.get(data)?)))
            .flat_map(|(data, values)| values.entries().iter().map(move |entry| (data, entry)));
        let mut manifests = texts.filter(|(_, (key, value))| {
            is_key_of_config_map(self.tree.text(*key)) && self.tree.text(*value).contains("SyncManifest")
        });
        OtherDocument::ConfigMap {
            name,
            held: manifests.next().map(|(data, (key, _))| Held {
                place: format!("{place}{data}"),
                key: self.tree.text(*key).to_owned(),
            }),
        }
    }

    /// A class says which provider it is for; without a word, it is perhaps cut.
    fn class(self) -> OtherDocument {
        let provider = self
            .get("spec")
            .map(|spec| spec.text_of("provider"))
            .unwrap_or_default();
        let other = ["aws", "gcp", "vault"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(provider));
        match other {
            Some(provider) => OtherDocument::ForeignClass(Some(provider)),
            None if provider.is_empty() || provider.eq_ignore_ascii_case("azure") => {
                OtherDocument::Convertible("SecretProviderClass")
            }
            None => OtherDocument::ForeignClass(None),
        }
    }

    /// Of a list, what is nearest to a manifest. Items of a `ConfigMapList` need not say what they are.
    fn list(self, kind: &str, place: &str) -> OtherDocument {
        let of_list = match kind {
            "ConfigMapList" => Some("ConfigMap"),
            "SecretList" => Some("Secret"),
            _ => None,
        };
        let items = self.get("items").map(Self::items).unwrap_or_default();
        let seen = items.iter().enumerate().filter_map(|(index, item)| {
            let (item, place) = (self.at(*item), format!("{place}items[{index}]."));
            match of_list {
                Some(name) => Some(item.config_map(name, &place)),
                None => item.document(&place),
            }
        });
        let nearest = seen.min_by_key(|document| match document {
            OtherDocument::ConfigMap { held: Some(_), .. } => 0,
            OtherDocument::Convertible(_) => 1,
            _ => 2,
        });
        OtherDocument::List(Box::new(nearest.unwrap_or(OtherDocument::Resource)))
    }
}

/// Whether Kubernetes would take a key for one of a `ConfigMap`.
fn is_key_of_config_map(key: &str) -> bool {
    key.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
