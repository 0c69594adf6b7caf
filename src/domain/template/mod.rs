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

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use self::combined::Combined;
pub use self::combined::{CombinedFormat, CombinedValue};
pub use self::fault::{Fault, Place, TemplateFault};
pub use self::pem::PemProblem;
pub use self::quote::QuoteProblem;
use super::fetched::FetchedObject;
use super::object::{ObjectKind, ObjectName, VaultName};
use super::render::Notice;
use super::secret::SecretBytes;
use super::validity::Validity;

/// How many bytes of the digest are kept: enough that two templates of one manifest never share one.
const DIGEST_LEN: usize = 16;

/// An object that a template names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its collection.
    pub kind: ObjectKind,
    /// Its vault; may be left out when the manifest has one.
    pub vault: Option<VaultName>,
    /// Its name.
    pub name: ObjectName,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        match &self.vault {
            Some(vault) => write!(f, " of vault `{vault}`"),
            None => Ok(()),
        }
    }
}

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

/// What is put together, and how. Valid by construction: it can fail because of the objects only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: Source,
    references: BTreeSet<Reference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Text(String),
    Combined(Combined),
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

impl Template {
    /// Takes the text of a template (minijinja, a subset of Jinja2; `docs/templates.md`); gives every problem that can
    /// be seen without objects. A syntax error hides the problems behind it.
    pub fn text(source: &str) -> Result<Self, Vec<TemplateProblem>> {
        let references = analysis::references(source)?;
        Ok(Self {
            source: Source::Text(source.to_owned()),
            references,
        })
    }

    /// Takes secrets and the names under which they stand in a file of a common format; gives every problem.
    pub fn combined(
        format: CombinedFormat,
        values: Vec<CombinedValue>,
    ) -> Result<Self, Vec<TemplateProblem>> {
        let references = values.iter().map(|value| value.reference.clone()).collect();
        Ok(Self {
            source: Source::Combined(Combined::new(format, values)?),
            references,
        })
    }

    /// The objects that it names, each once, in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter()
    }

    /// 32 hexadecimal digits that differ between templates that give different files of the same objects.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        match &self.source {
            Source::Text(text) => {
                hash.update(b"text\0");
                hash.update(text);
            }
            Source::Combined(combined) => combined.digest(&mut hash),
        }
        let digest = hash.finalize();
        digest[..DIGEST_LEN].iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    }

    /// Takes the objects behind its references; gives the file, or why there is none.
    pub fn render(&self, objects: &BTreeMap<Reference, &FetchedObject>) -> Result<Filled, TemplateFault> {
        match &self.source {
            Source::Text(text) => engine::render(text, &self.references, objects),
            Source::Combined(combined) => Ok(Filled {
                bytes: combined.render(objects)?,
                notices: Vec::new(),
                validity: Validity::default(),
            }),
        }
    }
}
