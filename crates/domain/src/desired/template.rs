//! A file made of several objects.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::secret::SecretForm;
use super::wanted::Wanted;
use crate::mode::FileMode;
use crate::object::{GroupName, ObjectKind, ObjectName, VaultName};
use crate::path::RelativePath;

/// How many bytes of the digest are kept: enough that two templates of one manifest never share one.
const DIGEST_LEN: usize = 16;

/// One file made of several objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSpec {
    /// Where, in the volume.
    pub path: RelativePath,
    /// What is put together, and how.
    pub template: Arc<Template>,
    /// The object and version behind each reference of the template.
    pub inputs: Vec<(Reference, Wanted)>,
    /// Mode of the file.
    pub mode: FileMode,
    /// Mean time between two askings for what it is made of.
    pub interval: Duration,
    /// Whether start-up waits for it.
    pub required: bool,
    /// The entries that it moves together with.
    pub group: Option<GroupName>,
}

/// What is put together, and how. Valid by construction: it can fail because of the objects only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    body: TemplateBody,
    references: BTreeSet<Reference>,
}

/// What a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateBody {
    /// A text in the language of templates (`docs/templates.md`).
    Text(String),
    /// Values in the order of the file; each key once, and each allowed by the format.
    Combined(CombinedFormat, Vec<CombinedValue>),
}

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

/// A format of keys and values. Every file ends with one line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CombinedFormat {
    /// `KEY='value'`, for Docker Compose, dotenv, python-dotenv and shells.
    Dotenv,
    /// `key=value` in ASCII, for `java.util.Properties`.
    Properties,
    /// One object of strings (RFC 8259), a line for each member.
    Json,
    /// One mapping of strings (YAML 1.2), keys and values in double quotes.
    Yaml,
}

/// One value of a combined file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombinedValue {
    /// Its key in the file.
    pub key: String,
    /// The secret.
    pub reference: Reference,
    /// What of the secret's value.
    pub form: SecretForm,
}

impl Template {
    /// For `render::template`, which checks the body and finds what it names.
    pub const fn checked(body: TemplateBody, references: BTreeSet<Reference>) -> Self {
        Self { body, references }
    }

    /// What it says.
    pub const fn body(&self) -> &TemplateBody {
        &self.body
    }

    /// The objects that it names: all that it can ask for.
    pub const fn references(&self) -> &BTreeSet<Reference> {
        &self.references
    }

    /// 32 hexadecimal digits that differ between templates that give different files of the same objects.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        match &self.body {
            TemplateBody::Text(text) => {
                hash.update(b"text\0");
                hash.update(text);
            }
            TemplateBody::Combined(format, values) => combined(*format, values, &mut hash),
        }
        let digest = hash.finalize();
        digest[..DIGEST_LEN].iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    }
}

/// Adds all that decides the file.
fn combined(format: CombinedFormat, values: &[CombinedValue], hash: &mut Sha256) {
    hash.update(format.name());
    for CombinedValue { key, reference, form } in values {
        let form = serde_json::to_string(form).expect("a form is plain data");
        let vault = reference.vault.as_ref().map_or("", |vault| vault.as_str());
        for part in [key.as_str(), vault, reference.name.as_str(), &form] {
            // With its length, so that no two lists of parts give the same bytes.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
    }
}

impl CombinedFormat {
    /// Its name in a manifest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Properties => "properties",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
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
