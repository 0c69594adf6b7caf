//! What cannot work in a pod that asks for akv-sync, in words: the messages of `refusals.yaml`.

use std::collections::BTreeSet;

use super::fragment::{ADMIN, FILES, INIT, MANIFEST, SIDECAR};
use super::node::Node;
use super::quantity;
use super::read;
use super::words::{LABEL, OTHERS, PREFIX, QUANTITIES, Said, WORDS};

/// What files may fill of the memory that the container has, and what it needs besides.
const OWN_MEMORY: &str = "32Mi";

/// What containers need: a mount of the files at, below or above it would cover it, or would not start.
pub(super) const NEEDED: [&str; 18] = [
    "/akv-sync",
    "/bin",
    "/dev",
    "/etc/akv-sync",
    "/etc/pki",
    "/etc/ssl/certs",
    "/lib",
    "/lib64",
    "/proc",
    "/run/akv-sync",
    "/run/secrets",
    "/sbin",
    "/sys",
    "/usr/bin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/sbin",
    "/var/run/secrets",
];

/// Of the admin server, which an injected pod has.
const PORT: &str = "8181";

/// A row of the table.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) name: String,
    pub(super) message: String,
    /// Whether it is looked for in pods that have akv-sync already, too.
    pub(super) always: bool,
    /// How the admission policies look for it.
    #[cfg(test)]
    pub(super) cel: String,
}

/// The table.
pub(super) fn table() -> Vec<Refusal> {
    let table = read::document(include_str!("refusals.yaml")).ok().flatten();
    let rows = table.expect("the table is YAML");
    let row = |row: &Node| {
        let text = |key| row.text_of(key).expect("each row has it").to_owned();
        Refusal {
            name: text("name"),
            message: text("message").replace("{known}", &known()),
            always: row.text_of("always").is_some(),
            #[cfg(test)]
            cel: text("cel").replace("{needed}", &format!("{NEEDED:?}")),
        }
    };
    rows.items().iter().map(row).collect()
}

fn known() -> String {
    let names: Vec<_> = WORDS.iter().map(|word| word.name).collect();
    let (last, first) = names.split_last().expect("there are words");
    format!("{} or {last}", first.join(", "))
}

/// All that cannot work in a pod with the label.
pub(super) fn of(pod: &Pod<'_>) -> Vec<String> {
    let table = table();
    let asked = table.iter().filter(|row| row.always || !pod.is_injected());
    let told = asked.flat_map(|Refusal { name, message, .. }| {
        let findings = pod.findings(name);
        findings.into_iter().map(|finding| {
            let filled = finding.iter().enumerate();
            filled.fold(message.clone(), |text, (place, value)| {
                text.replace(&format!("{{{place}}}"), value)
            })
        })
    });
    told.collect()
}

/// A pod, or what a workload makes pods of, and what it says.
#[derive(Debug)]
pub(super) struct Pod<'p> {
    node: &'p Node,
    said: &'p Said,
    claims: &'p [String],
}

type Findings = Vec<Vec<String>>;

impl<'p> Pod<'p> {
    /// `claims` are names of volumes that the workload gives to its pods: a `StatefulSet` does so over those that the pod has.
    pub(super) const fn new(node: &'p Node, said: &'p Said, claims: &'p [String]) -> Self {
        Self { node, said, claims }
    }

