//! A YAML text as a tree that knows where each value stands; `tree_builder` makes it.
//!
//! Scalars keep the text as written: `0440` is not a number and `no` is not a boolean until a type asks for one.
//!
//! Invariant: time and memory are bounded by the size of the text, which is bounded itself. An alias shares the node
//! of its anchor, and its expanded size counts against the budget, so nothing is ever expanded beyond it.

use std::borrow::Cow;

use super::problem::Mark;

/// Bytes of a manifest.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// Collections inside one another. The manifest itself needs five.
pub(super) const MAX_DEPTH: usize = 16;
/// Keys, values and collections, aliases expanded.
pub(super) const MAX_NODES: usize = 20_000;
/// Uses of anchors.
pub(super) const MAX_ALIASES: usize = 200;

/// A document.
#[derive(Debug)]
pub struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    root: NodeId,
    text: &'t str,
}

/// Index of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(pub(super) usize);

/// One value, list or mapping.
#[derive(Debug)]
pub struct Node<'t> {
    /// Where it stands; of a collection, its first character.
    pub mark: Mark,
    /// What it is.
    pub kind: Kind<'t>,
    /// Nodes in it, itself included, aliases expanded; 0 while it is open.
    pub(super) size: usize,
    /// Collections inside one another, itself included.
    pub(super) height: usize,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind<'t> {
    /// A single value.
    Scalar {
        /// As written, escapes resolved.
        text: Cow<'t, str>,
        /// Whether it has no quotes.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<NodeId>),
    /// Keys, each a scalar and each once, and their values.
    Mapping(Vec<(NodeId, NodeId)>),
}

impl<'t> Tree<'t> {
    pub(super) const fn new(nodes: Vec<Node<'t>>, root: NodeId, text: &'t str) -> Self {
        Self { nodes, root, text }
    }

    /// The text that it was read from.
    pub(super) const fn source(&self) -> &'t str {
        self.text
    }

    /// The node that everything else is in.
    pub const fn root(&self) -> NodeId {
        self.root
    }

    /// The node of this number.
    pub fn node(&self, id: NodeId) -> &Node<'t> {
        &self.nodes[id.0]
    }

    /// How many nodes it keeps, whatever aliases make of them.
    #[cfg(test)]
    pub(super) const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The text of a scalar; empty for anything else.
    pub fn text(&self, id: NodeId) -> &str {
        match &self.node(id).kind {
            Kind::Scalar { text, .. } => text,
            Kind::Sequence(_) | Kind::Mapping(_) => "",
        }
    }
}

impl Node<'_> {
    /// Whether YAML reads it as null: nothing, `~` or `null`, without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true }
            if matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL"))
    }
}
