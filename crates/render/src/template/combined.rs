//! Files of secrets under names: `.env`, Java properties, JSON, YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::TemplateProblem;
use super::fault::{Fault, TemplateFault};
use super::limits;
use super::quote::{self, QuoteProblem};
use super::sink::Sink;
use crate::{Passwords, render_object};
use domain::desired::{CombinedFormat, CombinedValue, Content, FileSpec, Reference, SecretForm};
use domain::fetched::FetchedObject;
use domain::mode::FileMode;
use domain::object::ObjectKind;
use domain::path::RelativePath;
use domain::secret::SecretBytes;

/// Most characters of a key.
const KEY_LEN: usize = 128;

/// The values of one file, and how they are written.
pub(super) struct Combined<'t> {
    pub(super) format: CombinedFormat,
    pub(super) values: &'t [CombinedValue],
}

impl Combined<'_> {
    /// Gives every problem of the keys and references.
    pub(super) fn check(&self) -> Result<(), Vec<TemplateProblem>> {
        let Self { format, values } = *self;
        let mut seen = BTreeSet::new();
        let mut problems = Vec::new();
        if values.is_empty() {
            problems.push(problem(
                "there is no value".to_owned(),
                "name at least one secret",
            ));
        }
        for CombinedValue { key, reference, .. } in values {
            let shown = key.escape_debug();
            if !is_key(format, key) {
                let message = format!("`{shown}` is not a key of the format `{}`", format.name());
                problems.push(problem(message, key_rule(format)));
            }
            if !seen.insert(key) {
                let message = format!("the key `{shown}` is there twice");
                problems.push(problem(
                    message,
                    "most readers take one of the two silently: remove one",
                ));
            }
            if reference.kind != ObjectKind::Secret {
                let message = format!("`{shown}` is made of a {}", reference.kind);
                let hint =
                    "only secrets can be combined; write the object to a file of its own, or use a template";
                problems.push(problem(message, hint));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Gives the bytes of the file.
    pub(super) fn render(
        &self,
        objects: &BTreeMap<Reference, &FetchedObject>,
    ) -> Result<SecretBytes, TemplateFault> {
        let (start, between, end) = match self.format {
            CombinedFormat::Json => ("{\n", ",\n", "\n}\n"),
            CombinedFormat::Dotenv | CombinedFormat::Properties | CombinedFormat::Yaml => ("", "\n", "\n"),
        };
        let mut out = Sink::new(limits::OUTPUT);
        for (index, value) in self.values.iter().enumerate() {
            let before = if index == 0 { start } else { between };
            let written = self.write(before, value, objects, &mut out);
            written.map_err(|fault| TemplateFault::at_key(&value.key, fault))?;
        }
        out.write_str(end).map_err(|_| TemplateFault::too_long())?;
        Ok(out.into_secret())
    }

    fn write(
        &self,
        before: &str,
        value: &CombinedValue,
        objects: &BTreeMap<Reference, &FetchedObject>,
        out: &mut Sink,
    ) -> Result<(), Fault> {
        let CombinedValue { key, reference, form } = value;
        let object = objects
            .get(reference)
            .ok_or_else(|| Fault::Missing(reference.clone()))?;
        let bytes = secret(form, object)?;
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| Fault::NotText(reference.clone()))?;
        let written = out.write_str(before).map_err(QuoteProblem::from);
        Ok(written.and_then(|()| self.entry(key, text, out))?)
    }

    fn entry(&self, key: &str, text: &str, out: &mut Sink) -> Result<(), QuoteProblem> {
        match self.format {
            CombinedFormat::Dotenv => {
                write!(out, "{key}=")?;
                quote::dotenv(text, out)
            }
            CombinedFormat::Properties => {
                quote::properties_key(key, out)?;
                out.write_str("=")?;
                quote::properties(text, out)
            }
            CombinedFormat::Json => {
                out.write_str("  ")?;
                quote::json(key, out)?;
                out.write_str(": ")?;
                quote::json(text, out)
            }
            CombinedFormat::Yaml => {
                quote::yaml(key, out)?;
                out.write_str(": ")?;
                quote::yaml(text, out)
            }
        }
    }
}

fn secret(form: &SecretForm, object: &FetchedObject) -> Result<SecretBytes, Fault> {
    let spec = FileSpec {
        // Errors call the file so.
        path: RelativePath::parse("value").expect("a word is a path"),
        content: Content::Secret(form.clone()),
        mode: FileMode::from_bits(0),
    };
    let mut rendered = render_object(&[spec], object, &Passwords::new())?;
    let (_, bytes) = rendered.files.pop().expect("one file was asked for");
    Ok(bytes)
}

fn is_key(format: CombinedFormat, key: &str) -> bool {
    let characters = key.chars().take(KEY_LEN + 1).count();
    (1..=KEY_LEN).contains(&characters)
        && match format {
            CombinedFormat::Dotenv => {
                !key.starts_with(|char: char| char.is_ascii_digit())
                    && key
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
            CombinedFormat::Properties | CombinedFormat::Json | CombinedFormat::Yaml => true,
        }
}

fn key_rule(format: CombinedFormat) -> &'static str {
    match format {
        CombinedFormat::Dotenv => {
            "a key has 1 to 128 letters of ASCII, digits and `_`, and does not start with a digit"
        }
        CombinedFormat::Properties | CombinedFormat::Json | CombinedFormat::Yaml => {
            "a key has 1 to 128 characters"
        }
    }
}

fn problem(message: String, hint: &str) -> TemplateProblem {
    TemplateProblem {
        line: None,
        message,
        hint: hint.to_owned(),
    }
}
