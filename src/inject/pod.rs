//! Adds akv-sync to a pod, or to what a workload makes pods of.
//!
//! What comes of it is what the admission policy of the chart (`injection-policy.yaml`) makes of the same pod.

use super::fragment::{
    ADMIN_VOLUME, FILES, Fragment, INIT_FRAGMENT, MANIFEST_SOURCE, MANIFEST_VOLUME, MOUNT, RESOURCES,
    RESTART_RULE, SIDECAR_FRAGMENT, TOKEN_SOURCE, VOLUME, Values,
};
use super::node::Node;
use super::refusals::{self, Pod};
use super::words::{Defaults, LABEL, PREFIX, Said};

/// What became of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has akv-sync now.
    Added {
        /// `sidecar`, `init` or `both`.
        mode: String,
    },
    /// It had akv-sync before.
    AlreadyThere,
    /// Its label does not ask for akv-sync.
    NotAsked,
    /// It asks, and is of a kind that nobody knows here, or has no containers.
    Unknown,
}

/// Whether the label of a pod asks for it, be it with another word than "true".
pub(super) fn asks(pod: &Node) -> bool {
    let labels = pod.at(&["metadata", "labels"]);
    labels
        .and_then(|labels| labels.text_of(LABEL))
        .is_some_and(|label| label != "false")
}

/// Adds it, or says all that cannot work; the pod is as it was then. `claims` are volumes that the workload gives to the pod.
pub(super) fn add(pod: &mut Node, claims: &[String], defaults: &Defaults) -> Result<Outcome, Vec<String>> {
    if !asks(pod) {
        return Ok(Outcome::NotAsked);
    }
    let said = Said::of(pod, defaults);
    let view = Pod::new(pod, &said, claims);
    let mut refused = misshapen(pod);
    refused.extend(without_quotes(pod));
    refused.extend(refusals::of(&view));
    if !refused.is_empty() {
        return Err(refused);
    }
    if view.is_injected() {
        return Ok(Outcome::AlreadyThere);
    }
    let readers: Vec<bool> = ["containers", "initContainers"]
        .iter()
        .flat_map(|key| pod.items_at(&["spec", key]))
        .map(|container| view.is_reader(container))
        .collect();
    let mode = said.get("mode").to_owned();
    let spec = pod
        .get_mut("spec")
        .expect("a pod without containers asks for none");
    let values = values(&said);
    add_volumes(spec, &values, &mode);
    add_mounts(spec, &values, &readers);
    add_containers(spec, &values, &mode);
    Ok(Outcome::Added { mode })
}

/// What is no list where Kubernetes has one. An API server never gets that far.
fn misshapen(pod: &Node) -> Vec<String> {
    let is_list = |node: &Node, key: &str| node.get(key).is_none_or(|value| matches!(value, Node::List(_)));
    let mut wrong = Vec::new();
    if let Some(spec) = pod.get("spec") {
        let lists = ["initContainers", "volumes"]
            .into_iter()
            .filter(|key| !is_list(spec, key));
        wrong.extend(lists.map(|key| format!("spec.{key} of the pod is no list: correct it")));
        for container in spec
            .items_of("containers")
            .iter()
            .chain(spec.items_of("initContainers"))
        {
            match container.text_of("name") {
                None => wrong.push("a container of the pod has no name: give it one".to_owned()),
                Some(name) if !is_list(container, "volumeMounts") => {
                    wrong.push(format!(
                        "volumeMounts of the container {name} is no list: correct it"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    wrong
}

/// Labels and annotations of ours that are a boolean or a number. An API server says of them that it cannot decode the pod.
fn without_quotes(pod: &Node) -> Vec<String> {
    let said = [("label", "labels"), ("annotation", "annotations")]
        .into_iter()
        .flat_map(|(what, key)| {
            let said = pod.at(&["metadata", key]).map_or(&[][..], Node::entries);
            said.iter().map(move |(name, value)| (what, &name.text, value))
        });
    said.filter(|(_, name, _)| name.starts_with(PREFIX))
        .filter_map(|(what, name, value)| match value {
            Node::Scalar(scalar) if scalar.is_no_text() => Some(format!(
                "the {what} {name} is {} without quotes, which is no text: put it in quotes",
                scalar.text
            )),
            _ => None,
        })
        .collect()
}

fn values(said: &Said) -> Values {
    let words = [
        ("manifest", "manifest"),
        ("adminToken", "admin-token"),
        ("mountPath", "mount-path"),
        ("image", "image"),
        ("imagePullPolicy", "image-pull-policy"),
        ("sizeLimit", "size-limit"),
        ("cpuRequest", "cpu-request"),
        ("cpuLimit", "cpu-limit"),
        ("memoryRequest", "memory-request"),
        ("memoryLimit", "memory-limit"),
    ];
    let given = words.into_iter().filter(|(_, word)| !said.get(word).is_empty());
    let mut values: Values = given
        .map(|(slot, word)| (slot, Node::text(said.get(word))))
        .collect();
    let mut sources = vec![MANIFEST_SOURCE.filled(&values)];
    if values.contains_key("adminToken") {
        sources.push(TOKEN_SOURCE.filled(&values));
    }
    values.insert("sources", Node::List(sources));
    values.insert("resources", RESOURCES.filled(&values));
    let codes: Vec<_> = said.list("exit-codes").into_iter().map(Node::number).collect();
    if !codes.is_empty() {
        values.insert("exitCodes", Node::List(codes));
        values.insert(
            "restartPolicyRules",
            Node::List(vec![RESTART_RULE.filled(&values)]),
        );
    }
    values
}

fn add_volumes(spec: &mut Node, values: &Values, mode: &str) {
    let volumes = spec.list_mut("volumes");
    let wanted: [&Fragment; 3] = [&VOLUME, &MANIFEST_VOLUME, &ADMIN_VOLUME];
    for fragment in &wanted[..if mode == "init" { 2 } else { 3 }] {
        let volume = fragment.filled(values);
        if !volumes
            .iter()
            .any(|other| other.text_of("name") == volume.text_of("name"))
        {
            volumes.push(volume);
        }
    }
}

/// `readers` says of each container, those first that are no init containers, whether it gets the files.
fn add_mounts(spec: &mut Node, values: &Values, readers: &[bool]) {
    let mut readers = readers.iter();
    let mount = MOUNT.filled(values);
    for key in ["containers", "initContainers"] {
        let Some(Node::List(containers)) = spec.get_mut(key) else {
            continue;
        };
        for (container, _) in containers
            .iter_mut()
            .zip(&mut readers)
            .filter(|(_, is_reader)| **is_reader)
        {
            let mounts = container.list_mut("volumeMounts");
            let is_there = mounts.iter().any(|other| {
                other.text_of("name") == Some(FILES) && refusals::path_of(other) == refusals::path_of(&mount)
            });
            if !is_there {
                mounts.push(mount.clone());
            }
        }
    }
}

/// In front of others: whatever starts behind them finds its files.
fn add_containers(spec: &mut Node, values: &Values, mode: &str) {
    let containers = spec.list_mut("initContainers");
    for (fragment, modes) in [
        (&SIDECAR_FRAGMENT, ["sidecar", "both"]),
        (&INIT_FRAGMENT, ["init", "both"]),
    ] {
        if modes.contains(&mode) {
            containers.insert(0, fragment.filled(values));
        }
    }
}
