//! Fields of the wire types: values that know where they stand, and whose reading never fails.
//!
//! A derived `Deserialize` ends at its first error. With fields of these types there is none to end at: a bad value
//! is recorded by [`super::reader`] and becomes "not usable", and reading goes on with the next field.

use std::fmt;
use std::marker::PhantomData;

#[cfg(test)]
use schemars::Schema;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::problem::{Mark, Problem, Sink};

/// Name by which [`Required`] makes itself known to the reader.
pub(super) const REQUIRED: &str = "akv-sync.required";
/// Name by which [`Optional`] makes itself known to the reader.
pub(super) const OPTIONAL: &str = "akv-sync.optional";
/// Name by which a [`Choice`] makes itself known to the reader.
pub(super) const CHOICE: &str = "akv-sync.choice";
/// Name by which a [`Text`] that must not be written as a bare number makes itself known to the reader.
pub(super) const QUOTED: &str = "akv-sync.quoted";

/// A value and its place.
#[derive(Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) mark: Mark,
}

/// A field that has to be there, or an element of a list. Empty when a problem was recorded for it.
#[derive(Debug)]
pub(super) struct Required<T>(Option<Located<T>>);

/// A field that may be absent. Wire types mark it `#[serde(default)]`, which the schema needs.
#[derive(Debug, Default)]
pub(super) enum Optional<T> {
    /// It is not there.
    #[default]
    Absent,
    /// A problem was recorded for it.
    Invalid,
    /// It is there.
    Given(Located<T>),
}

impl<T> Required<T> {
    /// A field for which a problem was recorded.
    pub(super) const fn invalid() -> Self {
        Self(None)
    }

    /// The value, unless a problem was recorded for it.
    pub(super) const fn given(&self) -> Option<&Located<T>> {
        self.0.as_ref()
    }
}

impl<T> Optional<T> {
    /// The value, if it is there and usable.
    pub(super) const fn given(&self) -> Option<&Located<T>> {
        match self {
            Self::Given(located) => Some(located),
            Self::Absent | Self::Invalid => None,
        }
    }

    /// Its place, if it is there and usable.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.given().map(|located| located.mark)
    }

    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T> Optional<Vec<Required<T>>> {
    /// Whether the list is absent or has no element, usable or not.
    pub(super) fn holds_nothing(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Invalid => false,
            Self::Given(list) => list.value.is_empty(),
        }
    }

    /// The usable elements of a list.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Located<T>> {
        let list = self.given().map(|list| list.value.as_slice());
        list.unwrap_or_default().iter().filter_map(Required::given)
    }
}

/// A mapping with keys of any text, each once, and texts as values.
#[derive(Debug)]
pub(super) struct Table<T>(pub(super) Vec<(String, Required<Text<T>>)>);

/// A single value whose text becomes a `Self`: what a text of the manifest means, and how the schema describes it.
pub(super) trait Scalar: Sized {
    /// Whether bare digits are refused, because a program that rewrites the YAML may take them for another number.
    const QUOTED: bool = false;
    /// Takes the text as written; gives the rule that it breaks, without a place, otherwise.
    fn parse(text: &str) -> Result<Self, Problem>;
    /// Describes the texts that `parse` accepts; where it cannot say all, it accepts more.
    #[cfg(test)]
    fn schema() -> Schema;
}

/// A text of the manifest that will become a `T`.
#[derive(Debug)]
pub(super) struct Text<T> {
    text: String,
    meaning: PhantomData<T>,
}

/// A text of the manifest that will become a `T`, or a mapping.
#[derive(Debug)]
pub(super) enum Choice<T, M> {
    Text(Text<T>),
    Mapping(M),
}

impl<T: Scalar> Text<T> {
    /// What the text at `mark` means; records the problem when it means nothing.
    pub(super) fn parse_at(&self, mark: Mark, sink: &Sink) -> Option<T> {
        T::parse(&self.text)
            .map_err(|problem| sink.push(problem.within(mark)))
            .ok()
    }
}

impl<T: Scalar> Located<Text<T>> {
    /// What the text means; records the problem when it means nothing.
    pub(super) fn parse(&self, sink: &Sink) -> Option<T> {
        self.value.parse_at(self.mark, sink)
    }
}

impl<T> Located<Text<T>> {
    /// The text as written.
    pub(super) fn text(&self) -> &str {
        &self.value.text
    }

    /// What the text means as another type, when it means anything there.
    pub(super) fn parse_as<U: Scalar>(&self) -> Option<U> {
        U::parse(&self.value.text).ok()
    }
}

impl<T: Scalar> Required<Text<T>> {
    pub(super) fn parse(&self, sink: &Sink) -> Option<T> {
        self.given()?.parse(sink)
    }
}

impl<T: Scalar> Optional<Text<T>> {
    pub(super) fn parse(&self, sink: &Sink) -> Option<T> {
        self.given()?.parse(sink)
    }
}

impl<T: Copy> Optional<T> {
    pub(super) fn value(&self) -> Option<T> {
        self.given().map(|located| located.value)
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = if T::QUOTED {
            deserializer.deserialize_newtype_struct(QUOTED, TextVisitor)?
        } else {
            String::deserialize(deserializer)?
        };
        Ok(Self {
            text,
            meaning: PhantomData,
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Required<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let field = deserializer.deserialize_newtype_struct(REQUIRED, FieldVisitor(PhantomData))?;
        Ok(Self(match field {
            Optional::Given(located) => Some(located),
            Optional::Absent | Optional::Invalid => None,
        }))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Optional<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(OPTIONAL, FieldVisitor(PhantomData))
    }
}

impl<'de, T: Scalar, M: Deserialize<'de>> Deserialize<'de> for Choice<T, M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(CHOICE, ChoiceVisitor(PhantomData))
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

/// Takes the keys and values of a mapping.
struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for TableVisitor<T> {
    type Value = Table<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Table<T>, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Table(table))
    }
}

/// Takes a text, or what a mapping is read from.
struct ChoiceVisitor<T, M>(PhantomData<(T, M)>);

impl<'de, T, M: Deserialize<'de>> Visitor<'de> for ChoiceVisitor<T, M> {
    type Value = Choice<T, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a mapping")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Choice::Text(Text {
            text: text.to_owned(),
            meaning: PhantomData,
        }))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, mapping: D) -> Result<Self::Value, D::Error> {
        M::deserialize(mapping).map(Choice::Mapping)
    }
}

/// Takes the text that the reader has checked for quotes.
struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// Takes what the reader says of a field: none, unit for a recorded problem, or its place and value.
struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FieldVisitor<T> {
    type Value = Optional<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Optional::Absent)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Optional::Invalid)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let mut number = || parts.next_element::<u32>().map(Option::unwrap_or_default);
        let mark = Mark {
            line: number()?,
            column: number()?,
            width: number()?,
            block: number()?,
        };
        let value = parts.next_element()?;
        Ok(value.map_or(Optional::Invalid, |value| {
            Optional::Given(Located { value, mark })
        }))
    }
}
