//! A tolerant `serde::Deserializer` over a [`Tree`]: every problem of shape is recorded, and reading goes on.
//!
//! It serves the wire types only. Their fields are [`Required`](super::field::Required) and
//! [`Optional`](super::field::Optional), so that the type says what is missing; the lists of known keys and values
//! are those that the derives give.

use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor, value,
};
use serde::forward_to_deserialize_any;

use super::broken;
use super::field::{CHOICE, QUOTED, REQUIRED, Required};
use super::problem::{Code, Mark, Problem, Sink};
use super::subject::Subject;
use super::tree::{Kind, NodeId, Tree};
use super::typography;
use super::vocabulary::{nearest, unknown_key, unknown_value, word_of};

/// Reads the root of a tree; `None` when it is not even a mapping.
pub(super) fn read<'de, T: Deserialize<'de>>(tree: &Tree<'_>, sink: &Sink) -> Required<T> {
    let reader = FieldReader {
        context: Context { tree, sink },
        subject: Subject::Manifest,
        given: Given::Value(tree.root()),
        parent: Mark::START,
    };
    Required::deserialize(reader).unwrap_or_else(|problem| {
        sink.push(problem);
        Required::invalid()
    })
}

#[derive(Clone, Copy)]
struct Context<'r, 't> {
    tree: &'r Tree<'t>,
    sink: &'r Sink,
}

/// What a mapping has for a known key.
#[derive(Clone, Copy)]
enum Given {
    Nothing,
    /// A key that was probably meant to be this one, and was recorded as unknown: to call this one missing as well
    /// would be a second report of one mistake.
    Misspelt,
    Value(NodeId),
}

/// Reads a field or an element, there or not.
struct FieldReader<'r, 't> {
    context: Context<'r, 't>,
    subject: Subject,
    given: Given,
    parent: Mark,
}

