//! The template engine, set up so that it reads and writes nothing but what it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

use super::Filled;
use super::fault::{Fault, TemplateFault};
use super::filters;
use super::inputs::{self, Remarks};
use super::json;
use super::limits;
use super::sink::Sink;
use super::vocabulary;
use domain::desired::Reference;
use domain::fetched::FetchedObject;

/// The syntax of templates: Jinja's own, and the line feed at the end of a text is kept, because a file is what its
/// template says.
pub(super) fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true);
    syntax.build().expect("the default delimiters are valid")
}

/// Takes a template without problems and the objects that it names; gives the file.
pub(super) fn render(
    source: &str,
    references: &BTreeSet<Reference>,
    objects: &BTreeMap<Reference, &FetchedObject>,
) -> Result<Filled, TemplateFault> {
    let mut env = environment();
    let remarks = Arc::default();
    inputs::add(&mut env, references, objects, &remarks);
    let template = env
        .template_from_str(source)
        .map_err(|error| TemplateFault::from(&error))?;
    let mut sink = Sink::new(limits::OUTPUT);
    let rendered = template.render_captured_to((), &mut sink).map(drop);
    match rendered {
        _ if sink.overflowed() => Err(TemplateFault::too_long()),
        Ok(()) => {
            let Remarks { notices, validity } = inputs::take(&remarks);
            Ok(Filled {
                bytes: sink.into_secret(),
                notices,
                validity,
            })
        }
        Err(error) => Err(TemplateFault::from(&error)),
    }
}

/// An environment without loader and without debug information, in which nothing is bound but functions and filters.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_syntax(syntax());
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_formatter(write);
    env.set_fuel(Some(limits::FUEL));
    env.set_recursion_limit(limits::RECURSION);
    for name in vocabulary::REMOVED_FUNCTIONS {
        env.remove_global(name);
    }
    for name in vocabulary::REMOVED_FILTERS {
        env.remove_filter(name);
    }
    filters::add(&mut env);
    env
}

/// Writes what has one form as text. The engine would also write null as `None`, and lists as Python's source.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Fault::Undefined.into_engine());
    }
    match filters::text(value) {
        Some(text) => minijinja::escape_formatter(out, state, &Value::from(text)),
        None => Err(Fault::Unprintable {
            found: json::describe(value),
        }
        .into_engine()),
    }
}
