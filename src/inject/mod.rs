//! The sidecar in another's pod: `inject` adds it to the YAML of a workload whose pods have the label `akv-sync/inject`.
//!
//! The way of an input, one module a step:
//! 1. `read` turns a document into a tree of `node`s.
//! 2. `pod` adds to the pod what `fragment` has, filled in by `words`, unless `refusals` finds what cannot work.
//! 3. `write` writes the tree.
//!
//! Invariant: what is not changed comes out as it came in, byte for byte. No I/O.

mod fragment;
#[cfg(test)]
mod helm;
mod node;
mod pod;
mod quantity;
mod read;
mod refusals;
mod words;
mod write;

use encoding::yaml::{has_content, is_document_start, pieces};

use self::node::Node;
pub use self::pod::Outcome;
pub use self::words::{Defaults, WORDS, Word};

/// Bytes of an input.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A workload of the input, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `Deployment shop/web`.
    pub workload: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// The text with akv-sync added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// All of the input, with what was added.
    pub text: String,
    /// The workloads, in order.
    pub told: Vec<Told>,
}

/// Why an input gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectError {
    /// It is larger than [`MAX_BYTES`].
    #[error("the input is larger than 16 MiB")]
    TooLarge,
    /// A document is not YAML, or nothing that can be written again.
    #[error("the input cannot be read at line {line}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong there.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// Workloads ask for what cannot work.
    #[error("akv-sync cannot be added as it is asked for")]
    Refused {
        /// Each with its workload.
        problems: Vec<(String, String)>,
    },
}

/// Adds akv-sync to each workload that asks for it, or says all that cannot work.
pub fn inject(text: &str, defaults: &Defaults) -> Result<Injection, InjectError> {
    if text.len() > MAX_BYTES {
        return Err(InjectError::TooLarge);
    }
    let mut out = String::with_capacity(text.len());
    let mut told = Vec::new();
    let mut problems = Vec::new();
    let mut read = 0;
    for (first_line, piece) in pieces(text) {
        read += piece.len();
        let document = read::document(piece).map_err(|error| InjectError::Syntax {
            line: error.line + usize::try_from(first_line).unwrap_or(usize::MAX),
            message: error.message,
            hint: error.hint,
        })?;
        let Some(mut document) = document else {
            out.push_str(piece);
            continue;
        };
        let before = told.len();
        workloads(&mut document, defaults, &mut |workload, outcome| match outcome {
            Ok(outcome) => told.push(Told { workload, outcome }),
            Err(refused) => problems.extend(refused.into_iter().map(|problem| (workload.clone(), problem))),
        });
        let is_changed = told[before..]
            .iter()
            .any(|one| matches!(one.outcome, Outcome::Added { .. }));
        if is_changed {
            push_head(piece, &mut out);
            out.push_str(&write::document(&document));
        } else {
            out.push_str(piece);
        }
    }
    out.push_str(&text[read..]);
    if problems.is_empty() {
        Ok(Injection { text: out, told })
    } else {
        Err(InjectError::Refused { problems })
    }
}

/// What stands before the first key: comments, and the mark of the document.
fn push_head(piece: &str, out: &mut String) {
    let head = piece
        .split_inclusive('\n')
        .take_while(|line| is_document_start(line) || !has_content(line));
    for line in head {
        // What stands behind the mark is content.
        out.push_str(if is_document_start(line) { "---\n" } else { line });
    }
}

/// Goes to each workload of a document.
fn workloads(
    node: &mut Node,
    defaults: &Defaults,
    told: &mut dyn FnMut(String, Result<Outcome, Vec<String>>),
) {
    let name = name(node);
    let Some(path) = path_of_pod(node) else {
        if has_pod_that_asks(node) {
            told(name, Ok(Outcome::Unknown));
        }
        return;
    };
    if path == LIST {
        if let Some(Node::List(items)) = node.get_mut("items") {
            for item in items {
                workloads(item, defaults, told);
            }
        }
        return;
    }
    let claims: Vec<_> = node
        .items_at(&["spec", "volumeClaimTemplates"])
        .iter()
        .filter_map(|claim| claim.at(&["metadata", "name"]).and_then(Node::as_text))
        .map(str::to_owned)
        .collect();
    let Some(pod) = path.iter().try_fold(node, |node, key| node.get_mut(key)) else {
        return;
    };
    if !pod.items_at(&["spec", "containers"]).is_empty() {
        told(name, pod::add(pod, &claims, defaults));
    } else if pod::asks(pod) {
        told(name, Ok(Outcome::Unknown));
    }
}

/// Of a list, where workloads stand.
const LIST: &[&str] = &["items"];

/// Where a workload of a kind that is known has its pod. A kind is one of an API group: others have a `Deployment` too.
fn path_of_pod(node: &Node) -> Option<&'static [&'static str]> {
    let (group, path): (_, &[_]) = match node.text_of("kind")? {
        "List" => ("", LIST),
        "Pod" => ("", &[]),
        "ReplicationController" => ("", &["spec", "template"]),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => ("apps", &["spec", "template"]),
        "Job" => ("batch", &["spec", "template"]),
        "CronJob" => ("batch", &["spec", "jobTemplate", "spec", "template"]),
        _ => return None,
    };
    let version = node.text_of("apiVersion");
    let found = version.map_or(group, |version| {
        version.rsplit_once('/').map_or("", |(group, _)| group)
    });
    (found == group).then_some(path)
}

/// Whether there is something in it that looks like a pod and has the label.
fn has_pod_that_asks(node: &Node) -> bool {
    (pod::asks(node) && node.at(&["spec", "containers"]).is_some())
        || node.items().iter().any(has_pod_that_asks)
        || node.entries().iter().any(|(_, value)| has_pod_that_asks(value))
}

/// What messages call it.
fn name(node: &Node) -> String {
    let kind = node.text_of("kind").unwrap_or_default();
    let text = |key| node.at(&["metadata", key]).and_then(Node::as_text);
    let name = text("name")
        .or_else(|| text("generateName"))
        .unwrap_or("without a name");
    match text("namespace") {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}

#[cfg(test)]
mod tests;
