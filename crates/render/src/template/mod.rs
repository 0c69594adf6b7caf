//! Files made of several objects: a template in the manifest, or a list of values in a format that programs read.
//!
//! What a file is made of is known before anything is fetched: every object is named by a literal. A template reads
//! nothing but the objects that it names, and ends: its size, its work and its output are bounded.
//!
//! The template engine copies values into strings that cannot be wiped (results of functions and filters, text that
//! `set` and macros capture); its output goes straight into memory that is.

mod analysis;
mod combined;
mod engine;
mod fault;
mod filters;
mod inputs;
mod json;
mod limits;
mod pem;
mod quote;
mod sink;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::collections::BTreeMap;

use self::combined::Combined;
pub use self::fault::{Fault, Place, TemplateFault};
pub use self::pem::PartProblem;
pub use self::quote::QuoteProblem;
use domain::desired::{CombinedFormat, CombinedValue, Reference, Template, TemplateBody};
use domain::fetched::FetchedObject;
use domain::notice::Notice;
use domain::secret::SecretBytes;
use domain::validity::Validity;

/// Something in a template that will not do, found without any object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// The line of the template, from 1; `None` where it concerns all of it.
    pub line: Option<u32>,
    /// What was seen.
    pub message: String,
    /// The next action of the person who reads it.
    pub hint: String,
}

/// A file made of objects, and what the certificates that were read for it say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Its bytes.
    pub bytes: SecretBytes,
    /// What is odd about the certificates, each remark once.
    pub notices: Vec<Notice>,
    /// When all of the certificates are valid.
    pub validity: Validity,
}

/// Takes the text of a template (minijinja, a subset of Jinja2; `docs/templates.md`); gives every problem that can be
/// seen without objects. A syntax error hides the problems behind it.
pub fn text(source: &str) -> Result<Template, Vec<TemplateProblem>> {
    let references = analysis::references(source)?;
    Ok(Template::checked(
        TemplateBody::Text(source.to_owned()),
        references,
    ))
}

/// Takes secrets and the names under which they stand in a file of a common format; gives every problem.
pub fn combined(
    format: CombinedFormat,
    values: Vec<CombinedValue>,
) -> Result<Template, Vec<TemplateProblem>> {
    let combined = Combined {
        format,
        values: &values,
    };
    combined.check()?;
    let references = values.iter().map(|value| value.reference.clone()).collect();
    Ok(Template::checked(
        TemplateBody::Combined(format, values),
        references,
    ))
}

/// Takes a template and the objects behind its references; gives the file, or why there is none.
pub fn fill(
    template: &Template,
    objects: &BTreeMap<Reference, &FetchedObject>,
) -> Result<Filled, TemplateFault> {
    match template.body() {
        TemplateBody::Text(text) => engine::render(text, template.references(), objects),
        TemplateBody::Combined(format, values) => Ok(Filled {
            bytes: Combined {
                format: *format,
                values,
            }
            .render(objects)?,
            notices: Vec::new(),
            validity: Validity::default(),
        }),
    }
}
