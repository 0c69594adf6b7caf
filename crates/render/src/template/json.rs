//! JSON texts as values of the engine, and the other way round.

use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr, ValueKind};

use super::fault::FilterProblem;
use super::limits;
use super::quote;
use super::sink::Sink;
use crate::json::{Container, Event, JsonProblem, Reader, Scalar};

/// How deep values are written.
const DEPTH_LIMIT: usize = 128;

/// A number that the engine would round or write in another way; it stays as it is written.
pub(super) struct Number(String);

impl Number {
    /// The number as it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

impl Object for Number {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes a JSON text; gives its value. Of members with the same name the last one counts.
pub(super) fn parse(text: &str) -> Result<Value, JsonProblem> {
    let mut reader = Reader::new(text.as_bytes())?;
    let mut open: Vec<Level> = Vec::new();
    let mut outcome = Value::UNDEFINED;
    while let Some(event) = reader.read()? {
        let value = match event {
            Event::Open(container) => {
                open.push(Level {
                    container,
                    names: Vec::new(),
                    values: Vec::new(),
                });
                continue;
            }
            Event::Key(name) => {
                if let Some(level) = open.last_mut() {
                    level.names.push(name.chars().collect());
                }
                continue;
            }
            Event::Scalar(scalar) => self::scalar(&scalar),
            Event::Close => open.pop().map_or(Value::UNDEFINED, Level::into_value),
        };
        match open.last_mut() {
            Some(level) => level.values.push(value),
            None => outcome = value,
        }
    }
    Ok(outcome)
}

/// A container that has not ended.
struct Level {
    container: Container,
    /// Of the members; as many as values.
    names: Vec<String>,
    values: Vec<Value>,
}

impl Level {
    fn into_value(self) -> Value {
        match self.container {
            Container::Array => self.values.into_iter().collect(),
            Container::Object => Value::from_pairs(self.names.into_iter().zip(self.values)),
        }
    }
}

fn scalar(scalar: &Scalar<'_>) -> Value {
    match *scalar {
        Scalar::Null => Value::from(()),
        Scalar::Bool(bool) => bool.into(),
        Scalar::Number(text) => number(text),
        Scalar::String(text) => text.chars().collect::<String>().into(),
    }
}

/// `1.10` and `1e3` are numbers to calculate with in no template, and would come out as `1.1` and `1000.0`.
fn number(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(integer) if integer.to_string() == text => integer.into(),
        _ => Value::from_object(Number(text.to_owned())),
    }
}

/// Takes a value; gives JSON without blanks. The members of maps come in the order of their names.
pub(super) fn write(value: &Value) -> Result<Sink, FilterProblem> {
    let mut count = Count(0);
    write_at(value, &mut count, DEPTH_LIMIT)?;
    let mut sink = Sink::new(count.0);
    write_at(value, &mut sink, DEPTH_LIMIT)?;
    Ok(sink)
}

/// Counts bytes up to the most that a file may have.
struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        if self.0 > limits::OUTPUT {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

fn write_at(value: &Value, out: &mut dyn Write, depth: usize) -> Result<(), FilterProblem> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(FilterProblem::NotJson("values in values without end"));
    };
    match value.kind() {
        ValueKind::None => out.write_str("null")?,
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" })?,
        ValueKind::Number => out.write_str(&finite(value)?)?,
        ValueKind::String => quote::json(value.as_str().unwrap_or_default(), out)?,
        ValueKind::Seq | ValueKind::Iterable => {
            out.write_str("[")?;
            for (index, element) in value.try_iter().map_err(|_| not_json(value))?.enumerate() {
                out.write_str(if index > 0 { "," } else { "" })?;
                write_at(&element, out, below)?;
            }
            out.write_str("]")?;
        }
        ValueKind::Map => {
            out.write_str("{")?;
            for (index, name) in value.try_iter().map_err(|_| not_json(value))?.enumerate() {
                let text = name.as_str();
                out.write_str(if index > 0 { "," } else { "" })?;
                quote::json(
                    text.ok_or(FilterProblem::NotJson("a name that is not text"))?,
                    out,
                )?;
                out.write_str(":")?;
                write_at(&value.get_item(&name).unwrap_or_default(), out, below)?;
            }
            out.write_str("}")?;
        }
        _ => match value.downcast_object_ref::<Number>() {
            Some(number) => out.write_str(number.as_str())?,
            None => return Err(not_json(value)),
        },
    }
    Ok(())
}

/// A float is infinite after a division, or not a number.
fn finite(value: &Value) -> Result<String, FilterProblem> {
    let text = value.to_string();
    if text.ends_with(|char: char| char.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(FilterProblem::NotJson("a number that is not finite"))
    }
}

fn not_json(value: &Value) -> FilterProblem {
    FilterProblem::NotJson(describe(value))
}

/// What a value is, in words.
pub(super) fn describe(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "something that does not exist",
        ValueKind::None => "null",
        ValueKind::Bool => "true or false",
        ValueKind::Number => "a number",
        ValueKind::String => "a text",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        ValueKind::Map => "a map",
        _ => "an object",
    }
}