    fn list(&self, key: &str) -> &'p [Node] {
        self.node.items_at(&["spec", key])
    }

    fn containers(&self) -> impl Iterator<Item = &'p Node> {
        self.list("containers").iter().chain(self.list("initContainers"))
    }

    /// Whether akv-sync is there already.
    pub(super) fn is_injected(&self) -> bool {
        self.containers().any(is_ours)
    }

    /// The containers that get the files.
    fn readers(&self) -> Vec<&'p Node> {
        if self.said.get("containers").is_empty() {
            return self
                .list("containers")
                .iter()
                .filter(|container| !is_ours(container))
                .collect();
        }
        let named = self.said.list("containers");
        self.containers()
            .filter(|container| {
                container
                    .text_of("name")
                    .is_some_and(|name| named.contains(&name))
            })
            .collect()
    }

    /// Whether a container gets the files.
    pub(super) fn is_reader(&self, container: &Node) -> bool {
        self.readers().contains(&container)
    }

    fn findings(&self, refusal: &str) -> Findings {
        match refusal {
            "label" => self.label(),
            "annotation" => self.unknown_annotations(),
            "manifest" => self.missing("manifest"),
            "image" => self.missing("image"),
            "mode" => found(
                !["sidecar", "init", "both"].contains(&self.said.get("mode")),
                self.said.get("mode"),
            ),
            "mountPath" => found(
                !is_usable(self.said.get("mount-path")),
                self.said.get("mount-path"),
            ),
            "pathNeeded" => self.needed_paths(),
            "pullPolicy" => found(
                !["Always", "IfNotPresent", "Never"].contains(&self.said.get("image-pull-policy")),
                self.said.get("image-pull-policy"),
            ),
            "containers" => self.unknown_containers(),
            "exitCodes" => self.exit_codes(),
            "pathTaken" => self.taken_paths(),
            "pathUp" => self.mounts(|mount| path_of(mount).split('/').any(|name| name == "..")),
            "subPath" => self.sub_paths(),
            "volumeType" => self.volumes(&[FILES], |volume| {
                volume.at(&["emptyDir", "medium"]).and_then(Node::as_text) != Some("Memory")
            }),
            "volumeTaken" => self.volumes(&[MANIFEST, ADMIN], |_| true),
            "hostNetwork" => self.host_network(),
            "port" => self.ports(),
            "root" => found(
                self.node
                    .at(&["spec", "securityContext", "runAsUser"])
                    .and_then(Node::as_text)
                    == Some("0"),
                "",
            ),
            "quantity" => self.quantities(),
            "tooLittle" => self.too_little(),
            "request" => self.requests(),
            "memory" => self.memory(),
            other => unreachable!("nobody looks for {other}"),
        }
    }

    fn label(&self) -> Findings {
        let label = self
            .node
            .at(&["metadata", "labels"])
            .and_then(|labels| labels.text_of(LABEL));
        found(label != Some("true"), label.unwrap_or_default())
    }

    fn unknown_annotations(&self) -> Findings {
        let known: BTreeSet<_> = WORDS.iter().map(|word| word.name).chain(OTHERS).collect();
        let annotations = self
            .node
            .at(&["metadata", "annotations"])
            .map_or(&[][..], Node::entries);
        let ours = annotations
            .iter()
            .filter_map(|(key, _)| key.text.strip_prefix(PREFIX));
        ours.filter(|name| !known.contains(name)).map(one).collect()
    }

    fn missing(&self, word: &str) -> Findings {
        found(self.said.get(word).is_empty(), "")
    }

    fn unknown_containers(&self) -> Findings {
        let there: Vec<_> = self
            .containers()
            .filter_map(|container| container.text_of("name"))
            .collect();
        self.said
            .list("containers")
            .into_iter()
            .filter(|name| !there.contains(name))
            .map(one)
            .collect()
    }

    fn exit_codes(&self) -> Findings {
        let codes = self.said.list("exit-codes").into_iter();
        codes.filter(|code| !is_exit_code(code)).map(one).collect()
    }

    fn needed_paths(&self) -> Findings {
        let path = self.said.get("mount-path");
        let needed = NEEDED
            .into_iter()
            .filter(|needed| is_below(path, needed) || is_below(needed, path));
        needed
            .map(|needed| vec![path.to_owned(), needed.to_owned()])
            .collect()
    }

    fn taken_paths(&self) -> Findings {
        let files = self.said.get("mount-path");
        self.mounts(|mount| {
            let path = path_of(mount);
            is_below(&path, files) && (text(mount, "name") != FILES || path != files)
        })
    }

    /// Mounts of the containers that get the files.
    fn mounts(&self, is_wrong: impl Fn(&Node) -> bool) -> Findings {
        let mut found = Findings::new();
        for container in self.readers() {
            let mounts = container.items_of("volumeMounts").iter();
            let taken = mounts.filter(|mount| is_wrong(mount));
            found.extend(taken.map(|mount| {
                strings([
                    text(container, "name"),
                    text(mount, "name"),
                    text(mount, "mountPath"),
                ])
            }));
        }
        found
    }

    fn sub_paths(&self) -> Findings {
        let containers = self.containers().filter(|container| {
            let mut mounts = container.items_of("volumeMounts").iter();
            mounts.any(is_of_sub_path)
        });
        containers.map(|container| one(text(container, "name"))).collect()
    }

    fn volumes(&self, names: &[&str], is_wrong: impl Fn(&Node) -> bool) -> Findings {
        let ours = self
            .list("volumes")
            .iter()
            .filter(|volume| names.contains(&text(volume, "name")));
        let wrong = ours
            .filter(|volume| is_wrong(volume))
            .map(|volume| text(volume, "name"));
        let claims = self.claims.iter().map(String::as_str);
        let claims = claims.filter(|claim| names.contains(claim));
        wrong.chain(claims).map(one).collect()
    }

    fn host_network(&self) -> Findings {
        let is_on = self.node.at(&["spec", "hostNetwork"]).and_then(Node::as_text) == Some("true");
        let has_port = if self.is_injected() {
            self.containers()
                .any(|container| container.text_of("name") == Some(SIDECAR))
        } else {
            self.said.get("mode") != "init"
        };
        found(is_on && has_port && self.said.get("admin-token").is_empty(), "")
    }

    fn ports(&self) -> Findings {
        if self.said.get("mode") == "init" {
            return Findings::new();
        }
        let taken = self.containers().filter(|container| {
            let mut ports = container.items_of("ports").iter();
            ports.any(|port| port.text_of("containerPort") == Some(PORT))
        });
        taken.map(|container| one(text(container, "name"))).collect()
    }

    fn quantities(&self) -> Findings {
        let said = QUANTITIES.iter().map(|(word, _)| (*word, self.said.get(word)));
        let wrong = said.filter(|(_, value)| !value.is_empty() && quantity::nanos(value).is_none());
        wrong
            .map(|(word, value)| vec![word.to_owned(), value.to_owned()])
            .collect()
    }

    fn too_little(&self) -> Findings {
        let said = QUANTITIES
            .iter()
            .map(|(word, least)| [*word, self.said.get(word), least]);
        said.filter(|[_, value, least]| is_less(value, least))
            .map(strings)
            .collect()
    }

    fn requests(&self) -> Findings {
        let pairs = ["cpu", "memory"].map(|resource| {
            let said = |what: &str| self.said.get(&format!("{resource}-{what}"));
            [resource, said("request"), said("limit")]
        });
        let wrong = pairs
            .into_iter()
            .filter(|[_, request, limit]| is_less(limit, request));
        wrong.map(strings).collect()
    }

    fn memory(&self) -> Findings {
        let (limit, size) = (self.said.get("memory-limit"), self.said.get("size-limit"));
        let least = quantity::nanos(size)
            .zip(quantity::nanos(OWN_MEMORY))
            .map(|(size, own)| size.saturating_add(own));
        let is_less = quantity::nanos(limit)
            .zip(least)
            .is_some_and(|(limit, least)| limit < least);
        if is_less {
            vec![vec![limit.to_owned(), size.to_owned()]]
        } else {
            Findings::new()
        }
    }
}

