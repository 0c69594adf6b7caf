//! The input as YAML: documents, and the YAML that stands inside of their texts.
//!
//! Invariant: time and memory are bounded. An input has at most [`MAX_BYTES`], in at most [`MAX_DOCUMENTS`] documents,
//! each with the bounds of a manifest; texts that are read as YAML again have [`MAX_NESTED_BYTES`] together, however
//! often an alias repeats them.

use std::cell::Cell;

use encoding::yaml::{has_content, is_document_start, pieces};

use super::{ConvertError, MAX_BYTES};
use domain::placeholder::Placeholder;
use manifest::{Code, Kind, Mark, NodeId, Problem, Sink, Tree, commented_out};

/// YAML documents of an input.
const MAX_DOCUMENTS: usize = 100;
/// Bytes of texts that are YAML themselves.
const MAX_NESTED_BYTES: usize = 4 * MAX_BYTES;

/// A node of a document.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    tree: &'a Tree<'a>,
    id: NodeId,
}

impl<'a> Value<'a> {
    pub(super) const fn root(tree: &'a Tree<'a>) -> Self {
        Self {
            tree,
            id: tree.root(),
        }
    }

    const fn at(self, id: NodeId) -> Self {
        Self { tree: self.tree, id }
    }

    /// Keys and values, in order; none when it is no mapping.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'a str, Self)> {
        let entries = match &self.tree.node(self.id).kind {
            Kind::Mapping(entries) => entries.as_slice(),
            Kind::Scalar { .. } | Kind::Sequence(_) => &[],
        };
        entries
            .iter()
            .map(move |(key, value)| (self.tree.text(*key), self.at(*value)))
    }

    /// The value of a key; none when it is not there, or is null.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let found = self.entries().find(|(name, _)| *name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.tree.node(value.id).is_null())
    }

    /// The text of a single value that is neither null nor blank, trimmed: each of the tools trims, or would fail.
    pub(super) fn text(self) -> Option<&'a str> {
        let node = self.tree.node(self.id);
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_null() => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// The text as written, where blanks count.
    pub(super) fn raw_text(self) -> Option<&'a str> {
        let node = self.tree.node(self.id);
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_null() => Some(text),
            _ => None,
        }
    }

    /// The placeholder that YAML takes for a comment where this value should stand.
    pub(super) fn commented_out(self) -> Option<Placeholder> {
        commented_out(self.tree, self.id).map(|(placeholder, _)| placeholder)
    }

    /// The text of a key's value.
    pub(super) fn text_of(self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Self::text)
    }

    /// The elements; `None` when it is no list.
    pub(super) fn items(self) -> Option<impl ExactSizeIterator<Item = Self>> {
        match &self.tree.node(self.id).kind {
            Kind::Sequence(items) => Some(items.iter().map(move |id| self.at(*id))),
            Kind::Scalar { .. } | Kind::Mapping(_) => None,
        }
    }

    /// Whether it has keys.
    pub(super) fn is_mapping(self) -> bool {
        matches!(self.tree.node(self.id).kind, Kind::Mapping(_))
    }
}

/// Reads the documents of the input; those without a value are left out.
pub(super) fn documents(text: &str) -> Result<Vec<Tree<'_>>, ConvertError> {
    let pieces = pieces(text.strip_prefix('\u{feff}').unwrap_or(text));
    if pieces.len() > MAX_DOCUMENTS {
        return Err(ConvertError::TooLarge {
            limit: "100 documents",
        });
    }
    let mut trees = Vec::new();
    for (first_line, piece) in pieces {
        match parse(piece) {
            Ok(tree) => trees.push(tree),
            Err(problem) if problem.code == Code::EmptyManifest => {}
            Err(problem) => return Err(refused(&problem, first_line)),
        }
    }
    Ok(trees)
}

/// What is left to read of texts that are YAML themselves.
pub(super) struct NestedBudget(Cell<usize>);

impl NestedBudget {
    pub(super) const fn new() -> Self {
        Self(Cell::new(MAX_NESTED_BYTES))
    }

    /// Reads a text of the input as YAML; says why that is not possible otherwise.
    pub(super) fn parse<'t>(&self, text: &'t str) -> Result<Tree<'t>, String> {
        let left = self.0.get().checked_sub(text.len());
        self.0.set(left.ok_or("there is too much YAML inside of texts")?);
        parse(text).map_err(|problem| match problem.code {
            Code::EmptyManifest => "it is empty".to_owned(),
            _ => format!("it is not YAML that can be read ({})", describe(&problem)),
        })
    }
}

fn parse(text: &str) -> Result<Tree<'_>, Problem> {
    let sink = Sink::default();
    let tree = Tree::parse(text, &sink);
    match sink.into_sorted().into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(tree.expect("a text without a tree has a problem")),
    }
}

fn describe(problem: &Problem) -> String {
    match problem.code {
        Code::YamlLimit => "it is nested deeper, or is larger, than these tools need".to_owned(),
        _ => problem.message.to_string(),
    }
}

fn refused(problem: &Problem, first_line: u32) -> ConvertError {
    let at = problem.at.unwrap_or(Mark::START);
    let hint = match problem.code {
        Code::YamlLimit => None,
        Code::MergeKey => Some("`kubectl get -o yaml` of what is applied writes the keys out"),
        _ => problem.hint.as_deref(),
    };
    ConvertError::Syntax {
        at: Mark {
            line: at.line.saturating_add(first_line),
            ..at
        },
        message: describe(problem),
        hint: hint.map(str::to_owned),
    }
}

/// Whether nothing is in the input but comments, blanks and marks of documents.
pub(super) fn is_empty(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut contents = text.lines().map(|line| match line {
        line if is_document_start(line) => &line[3..],
        line if line.trim_end() == "..." => "",
        line => line,
    });
    contents.all(|content| !has_content(content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tool, convert};

    #[test]
    fn documents_end_at_their_markers_and_errors_keep_their_lines() {
        let text = "# first\n---\nkind: a\n---\n# nothing\n---\nkind: b\n--- # last\n- x\n";
        let trees = documents(text).expect("YAML");
        let kinds: Vec<_> = trees
            .iter()
            .map(|tree| Value::root(tree).text_of("kind"))
            .collect();
        assert_eq!(kinds, [Some("a"), Some("b"), None]);
        let Err(ConvertError::Syntax { at, .. }) = documents("a: 1\n---\nb: 2\nc: [\n") else {
            panic!("the list is not closed");
        };
        assert_eq!(at.line, 4);
    }

    #[test]
    fn an_input_without_a_word_is_called_empty_whatever_tool_is_named() {
        for text in [
            "",
            "\n",
            " \n\t\n",
            "---\n",
            "--- # a\n...\n",
            "# only\n---\n\n---\n",
            "\u{feff}",
        ] {
            for from in [
                None,
                Some(Tool::SecretProviderClass),
                Some(Tool::Akva),
                Some(Tool::AcsKeyvaultAgent),
            ] {
                assert_eq!(convert(text, from), Err(ConvertError::Empty), "{text:?}");
            }
        }
        for text in ["a: b\n", "--- a\n", "A=b\n", "---\n...\n- x\n"] {
            assert!(!is_empty(text), "{text:?}");
        }
    }

    #[test]
    fn yaml_inside_of_texts_has_one_budget() {
        let budget = NestedBudget::new();
        let text = format!("x: {}", "y".repeat(MAX_BYTES - 10));
        for _ in 0..4 {
            assert!(budget.parse(&text).is_ok());
        }
        assert!(budget.parse(&text).is_err());
        assert!(NestedBudget::new().parse(" ").is_err());
    }
}
