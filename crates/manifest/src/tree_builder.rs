//! Parser events to the nodes of a [`Tree`], within a budget.
//!
//! Reading ends at the first problem that leaves no tree (an `Err`); all others go to the sink and reading goes on.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use super::broken::{self, TabbedLine, limit, mark_of, too_deep};
use super::problem::{Code, Mark, Problem, Sink};
use super::tree::{Kind, MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, NodeId, Tree};
use super::typography;
use super::vocabulary::quoted_key;

impl<'t> Tree<'t> {
    /// Reads the one document of `text`; `None` when a problem leaves nothing to go on with.
    pub fn parse(text: &'t str, sink: &Sink) -> Option<Self> {
        let own = Sink::default();
        let built = Builder::new(&own).build(text);
        let tree = built.map_err(|problem| own.push(problem)).ok();
        let found = own.into_sorted();
        let is_broken = |problem: &Problem| matches!(problem.code, Code::YamlSyntax | Code::KeyNotText);
        let broken = found.iter().filter(|problem| is_broken(problem));
        let causes: BTreeMap<u32, Problem> = broken
            .filter_map(|problem| broken::cause(text, problem))
            .collect();
        // What a placeholder or an odd sign leaves of a text breaks off at places that have nothing to do with it.
        let rest = found
            .into_iter()
            .filter(|problem| causes.is_empty() || !is_broken(problem));
        rest.for_each(|problem| sink.push(problem));
        for problem in causes.into_values() {
            sink.push(problem);
        }
        tree.map(|(nodes, root)| Self::new(nodes, root, text))
    }
}

/// A tree that is being read.
struct Builder<'s, 't> {
    sink: &'s Sink,
    nodes: Vec<Node<'t>>,
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, NodeId>,
    root: Option<NodeId>,
    documents: usize,
    /// Nodes so far, aliases expanded.
    total: usize,
    aliases: usize,
    tabbed: HashMap<u32, TabbedLine>,
}

/// A collection whose end has not come yet.
struct Open<'t> {
    node: NodeId,
    style: StructureStyle,
    children: Children<'t>,
}

enum Children<'t> {
    Sequence(Vec<NodeId>),
    Mapping {
        entries: Vec<(NodeId, NodeId)>,
        seen: HashMap<Cow<'t, str>, NodeId>,
        next: Next,
    },
}

/// What the next node of a mapping is.
#[derive(Clone, Copy)]
enum Next {
    Key,
    ValueOf(NodeId),
    /// The value of a key that is a problem; it is dropped.
    RefusedValue,
}

impl<'s, 't> Builder<'s, 't> {
    fn new(sink: &'s Sink) -> Self {
        Self {
            sink,
            nodes: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            documents: 0,
            total: 0,
            aliases: 0,
            tabbed: HashMap::new(),
        }
    }

