//! What a workload and its platform say: annotations `akv-sync/WORD` of a pod, and defaults of the same words.

use std::collections::BTreeMap;

use super::node::Node;

/// The label that asks for the sidecar, and what annotations begin with.
pub(super) const LABEL: &str = "akv-sync/inject";
pub(super) const PREFIX: &str = "akv-sync/";

/// One word.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written in an annotation, in the `ConfigMap` of the platform, and as a flag.
    pub name: &'static str,
    /// Where nobody says it; an empty one is none.
    pub default: &'static str,
    /// Whether a platform may say it for all workloads.
    pub of_platform: bool,
    /// What stands for its value in a help text.
    pub value: &'static str,
    /// What it is.
    pub is: &'static str,
}

const fn of_workload(name: &'static str, value: &'static str, is: &'static str) -> Word {
    Word {
        name,
        default: "",
        of_platform: false,
        value,
        is,
    }
}

const fn of_platform(
    name: &'static str,
    default: &'static str,
    value: &'static str,
    is: &'static str,
) -> Word {
    Word {
        name,
        default,
        of_platform: true,
        value,
        is,
    }
}

/// All words.
pub const WORDS: [Word; 13] = [
    of_workload(
        "manifest",
        "NAME",
        "ConfigMap whose key `manifest.yaml` is the manifest",
    ),
    of_workload(
        "containers",
        "NAMES",
        "containers and init containers that get the files, with commas between them",
    ),
    of_workload(
        "admin-token",
        "NAME",
        "Secret whose key `token` is the token of the admin port",
    ),
    of_workload(
        "exit-codes",
        "CODES",
        "codes of hooks `exit`, with commas between them, at which all containers of the pod restart in place",
    ),
    of_platform(
        "mount-path",
        "/mnt/akv",
        "PATH",
        "where the files are, in all containers: `volume.path` of the manifest",
    ),
    of_platform(
        "mode",
        "sidecar",
        "MODE",
        "`sidecar` stays beside the application, `init` ends before it starts, or `both`",
    ),
    of_platform("image", "", "IMAGE", "image of akv-sync"),
    of_platform(
        "image-pull-policy",
        "IfNotPresent",
        "POLICY",
        "when the image is pulled",
    ),
    of_platform(
        "size-limit",
        "16Mi",
        "QUANTITY",
        "size limit of the volume, which is in memory",
    ),
    of_platform(
        "cpu-request",
        "10m",
        "QUANTITY",
        "CPU that each container of akv-sync asks for",
    ),
    of_platform("cpu-limit", "", "QUANTITY", "CPU that it may use"),
    of_platform("memory-request", "32Mi", "QUANTITY", "memory that it asks for"),
    of_platform(
        "memory-limit",
        "48Mi",
        "QUANTITY",
        "memory that it may use: 32Mi and the size limit, or more",
    ),
];

/// Annotations that are for somebody else: of the chart's library part.
pub(super) const OTHERS: [&str; 1] = ["manifest-checksum"];

/// The words whose values are quantities, each with the least that it may be. A volume of size 0 has no limit, and a page is the
/// least that it can hold.
pub(super) const QUANTITIES: [(&str, &str); 5] = [
    ("size-limit", "4Ki"),
    ("cpu-request", "0"),
    ("cpu-limit", "1m"),
    ("memory-request", "0"),
    ("memory-limit", "0"),
];

/// What a platform says for all workloads, by word. An empty text says nothing.
pub type Defaults = BTreeMap<&'static str, String>;

/// What holds for one pod: its annotation, else what the platform says, else the default.
#[derive(Debug)]
pub(super) struct Said(BTreeMap<&'static str, String>);

impl Said {
    pub(super) fn of(pod: &Node, defaults: &Defaults) -> Self {
        let annotations = pod.at(&["metadata", "annotations"]);
        let said = WORDS.iter().map(|word| {
            let annotation = annotations.and_then(|all| all.text_of(&format!("{PREFIX}{}", word.name)));
            let platform = defaults.get(word.name).map(String::as_str);
            let given = [annotation, platform]
                .into_iter()
                .flatten()
                .find(|text| !text.is_empty());
            (word.name, given.unwrap_or(word.default).to_owned())
        });
        Self(said.collect())
    }

    /// The value of a word; empty where there is none.
    pub(super) fn get(&self, word: &str) -> &str {
        self.0.get(word).map_or("", String::as_str)
    }

    /// The elements of a word that is a list: `containers`, `exit-codes`.
    pub(super) fn list(&self, word: &str) -> Vec<&str> {
        match self.get(word) {
            "" => Vec::new(),
            elements => elements.split(',').map(str::trim).collect(),
        }
    }
}
