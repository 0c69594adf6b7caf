//! Files of several documents, as `helm template` and `kubectl` write them: a manifest may be in one behind the first.

use super::OtherDocument;
use crate::problem::Sink;
use crate::tree::Tree;
use encoding::yaml::pieces;

/// Documents that are looked at.
const MOST: usize = 100;

/// A document behind the first.
pub(super) struct Later {
    /// Where it begins, from 1.
    line: u32,
    document: OtherDocument,
}

impl Later {
    /// The first that is a manifest or has one in it.
    pub(super) fn with_a_manifest(text: &str) -> Option<Self> {
        let mut later = pieces(text).into_iter().skip(1).take(MOST);
        later.find_map(|(before, piece)| {
            let tree = Tree::parse(piece, &Sink::default())?;
            let document = OtherDocument::of(&tree)?;
            let has_manifest = matches!(
                document,
                OtherDocument::Manifest | OtherDocument::ConfigMap { held: Some(_), .. }
            );
            has_manifest.then_some(Self {
                line: before + tree.node(tree.root()).mark.line,
                document,
            })
        })
    }

    /// What to do.
    pub(super) fn hint(&self) -> String {
        let line = self.line;
        match &self.document {
            OtherDocument::ConfigMap { held: Some(held), .. } => {
                format!(
                    "the manifest is the text under `{held}` of the document at line {line}: give that text alone"
                )
            }
            _ => format!("the manifest is the document at line {line}: give that document alone"),
        }
    }
}
