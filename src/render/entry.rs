//! The bytes of an entry: a job that needs nothing but what it holds, so that it can be done on another thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::template;
use super::{Passwords, is_pfx_of_certificate, render_object};
use crate::domain::answers::Answers;
use crate::domain::desired::{Content, FileSpec, PasswordSource, Reference, Template, TemplateBody};
use crate::domain::entry::{Body, Entry, EntryId};
use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject};
use crate::domain::notice::Notice;
use crate::domain::object::{ObjectKind, VersionId};
use crate::domain::path::RelativePath;
use crate::domain::payload::Input;
use crate::domain::secret::SecretBytes;
use crate::domain::validity::Validity;
use crate::encoding::typed;

/// The bytes of all files of an entry.
#[derive(Debug, Clone)]
pub struct Made {
    /// By path.
    pub files: BTreeMap<RelativePath, SecretBytes>,
    /// What a person should know although everything was rendered.
    pub notices: Vec<Notice>,
    /// When it is valid.
    pub validity: Validity,
}

/// What an entry is made of: equal when rendering again would give the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    files: Vec<FileSpec>,
    objects: Vec<(VersionId, Attributes)>,
    passwords: Vec<VersionId>,
}

/// One entry to be rendered, with everything that it takes.
#[derive(Debug)]
pub struct Job {
    id: EntryId,
    files: Vec<FileSpec>,
    body: Work,
    passwords_of: Vec<VersionId>,
}

#[derive(Debug)]
enum Work {
    Object(Arc<FetchedObject>, Passwords),
    Template(Arc<Template>, BTreeMap<Reference, Arc<FetchedObject>>),
}

impl Job {
    /// Takes an entry and the answers; `None` when they do not hold all that it is made of, or it has no files.
    pub fn new(entry: &Entry, answers: &Answers) -> Option<Self> {
        let mut passwords_of = Vec::new();
        let body = match &entry.body {
            Body::Object(source, passwords) => {
                let object = Arc::clone(answers.object(source)?.ok()?);
                for (_, input) in passwords {
                    passwords_of.push(answers.version(input)?.ok()?.clone());
                }
                Work::Object(object, passwords_told(passwords, answers))
            }
            Body::Template(template, inputs) => {
                let objects = inputs.iter().map(|(reference, source)| {
                    let object = Arc::clone(answers.object(source)?.ok()?);
                    Some((reference.clone(), object))
                });
                Work::Template(Arc::clone(template), objects.collect::<Option<_>>()?)
            }
            Body::Selection { .. } => return None,
        };
        Some(Self {
            id: entry.id.clone(),
            files: entry.files.clone(),
            body,
            passwords_of,
        })
    }

    /// What messages call the entry.
    pub const fn id(&self) -> &EntryId {
        &self.id
    }

    /// Whether it may take seconds: a certificate may be under a key derivation of any length.
    pub fn is_slow(&self) -> bool {
        match &self.body {
            Work::Object(..) => self
                .files
                .iter()
                .any(|file| matches!(file.content, Content::Certificate(_))),
            Work::Template(_, objects) => objects
                .keys()
                .any(|reference| reference.kind == ObjectKind::Certificate),
        }
    }

    /// What it is made of.
    pub fn origin(&self) -> Origin {
        let of = |object: &Arc<FetchedObject>| (object.version.clone(), object.attributes.clone());
        Origin {
            files: self.files.clone(),
            objects: match &self.body {
                Work::Object(object, _) => vec![of(object)],
                Work::Template(_, objects) => objects.values().map(of).collect(),
            },
            passwords: self.passwords_of.clone(),
        }
    }

    /// Renders it: all files or none.
    pub fn run(self) -> Result<Made, Failure> {
        match self.body {
            Work::Object(object, passwords) => {
                let rendered = render_object(&self.files, &object, &passwords)?;
                Ok(Made {
                    files: rendered.files.into_iter().collect(),
                    notices: rendered.notices,
                    validity: rendered.validity,
                })
            }
            Work::Template(template, objects) => filled(&self.id, &self.files, &template, &objects),
        }
    }
}

fn filled(
    id: &EntryId,
    files: &[FileSpec],
    template: &Template,
    objects: &BTreeMap<Reference, Arc<FetchedObject>>,
) -> Result<Made, Failure> {
    let told = objects
        .iter()
        .map(|(reference, object)| (reference.clone(), &**object))
        .collect();
    let filled = template::fill(template, &told).map_err(|fault| {
        let hint = fault.hint().to_owned();
        Failure::new(
            Reason::Unrenderable,
            format!("{id} cannot be rendered: {fault}"),
            hint,
        )
    })?;
    // A certificate says when it is valid itself.
    let others = objects
        .values()
        .filter(|object| object.object.kind != ObjectKind::Certificate);
    let validity = others
        .map(|object| Validity::of(object))
        .fold(filled.validity, Validity::and);
    let path = files.first().map(|file| file.path.clone());
    let mut notices = filled.notices;
    notices.extend(pfx_in_text(template, objects));
    Ok(Made {
        files: path
            .into_iter()
            .map(|path| (path, filled.bytes.clone()))
            .collect(),
        notices,
        validity,
    })
}

/// The secrets of certificates that a text has as they are, which no program opens. A value of a combined file may be decoded.
fn pfx_in_text(
    template: &Template,
    objects: &BTreeMap<Reference, Arc<FetchedObject>>,
) -> impl Iterator<Item = Notice> {
    let is_text = matches!(template.body(), TemplateBody::Text(_));
    let secrets = objects
        .iter()
        .filter(move |(reference, _)| is_text && reference.kind == ObjectKind::Secret);
    secrets.filter_map(|(reference, object)| match &object.content {
        FetchedContent::Secret(secret) if is_pfx_of_certificate(secret) => Some(Notice::PfxInTemplate {
            name: reference.name.clone(),
        }),
        FetchedContent::Secret(_) | FetchedContent::Key(_) => None,
    })
}

fn passwords_told(passwords: &[(PasswordSource, Input)], answers: &Answers) -> Passwords {
    let told = passwords.iter().filter_map(|(password, input)| {
        let value = match input {
            Input::File(path) => answers.file(path)?.ok()?.password.clone(),
            Input::Object(source) => match &answers.object(source)?.ok()?.content {
                // As of a file: nobody can type the line end that `az` took over from one.
                FetchedContent::Secret(secret) => {
                    SecretBytes::new(typed::value(secret.value.expose()).to_vec())
                }
                FetchedContent::Key(_) => return None,
            },
        };
        Some((password.clone(), value))
    });
    told.collect()
}
