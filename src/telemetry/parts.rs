//! What an event says, whatever form its line has: a message and fields.
//!
//! Our messages are literals. A library writes data into its messages, so that they are told as a field of a line of ours.

use std::fmt;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) message: String,
    /// In the order of the code.
    pub(super) fields: Vec<(&'static str, Value)>,
}

impl Parts {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut parts = Self::default();
        event.record(&mut parts);
        match library(event.metadata()) {
            None => parts,
            Some(message) => parts.by_library(message, event.metadata().target()),
        }
    }

    fn by_library(mut self, message: &str, target: &str) -> Self {
        let said = std::mem::replace(&mut self.message, message.to_owned());
        let own = [("library", target.into()), ("said", said.into())];
        self.fields.splice(0..0, own);
        self
    }

    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.fields.push((name, value)),
        }
    }
}

/// The message of an event that is not ours.
fn library(event: &Metadata<'_>) -> Option<&'static str> {
    let target = event.target();
    let start = target.split("::").next().unwrap_or_default();
    match start {
        "akv_sync" => None,
        _ if start.starts_with("azure_") || start.starts_with("typespec") => Some("Azure SDK"),
        _ => Some("Library"),
    }
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.take(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}").into());
    }
}
