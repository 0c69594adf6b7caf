//! What is added to a pod: the YAML below `fragments`, put together to whole containers, volumes and mounts.
//!
//! The shape of each is there and nowhere else. `inject` fills it in; the chart's templates and, through them, the admission
//! policy are generated from it. `${name}` stands for a value; a key whose value is `${name?}` is left out where there is none.

use std::collections::BTreeMap;

use super::node::Node;
use super::read;

/// A piece of a pod.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// As the chart calls it: `akv-sync.fragment.NAME`.
    pub(super) name: &'static str,
    /// What it is, for the chart's reader.
    pub(super) is: &'static str,
    /// Of a container.
    container: Option<&'static str>,
    parts: &'static [&'static str],
}

/// Values of placeholders.
pub(super) type Values = BTreeMap<&'static str, Node>;

/// What stands in the place of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slot<'n> {
    pub(super) name: &'n str,
    pub(super) optional: bool,
}

macro_rules! part {
    ($name:literal) => {
        include_str!(concat!("fragments/", $name, ".yaml"))
    };
}

const IMAGE: &str = part!("image");
const RUN: &str = part!("run");
const NATIVE: &str = part!("native");
const STARTUP_PROBE: &str = part!("gate-startup-probe");
// Of the chart alone.
#[cfg(test)]
const POST_START: &str = part!("gate-post-start");
const ONCE: &str = part!("once");
const CONTAINER: &str = part!("container");

/// The container that stays.
pub(super) const SIDECAR: &str = "akv-sync";
/// The container that ends before the application starts.
pub(super) const INIT: &str = "akv-sync-init";

/// The volumes of the files, of the manifest, and of the admin socket.
pub(super) const FILES: &str = "akv";
pub(super) const MANIFEST: &str = "akv-manifest";
pub(super) const ADMIN: &str = "akv-admin";

pub(super) static SIDECAR_FRAGMENT: Fragment = Fragment {
    name: "sidecar",
    is: "an init container: a native sidecar, whose startup probe the next container waits for",
    container: Some(SIDECAR),
    parts: &[IMAGE, RUN, NATIVE, STARTUP_PROBE, CONTAINER],
};
#[cfg(test)]
static SIDECAR_POST_START: Fragment = Fragment {
    name: "sidecar-post-start",
    is: "the same with `postStart` in place of the startup probe",
    container: Some(SIDECAR),
    parts: &[IMAGE, RUN, NATIVE, POST_START, CONTAINER],
};
#[cfg(test)]
static CLASSIC: Fragment = Fragment {
    name: "classic",
    is: "a container, the first of its pod: a sidecar for clusters without native ones",
    container: Some(SIDECAR),
    parts: &[IMAGE, RUN, POST_START, CONTAINER],
};
pub(super) static INIT_FRAGMENT: Fragment = Fragment {
    name: "init",
    is: "an init container that ends when the files are there",
    container: Some(INIT),
    parts: &[IMAGE, ONCE, CONTAINER],
};
pub(super) static RESOURCES: Fragment = Fragment::of("resources", "of each container", &[part!("resources")]);
pub(super) static RESTART_RULE: Fragment = Fragment::of(
    "restart-rule",
    "an element of `restartPolicyRules`; `exitCodes` is a list of numbers",
    &[part!("restart-rule")],
);
pub(super) static MOUNT: Fragment =
    Fragment::of("mount", "in the application's containers", &[part!("mount")]);
pub(super) static VOLUME: Fragment = Fragment::of("volume", "the volume with the files", &[part!("volume")]);
pub(super) static MANIFEST_VOLUME: Fragment = Fragment::of(
    "manifest-volume",
    "the volume with the manifest; `sources` is a list of the two that follow",
    &[part!("manifest-volume")],
);
pub(super) static MANIFEST_SOURCE: Fragment = Fragment::of(
    "manifest-source",
    "the ConfigMap with the manifest, which has the key `manifest.yaml`",
    &[part!("manifest-source")],
);
pub(super) static TOKEN_SOURCE: Fragment = Fragment::of(
    "token-source",
    "the Secret with the token of the admin port, which has the key `token`",
    &[part!("token-source")],
);
pub(super) static ADMIN_VOLUME: Fragment = Fragment::of(
    "admin-volume",
    "the volume with the admin socket; `init` needs none",
    &[part!("admin-volume")],
);

/// All of them.
#[cfg(test)]
pub(super) static ALL: [&Fragment; 12] = [
    &SIDECAR_FRAGMENT,
    &SIDECAR_POST_START,
    &CLASSIC,
    &INIT_FRAGMENT,
    &RESOURCES,
    &RESTART_RULE,
    &VOLUME,
    &MANIFEST_VOLUME,
    &MANIFEST_SOURCE,
    &TOKEN_SOURCE,
    &ADMIN_VOLUME,
    &MOUNT,
];