impl<'de> Deserializer<'de> for FieldReader<'_, '_> {
    type Error = Problem;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        sort: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let Context { tree, sink } = self.context;
        let id = match self.given {
            Given::Value(id) => id,
            Given::Misspelt => return visitor.visit_unit(),
            Given::Nothing if sort != REQUIRED => return visitor.visit_none(),
            Given::Nothing => {
                let problem = Problem::new(Code::MissingKey, format!("{} is missing", self.subject));
                sink.push(
                    problem
                        .at(self.parent)
                        .hint(format!("add the key {} here", self.subject)),
                );
                return visitor.visit_none();
            }
        };
        if let Some((placeholder, mark)) = broken::commented_out(tree, id) {
            sink.push(Problem::placeholder(&placeholder, &self.subject).at(mark));
            return visitor.visit_unit();
        }
        if tree.node(id).is_null() {
            let problem = Problem::new(Code::NoValue, format!("{} has no value", self.subject));
            sink.push(problem.at(tree.node(id).mark).hint("give it one, or remove it"));
            return visitor.visit_unit();
        }
        visitor.visit_seq(FieldParts {
            value: ValueReader {
                context: self.context,
                subject: self.subject,
                node: id,
            },
            next: 0,
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Problem> {
        Err(de::Error::custom("wire types hold fields only"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Gives the parts of the mark of a field, and its value, in this order. A value that cannot be read is recorded and left out.
struct FieldParts<'r, 't> {
    value: ValueReader<'r, 't>,
    next: usize,
}

impl<'de> SeqAccess<'de> for FieldParts<'_, '_> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let mark = self.value.mark();
        self.next += 1;
        let number = match self.next {
            1 => mark.line,
            2 => mark.column,
            3 => mark.width,
            4 => mark.block,
            _ => {
                let read = seed.deserialize(self.value);
                return Ok(read.map_err(|problem| self.value.record(problem)).ok());
            }
        };
        seed.deserialize(IntoDeserializer::<Problem>::into_deserializer(number))
            .map(Some)
    }
}

/// Reads a value that is there.
#[derive(Clone, Copy)]
struct ValueReader<'r, 't> {
    context: Context<'r, 't>,
    subject: Subject,
    node: NodeId,
}

impl<'r, 't> ValueReader<'r, 't> {
    fn kind(&self) -> &'r Kind<'t> {
        &self.context.tree.node(self.node).kind
    }

    fn mark(&self) -> Mark {
        self.context.tree.node(self.node).mark
    }

    fn record(&self, problem: Problem) {
        let problem = if problem.at.is_none() {
            problem.at(self.mark())
        } else {
            problem
        };
        self.context.sink.push(problem);
    }

    /// A value of another kind than `expected`; a placeholder could have become any.
    fn wrong_type(&self, expected: &str, hint: &'static str) -> Problem {
        let (found, nearly) = match self.kind() {
            Kind::Scalar { text, .. } => ("a single value", self.subject.nearly_structure(text)),
            Kind::Sequence(_) => ("a list", None),
            Kind::Mapping(entries) => {
                let first = entries.first().map(|(key, _)| self.context.tree.text(*key));
                let nearly = first.and_then(typography::problem_of_structure);
                ("a mapping", nearly)
            }
        };
        if let Some(problem) = nearly {
            return problem;
        }
        Problem::new(
            Code::WrongType,
            format!("{} must be {expected}, and this is {found}", self.subject),
        )
        .hint(hint)
    }

    fn scalar(&self) -> Result<&'r str, Problem> {
        match self.kind() {
            Kind::Scalar { text, .. } => self.subject.usable(text),
            Kind::Sequence(_) | Kind::Mapping(_) => {
                Err(self.wrong_type("a single value", "write one value, without `- ` and without keys"))
            }
        }
    }

    /// Whether a key has no value, nor a placeholder that YAML takes for a comment.
    fn is_empty(&self, id: NodeId) -> bool {
        let tree = self.context.tree;
        tree.node(id).is_null() && broken::commented_out(tree, id).is_none()
    }

    /// The value of each known key, in the order of `fields`; records the others.
    fn fields(&self, wire_type: &str, known: &'static [&'static str]) -> Result<Vec<Given>, Problem> {
        let Kind::Mapping(entries) = self.kind() else {
            let line = self.subject.example().unwrap_or("write lines of `key: value`");
            return Err(self.wrong_type("a mapping", line));
        };
        let mut values = vec![Given::Nothing; known.len()];
        let mut misspelt = Vec::new();
        let mut unread = false;
        for (key, value) in entries {
            let text = self.context.tree.text(*key);
            if let Some(index) = known.iter().position(|field| *field == text) {
                values[index] = Given::Value(*value);
            } else {
                misspelt.extend(nearest(word_of(&typography::meant(text)), known.iter().copied()));
                let unusable = self.subject.unusable_key(text);
                unread |= unusable.is_some();
                let problem = unusable.unwrap_or_else(|| unknown_key(wire_type, text, known));
                self.record(problem.at(self.context.tree.node(*key).mark));
            }
        }
        // Beside a key that cannot be read, nothing is known to be missing: it may be that key, or the lines below it.
        for (field, value) in known.iter().zip(&mut values) {
            let may_be_there = match value {
                Given::Nothing => unread || misspelt.contains(field),
                Given::Value(id) => unread && self.is_empty(*id),
                Given::Misspelt => false,
            };
            if may_be_there {
                *value = Given::Misspelt;
            }
        }
        Ok(values)
    }
}

impl<'de> Deserializer<'de> for ValueReader<'_, '_> {
    type Error = Problem;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let values = self.fields(name, fields)?;
        let pairs: Vec<_> = fields.iter().copied().zip(values).collect();
        visitor.visit_map(Fields {
            owner: self,
            rest: pairs.into_iter(),
            value: None,
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.kind() {
            Kind::Sequence(items) => visitor.visit_seq(Elements {
                owner: self,
                items: items.iter(),
            }),
            Kind::Scalar { .. } | Kind::Mapping(_) => {
                let entry = Subject::Entry(self.subject.key()).example();
                Err(self.wrong_type("a list", entry.unwrap_or("start each entry of a list with `- `")))
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let text = self.scalar()?;
        if variants.contains(&text) {
            let variant: value::StrDeserializer<'_, Problem> = text.into_deserializer();
            return visitor.visit_enum(variant);
        }
        Err(unknown_value(&self.subject, text, variants))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let Kind::Mapping(entries) = self.kind() else {
            return Err(self.wrong_type("a mapping", "write lines of `key: value`"));
        };
        visitor.visit_map(FreeFields {
            owner: self,
            rest: entries.iter(),
            value: None,
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let text = self.scalar()?;
        match self.kind() {
            Kind::Scalar { plain: true, .. } if text == "true" => visitor.visit_bool(true),
            Kind::Scalar { plain: true, .. } if text == "false" => visitor.visit_bool(false),
            Kind::Scalar { plain: false, .. } => Err(unknown_value(&self.subject, text, &["true", "false"])
                .hint("write `true` or `false`, without quotes")),
            _ => Err(unknown_value(&self.subject, text, &["true", "false"]).hint("write `true` or `false`")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_str(self.scalar()?)
    }

    /// A text or a mapping; or a text that must have quotes when it is made of digits: `0400` is 256 to YAML 1.1, and what rewrites a
    /// manifest (Helm's `toYaml`) writes that.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        sort: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        if sort == CHOICE {
            return match self.kind() {
                Kind::Mapping(_) => visitor.visit_newtype_struct(self),
                Kind::Scalar { .. } => visitor.visit_str(self.scalar()?),
                Kind::Sequence(_) => {
                    Err(self.wrong_type("a single value or a mapping", "write it without `- `"))
                }
            };
        }
        let text = self.scalar()?;
        let is_number = matches!(self.kind(), Kind::Scalar { plain: true, .. })
            && !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_digit());
        if sort == QUOTED && is_number {
            let message = format!("{} must be in quotes, and this is a number", self.subject);
            return Err(Problem::new(Code::WrongType, message).hint(
                "put quotes round the octal digits; a number may have become another one on its way here \
                 (0400 is 256)",
            ));
        }
        visitor.visit_str(text)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_string(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Problem> {
        Err(de::Error::custom(
            "wire types are structs, lists, enums, texts and booleans",
        ))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// Gives every known field of a mapping, there or not.
struct Fields<'r, 't> {
    owner: ValueReader<'r, 't>,
    rest: std::vec::IntoIter<(&'static str, Given)>,
    value: Option<(&'static str, Given)>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        self.value = self.rest.next();
        let Some((key, _)) = self.value else {
            return Ok(None);
        };
        seed.deserialize(IntoDeserializer::<Problem>::into_deserializer(key))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let (key, given) = self
            .value
            .take()
            .ok_or_else(|| de::Error::custom("a value without a key"))?;
        seed.deserialize(FieldReader {
            context: self.owner.context,
            subject: Subject::Key(key),
            given,
            parent: self.owner.mark(),
        })
    }
}

/// Gives every field of a mapping whose keys may be any.
struct FreeFields<'r, 't> {
    owner: ValueReader<'r, 't>,
    rest: std::slice::Iter<'r, (NodeId, NodeId)>,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for FreeFields<'_, '_> {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(*value);
        let key = self.owner.context.tree.text(*key);
        seed.deserialize(IntoDeserializer::<Problem>::into_deserializer(key))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let value = self.value.take();
        seed.deserialize(FieldReader {
            context: self.owner.context,
            subject: Subject::Entry(self.owner.subject.key()),
            given: value.map_or(Given::Nothing, Given::Value),
            parent: self.owner.mark(),
        })
    }
}

/// Gives the elements of a list.
struct Elements<'r, 't> {
    owner: ValueReader<'r, 't>,
    items: std::slice::Iter<'r, NodeId>,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let Some(node) = self.items.next() else {
            return Ok(None);
        };
        let reader = FieldReader {
            context: self.owner.context,
            subject: Subject::Entry(self.owner.subject.key()),
            given: Given::Value(*node),
            parent: self.owner.mark(),
        };
        seed.deserialize(reader).map(Some)
    }
}

/// What a derive says; only a wire type that breaks the rules of this module can make it say anything.
/// The text is dropped, because serde's texts can contain values.
impl de::Error for Problem {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Code::WrongType, "this value cannot stand here")
            .hint("see the reference page of the manifest")
    }
}
