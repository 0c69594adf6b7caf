//! A text of YAML to a [`Node`].
//!
//! Invariant: an alias becomes what its anchor holds, and a document that holds more than [`MAX_NODES`] so is refused. Comments
//! are not kept.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle};

use super::node::{Node, Scalar};

/// Keys, values and collections of a document, aliases written out.
const MAX_NODES: usize = 200_000;
/// Collections inside one another; pods need fewer than twenty.
const MAX_DEPTH: usize = 64;

/// Why a text is no document that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unreadable {
    pub(super) message: String,
    /// From 1.
    pub(super) line: usize,
    pub(super) hint: &'static str,
}

/// Reads the one document of a text; `None` when nothing is in it.
pub(super) fn document(text: &str) -> Result<Option<Node>, Unreadable> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut reader = Reader::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| Unreadable {
            message: error.kind().to_string(),
            line: error.marker().line(),
            hint: "correct it, or render its template first",
        })?;
        reader
            .take(event)
            .map_err(|Refused { message, hint }| Unreadable {
                message: message.to_owned(),
                line: span.start.line(),
                hint,
            })?;
    }
    Ok(reader.root.filter(|root| !root.is_null()))
}

#[derive(Default)]
struct Reader {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

/// A collection whose end has not come yet.
struct Open {
    anchor: usize,
    children: Children,
}

enum Children {
    List(Vec<Node>),
    Map {
        entries: Vec<(Scalar, Node)>,
        keys: HashSet<String>,
        /// The key whose value has not come yet.
        next: Option<Scalar>,
    },
}

struct Refused {
    message: &'static str,
    hint: &'static str,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), Refused> {
        match event {
            // Others take what follows `...` for a part of the document before, or for nothing.
            Event::DocumentStart(..) if self.root.is_some() => Err(Refused {
                message: "something stands behind the end of a document (`...`)",
                hint: "begin the next document with `---`",
            }),
            Event::Scalar(_, _, _, Some(tag))
            | Event::SequenceStart(_, _, Some(tag))
            | Event::MappingStart(_, _, Some(tag))
                if !matches!(tag.core_suffix(), Some("str" | "seq" | "map")) =>
            {
                Err(Refused {
                    message: "tags such as !!int or !x are not supported",
                    hint: "write the value without the tag",
                })
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let text = text.into_owned();
                self.complete(Node::Scalar(Scalar { text, plain }), anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open {
                    anchor,
                    children: Children::List(Vec::new()),
                });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open {
                    anchor,
                    children: Children::Map {
                        entries: Vec::new(),
                        keys: HashSet::new(),
                        next: None,
                    },
                });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { anchor, children }) => {
                    let node = match children {
                        Children::List(items) => Node::List(items),
                        Children::Map { entries, .. } => Node::Map(entries),
                    };
                    self.complete(node, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or(Refused {
                    message: "an alias stands inside its own anchor",
                    hint: "write the value out",
                })?;
                self.count(node.size())?;
                self.complete(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), Refused> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Refused {
                message: "a document must not have more than 200000 keys and values",
                hint: "give it the workloads alone",
            });
        }
        Ok(())
    }

    /// Gives a finished node to the collection that it stands in.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Refused> {
        self.count(1)?;
        if anchor != 0 {
            // It is kept twice.
            self.count(node.size())?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.root = Some(node),
            Some(Children::List(items)) => items.push(node),
            Some(Children::Map { entries, keys, next }) => match next.take() {
                Some(key) => entries.push((key, node)),
                None => *next = Some(accepted_key(node, keys)?),
            },
        }
        Ok(())
    }
}

fn accepted_key(node: Node, keys: &mut HashSet<String>) -> Result<Scalar, Refused> {
    let Node::Scalar(key) = node else {
        return Err(Refused {
            message: "a key must be a single word",
            hint: "put quotes round a value that starts with `{` or `[`: a template must be rendered first",
        });
    };
    if key.plain && key.text == "<<" {
        return Err(Refused {
            message: "merge keys are not supported",
            hint: "write the keys out; `kubectl get -o yaml` of what is applied does so",
        });
    }
    if !keys.insert(key.text.clone()) {
        return Err(Refused {
            message: "a key is here twice",
            hint: "remove one of the two",
        });
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_what_its_anchor_holds_and_a_bomb_of_them_ends() {
        let node = document("a: &x [1, 2]\nb: *x\n").expect("YAML").expect("a value");
        assert_eq!(node.get("a"), node.get("b"));
        let nine = |what: &str| [what; 9].join(", ");
        let first = format!("a0: &a0 [{}]\n", nine("x"));
        let others =
            (1..12).map(|level| format!("a{level}: &a{level} [{}]\n", nine(&format!("*a{}", level - 1))));
        let bomb: String = std::iter::once(first).chain(others).collect();
        let error = document(&bomb).expect_err("too many");
        assert!(error.message.contains("200000"), "{error}");
    }

    #[test]
    fn what_cannot_be_changed_safely_is_refused_with_its_line() {
        for (text, line, message) in [
            ("a: 1\n<<: {b: 2}\n", 2, "merge keys are not supported"),
            (
                "a: !!int \"3\"\n",
                1,
                "tags such as !!int or !x are not supported",
            ),
            (
                "a:\n  - !x [b]\n",
                2,
                "tags such as !!int or !x are not supported",
            ),
            ("a: 1\nb: 2\na: 3\n", 3, "a key is here twice"),
            ("a: 1\n{{ .x }}: 2\n", 2, "a key must be a single word"),
            (
                "a: 1\n...\nb: 2\n",
                3,
                "something stands behind the end of a document (`...`)",
            ),
        ] {
            let error = document(text).expect_err("refused");
            assert_eq!((error.line, error.message.as_str()), (line, message), "{text}");
        }
        assert!(document("a: [\n").is_err());
        let text = document("a: !!str 3\nb: !!map {}\n")
            .expect("YAML")
            .expect("a value");
        assert_eq!(text.get("a"), document("\"3\"").expect("YAML").as_ref());
        assert_eq!(document("# nothing\n"), Ok(None));
        assert!(document("a: 1\n...\n# the end\n...\n").is_ok());
    }
}