impl Fragment {
    const fn of(name: &'static str, is: &'static str, parts: &'static [&'static str]) -> Self {
        Self {
            name,
            is,
            container: None,
            parts,
        }
    }

    /// It, with its placeholders.
    pub(super) fn tree(&self) -> Node {
        let mut tree = Node::Map(Vec::new());
        for part in self.parts {
            let part = read::document(part).expect("a part is YAML");
            merge(&mut tree, part.expect("a part holds something"));
        }
        if let (Some(container), Some(name)) = (self.container, tree.get_mut("name")) {
            *name = Node::text(container);
        }
        tree
    }

    /// It, with these values.
    pub(super) fn filled(&self, values: &Values) -> Node {
        let mut tree = self.tree();
        fill(&mut tree, values);
        tree
    }
}

/// The placeholder that a node is.
pub(super) fn slot(node: &Node) -> Option<Slot<'_>> {
    let inner = node.as_text()?.strip_prefix("${")?.strip_suffix('}')?;
    let name = inner.strip_suffix('?');
    Some(Slot {
        name: name.unwrap_or(inner),
        optional: name.is_some(),
    })
}

/// Takes in what another part has; lists become longer.
fn merge(into: &mut Node, part: Node) {
    match (into, part) {
        (Node::Map(entries), Node::Map(more)) => {
            for (key, value) in more {
                match entries.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, found)) => merge(found, value),
                    None => entries.push((key, value)),
                }
            }
        }
        (Node::List(items), Node::List(more)) => items.extend(more),
        (into, part) => *into = part,
    }
}

fn fill(node: &mut Node, values: &Values) {
    if let Some(Slot { name, .. }) = slot(node) {
        *node = values
            .get(name)
            .cloned()
            .expect("each placeholder that is not optional has a value");
        return;
    }
    match node {
        Node::Scalar(_) => {}
        Node::List(items) => items.iter_mut().for_each(|item| fill(item, values)),
        Node::Map(entries) => {
            entries.retain(|(_, value)| {
                slot(value).is_none_or(|slot| !slot.optional || values.contains_key(slot.name))
            });
            for (_, value) in entries {
                fill(value, values);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&'static str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(name, value)| (*name, Node::text(*value)))
            .collect()
    }

    #[test]
    fn a_key_without_its_optional_value_is_left_out_and_no_placeholder_is_left() {
        let given = values(&[
            ("cpuRequest", "10m"),
            ("memoryRequest", "32Mi"),
            ("memoryLimit", "48Mi"),
        ]);
        let filled = RESOURCES.filled(&given);
        assert_eq!(filled.at(&["limits", "memory"]), Some(&Node::text("48Mi")));
        assert_eq!(filled.at(&["limits", "cpu"]), None);
    }

    #[test]
    fn each_mount_of_a_container_has_its_volume() {
        let volumes = [&VOLUME, &MANIFEST_VOLUME, &ADMIN_VOLUME].map(Fragment::tree);
        let volumes: Vec<_> = volumes
            .iter()
            .filter_map(|volume| volume.text_of("name"))
            .collect();
        assert_eq!(volumes, [FILES, MANIFEST, ADMIN]);
        for fragment in ALL.iter().filter(|fragment| fragment.container.is_some()) {
            let tree = fragment.tree();
            let mounts = tree
                .items_of("volumeMounts")
                .iter()
                .filter_map(|mount| mount.text_of("name"));
            assert!(
                mounts.into_iter().all(|name| volumes.contains(&name)),
                "{}",
                fragment.name
            );
        }
        assert_eq!(MOUNT.tree().text_of("name"), Some(FILES));
    }

    /// The Pod Security Standard `restricted`, which the pod itself need not help to reach.
    #[test]
    fn each_container_is_within_the_standard_restricted() {
        for fragment in ALL.iter().filter(|fragment| fragment.container.is_some()) {
            let tree = fragment.tree();
            let context = tree.get("securityContext").expect("a security context");
            for (key, value) in [
                ("runAsNonRoot", "true"),
                ("allowPrivilegeEscalation", "false"),
                ("readOnlyRootFilesystem", "true"),
            ] {
                assert_eq!(context.text_of(key), Some(value), "{}", fragment.name);
            }
            let dropped = context.at(&["capabilities", "drop"]).expect("a list").items();
            assert_eq!(dropped, [Node::text("ALL")]);
            let profile = context.at(&["seccompProfile", "type"]).and_then(Node::as_text);
            assert_eq!(profile, Some("RuntimeDefault"));
        }
    }
}