    /// The nodes of the first document of `text`, and its root.
    fn build(mut self, text: &'t str) -> Result<(Vec<Node<'t>>, NodeId), Problem> {
        if text.len() > MAX_BYTES {
            let message = format!("a manifest must not be larger than {MAX_BYTES} bytes");
            return Err(limit(message, Mark::START));
        }
        let options = granit_parser::options! {
            flow_nesting_limit: MAX_DEPTH + 1,
            block_nesting_limit: MAX_DEPTH + 1,
        };
        self.tabbed = broken::tabbed_lines(text);
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| broken::syntax_problem(&error, text))?;
            self.take(event, &span)?;
            if self.documents > 1 {
                break;
            }
        }
        let root = self.root.filter(|root| !self.nodes[root.0].is_null());
        root.map(|root| (self.nodes, root)).ok_or_else(empty)
    }

    fn take(&mut self, event: Event<'t>, span: &Span) -> Result<(), Problem> {
        let mark = mark_of(span);
        match event {
            Event::DocumentStart(..) => self.start_document(mark),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                let plain = style == ScalarStyle::Plain;
                let mark = match style {
                    ScalarStyle::Literal => block_of(&text, mark),
                    _ => mark,
                };
                let id = self.add(mark, Kind::Scalar { text, plain }, anchor)?;
                self.complete(id);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.enter(mark, style, Children::Sequence(Vec::new()), anchor)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                let (entries, seen) = (Vec::new(), HashMap::new());
                self.enter(
                    mark,
                    style,
                    Children::Mapping {
                        entries,
                        seen,
                        next: Next::Key,
                    },
                    anchor,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Alias(anchor) => self.repeat(anchor, mark)?,
            _ => {}
        }
        Ok(())
    }

    fn start_document(&mut self, mark: Mark) {
        self.documents += 1;
        if self.documents > 1 {
            let problem = Problem::new(Code::SeveralDocuments, "a second YAML document starts here");
            self.sink
                .push(problem.at(mark).hint("keep one manifest in one file"));
        }
    }

    fn refuse_tag(&self, tagged: bool, span: &Span) {
        if tagged {
            let mark = span.tag_span().map_or_else(|| mark_of(span), |tag| mark_of(&tag));
            let problem = Problem::new(Code::YamlTag, "tags are not supported");
            self.sink.push(
                problem
                    .at(mark)
                    .hint("remove the tag; put quotes round a value to make it text"),
            );
        }
    }

    fn add(&mut self, mark: Mark, kind: Kind<'t>, anchor: usize) -> Result<NodeId, Problem> {
        self.count(1, mark)?;
        self.refuse_tab(mark);
        let size = usize::from(matches!(kind, Kind::Scalar { .. }));
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            mark,
            kind,
            size,
            height: 0,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    /// A key or an entry that a tab indents; the parser passes over one behind a space. Between brackets, tabs are blanks.
    fn refuse_tab(&self, mark: Mark) {
        let Some(line) = self.tabbed.get(&mark.line) else {
            return;
        };
        let Some(open) = self
            .open
            .last()
            .filter(|open| open.style == StructureStyle::Block)
        else {
            return;
        };
        let is_indented = match open.children {
            Children::Mapping { next: Next::Key, .. } => mark.column == line.first,
            Children::Sequence(_) => line.is_dash && mark.column > line.first,
            Children::Mapping { .. } => false,
        };
        if is_indented {
            let column = line.tab;
            self.sink.push(broken::indented_with_tab(Mark {
                column,
                width: 1,
                block: 0,
                ..mark
            }));
        }
    }

    fn count(&mut self, nodes: usize, mark: Mark) -> Result<(), Problem> {
        self.total = self.total.saturating_add(nodes);
        if self.total > MAX_NODES {
            let message = format!("a manifest must not have more than {MAX_NODES} keys and values");
            return Err(limit(message, mark));
        }
        Ok(())
    }

    fn enter(
        &mut self,
        mark: Mark,
        style: StructureStyle,
        children: Children<'t>,
        anchor: usize,
    ) -> Result<(), Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(mark));
        }
        let node = self.add(mark, Kind::Sequence(Vec::new()), anchor)?;
        self.open.push(Open {
            node,
            style,
            children,
        });
        Ok(())
    }

    fn leave(&mut self) {
        let Some(Open { node, children, .. }) = self.open.pop() else {
            return;
        };
        let (mut size, mut height) = (1, 0);
        let include = |id: NodeId| {
            size += self.nodes[id.0].size;
            height = height.max(self.nodes[id.0].height);
        };
        let kind = match children {
            Children::Sequence(items) => {
                items.iter().copied().for_each(include);
                Kind::Sequence(items)
            }
            Children::Mapping { entries, .. } => {
                entries
                    .iter()
                    .flat_map(|(key, value)| [*key, *value])
                    .for_each(include);
                Kind::Mapping(entries)
            }
        };
        let opened = &mut self.nodes[node.0];
        (opened.kind, opened.size, opened.height) = (kind, size, height + 1);
        self.complete(node);
    }

    fn repeat(&mut self, anchor: usize, mark: Mark) -> Result<(), Problem> {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            let message = format!("a manifest must not have more than {MAX_ALIASES} aliases");
            return Err(limit(message, mark));
        }
        let Some(&id) = self.anchors.get(&anchor) else {
            return Err(Problem::new(Code::YamlSyntax, "this alias has no anchor")
                .at(mark)
                .hint("define it first, with `&`"));
        };
        let target = &self.nodes[id.0];
        if target.size == 0 {
            let problem = Problem::new(
                Code::RecursiveAlias,
                "an alias must not stand inside its own anchor",
            );
            return Err(problem
                .at(mark)
                .related(target.mark, "the anchored value starts here")
                .hint("write the value out"));
        }
        if self.open.len() + target.height > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.count(target.size, mark)?;
        self.complete(id);
        Ok(())
    }

    /// Gives a finished node to the collection that it stands in.
    fn complete(&mut self, id: NodeId) {
        match self.open.last_mut().map(|open| &mut open.children) {
            None => {
                self.root.get_or_insert(id);
            }
            Some(Children::Sequence(items)) => items.push(id),
            Some(Children::Mapping { entries, seen, next }) => {
                *next = match *next {
                    Next::Key => accept_key(id, &self.nodes, seen, self.sink),
                    Next::ValueOf(key) => {
                        entries.push((key, id));
                        Next::Key
                    }
                    Next::RefusedValue => Next::Key,
                }
            }
        }
    }
}

fn accept_key<'t>(
    id: NodeId,
    nodes: &[Node<'t>],
    seen: &mut HashMap<Cow<'t, str>, NodeId>,
    sink: &Sink,
) -> Next {
    let node = &nodes[id.0];
    let problem = match &node.kind {
        Kind::Scalar { text, plain: true } if text == "<<" => {
            Problem::new(Code::MergeKey, "merge keys are not supported")
                .hint("write the keys out, or repeat a whole value with an anchor and an alias")
        }
        Kind::Scalar { text, .. } => match seen.insert(text.clone(), id) {
            None => return Next::ValueOf(id),
            Some(_) if let Some(odd) = typography::problem_of_structure(text) => odd,
            Some(first) => {
                let message = format!("the key {} is here twice", quoted_key(text));
                Problem::new(Code::DuplicateKey, message)
                    .related(nodes[first.0].mark, "the first is here")
                    .hint("remove one of the two")
                    .hiding_rest()
            }
        },
        Kind::Sequence(_) | Kind::Mapping(_) => Problem::new(Code::KeyNotText, "a key must be a single word")
            .hint("put quotes round a value that starts with `{` or `[`"),
    };
    sink.push(problem.at(node.mark));
    Next::RefusedValue
}

/// The parser places a literal block at its first line that is not empty.
fn block_of(text: &str, mark: Mark) -> Mark {
    let empty = text.bytes().take_while(|byte| *byte == b'\n').count();
    let empty = u32::try_from(empty).unwrap_or(u32::MAX);
    Mark {
        block: mark.line.saturating_sub(empty),
        ..mark
    }
}

fn empty() -> Problem {
    Problem::new(Code::EmptyManifest, "there is no manifest in this file")
        .at(Mark::START)
        .hint("start with `apiVersion: akv-sync/v1` and `kind: SyncManifest`")
}