fn is_ours(container: &Node) -> bool {
    matches!(container.text_of("name"), Some(SIDECAR | INIT))
}

/// Where a mount is for the container: others take `mnt/./akv//` for `/mnt/akv`.
pub(super) fn path_of(mount: &Node) -> String {
    let names = text(mount, "mountPath").split('/');
    let names: Vec<_> = names.filter(|name| !matches!(*name, "" | ".")).collect();
    format!("/{}", names.join("/"))
}

/// Whether a path is at or below another.
fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether both are quantities, and the first is less.
fn is_less(one: &str, other: &str) -> bool {
    quantity::nanos(one)
        .zip(quantity::nanos(other))
        .is_some_and(|(one, other)| one < other)
}

/// A code that a hook `exit` may have, in plain digits.
fn is_exit_code(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse().is_ok_and(|code: u8| (64..=113).contains(&code))
}

/// A mount of a part of the volume: the kubelet does not follow an update there.
fn is_of_sub_path(mount: &Node) -> bool {
    text(mount, "name") == FILES && (mount.get("subPath").is_some() || mount.get("subPathExpr").is_some())
}

/// An absolute path that is written in the one way.
fn is_usable(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    rest.split('/')
        .all(|name| !name.is_empty() && !name.contains(':') && name != "." && name != "..")
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.text_of(key).unwrap_or_default()
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn one(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn found(is_so: bool, text: &str) -> Findings {
    if is_so { vec![one(text)] } else { Findings::new() }
}
