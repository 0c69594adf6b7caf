//! The filters of our own: values in the syntax of a format, and parts of values.
//!
//! Each takes text, and what has one way to be written as text: numbers and booleans.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, Value};
use zeroize::Zeroizing;

use super::fault::{Fault, FilterProblem};
use super::json::{self, Number};
use super::pem;
use super::quote::{self, Quote, quoted};
use super::sink::Sink;

/// Adds them; `vocabulary::OWN_FILTERS` names the same.
pub(super) fn add(env: &mut Environment<'_>) {
    add_filter(env, "b64encode", |text| {
        Ok(Zeroizing::new(STANDARD.encode(text)).as_str().into())
    });
    add_filter(env, "b64decode", |text| {
        let bytes = encoding::base64(text.as_bytes())?;
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| FilterProblem::BinaryResult)?;
        Ok(text.into())
    });
    add_filter(env, "from_json", |text| Ok(json::parse(text)?));
    add_filter(env, "pem_private_key", |text| Ok(value(&pem::private_key(text)?)));
    add_filter(env, "pem_certificates", |text| {
        Ok(value(&pem::certificates(text, None)?))
    });
    env.add_filter("pem_certificate", |value: &Value, index: usize| {
        on_text("pem_certificate", value, |text| {
            Ok(self::value(&pem::certificates(text, Some(index))?))
        })
    });
    for (name, quote) in [
        ("dotenv", quote::dotenv as Quote),
        ("properties", quote::properties),
        ("shell", quote::shell),
        ("yaml", quote::yaml),
    ] {
        add_filter(env, name, move |text| Ok(value(&quoted(quote, text)?)));
    }
    env.add_filter("json", |value: &Value| {
        let sink = json::write(value).map_err(|problem| fault("json", problem))?;
        Ok::<_, Error>(self::value(&sink))
    });
}

fn add_filter(
    env: &mut Environment<'_>,
    name: &'static str,
    filter: impl Fn(&str) -> Result<Value, FilterProblem> + Send + Sync + 'static,
) {
    env.add_filter(name, move |value: &Value| on_text(name, value, &filter));
}

fn on_text(
    name: &'static str,
    value: &Value,
    filter: impl Fn(&str) -> Result<Value, FilterProblem>,
) -> Result<Value, Error> {
    let text = text(value).ok_or_else(|| fault(name, FilterProblem::NotText(json::describe(value))))?;
    filter(&text).map_err(|problem| fault(name, problem))
}

/// What a value is as text; `None` if there is no one way to write it.
///
/// The engine would write `True` and `None`, as Python does, and lists as Python's source.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value.kind() {
        ValueKind::String => value.as_str().map(Cow::Borrowed),
        ValueKind::Bool => Some(Cow::Borrowed(if value.is_true() { "true" } else { "false" })),
        ValueKind::Number => Some(Cow::Owned(value.to_string())),
        _ => value
            .downcast_object_ref::<Number>()
            .map(|number| Cow::Borrowed(number.as_str())),
    }
}

fn fault(filter: &'static str, problem: FilterProblem) -> Error {
    Fault::Filter { filter, problem }.into_engine()
}

fn value(sink: &Sink) -> Value {
    sink.as_str().into()
}
