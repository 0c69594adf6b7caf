//! The bytes of an entry: a job that needs nothing but what it holds, so that it can be done on another thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use encoding::typed;

use super::template;
use super::{Passwords, is_pfx_as_it_is, is_pfx_of_certificate, render_object};
use domain::answers::Answers;
use domain::desired::{Content, FileSpec, PasswordSource, Reference, Template, TemplateBody};
use domain::entry::{Body, Entry, EntryId};
use domain::failure::{Failure, Reason};
use domain::fetched::{Attributes, FetchedContent, FetchedObject};
use domain::notice::Notice;
use domain::object::{ObjectKind, VersionId};
use domain::path::RelativePath;
use domain::payload::Input;
use domain::secret::SecretBytes;
use domain::validity::Validity;

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
    origin: Arc<Origin>,
    body: Work,
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
        let of = |object: &Arc<FetchedObject>| (object.version.clone(), object.attributes.clone());
        let origin = Origin {
            files: entry.files.clone(),
            objects: match &body {
                Work::Object(object, _) => vec![of(object)],
                Work::Template(_, objects) => objects.values().map(of).collect(),
            },
            passwords: passwords_of,
        };
        Some(Self {
            id: entry.id.clone(),
            origin: Arc::new(origin),
            body,
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
                .origin
                .files
                .iter()
                .any(|file| matches!(file.content, Content::Certificate(_))),
            Work::Template(_, objects) => objects
                .keys()
                .any(|reference| reference.kind == ObjectKind::Certificate),
        }
    }

    /// What it is made of.
    pub const fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// Renders it: all files or none.
    pub fn run(self) -> Result<Made, Failure> {
        match self.body {
            Work::Object(object, passwords) => {
                let rendered = render_object(&self.origin.files, &object, &passwords)?;
                Ok(Made {
                    files: rendered.files.into_iter().collect(),
                    notices: rendered.notices,
                    validity: rendered.validity,
                })
            }
            Work::Template(template, objects) => filled(&self.id, &self.origin.files, &template, &objects),
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
    notices.extend(pfx_as_it_is(template, objects));
    Ok(Made {
        files: path
            .into_iter()
            .map(|path| (path, filled.bytes.clone()))
            .collect(),
        notices,
        validity,
    })
}

/// The secrets of certificates that the file has as they are, which no program opens. A value of a combined file may be decoded.
fn pfx_as_it_is(template: &Template, objects: &BTreeMap<Reference, Arc<FetchedObject>>) -> Vec<Notice> {
    let secret = |reference: &Reference| match &objects.get(reference)?.content {
        FetchedContent::Secret(secret) => Some(secret),
        FetchedContent::Key(_) => None,
    };
    let name = |reference: &Reference| reference.name.clone();
    match template.body() {
        TemplateBody::Text(_) => {
            let secrets = objects
                .keys()
                .filter(|reference| reference.kind == ObjectKind::Secret);
            let as_it_is = secrets.filter(|reference| secret(reference).is_some_and(is_pfx_of_certificate));
            as_it_is
                .map(|reference| Notice::PfxInTemplate {
                    name: name(reference),
                })
                .collect()
        }
        TemplateBody::Combined(_, values) => {
            let as_it_is = values.iter().filter(|value| {
                secret(&value.reference).is_some_and(|secret| is_pfx_as_it_is(&value.form, secret))
            });
            as_it_is
                .map(|value| Notice::PfxInValues {
                    name: name(&value.reference),
                    key: value.key.clone(),
                })
                .collect()
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use domain::desired::{CombinedFormat, CombinedValue, SecretEncoding, SecretForm};
    use domain::fetched::{Attributes, SecretContent};
    use domain::object::{ObjectId, ObjectName, VaultId, VersionId};
    use domain::secret::SecretBytes;

    fn told(template: &Template) -> Vec<Notice> {
        let name = ObjectName::parse("web-tls").expect("a name");
        let reference = Reference {
            kind: ObjectKind::Secret,
            vault: None,
            name: name.clone(),
        };
        let object = FetchedObject {
            object: ObjectId {
                vault: VaultId::named("app"),
                kind: ObjectKind::Secret,
                name,
            },
            version: VersionId::parse(&"0".repeat(32)).expect("a version"),
            id: String::new(),
            attributes: Attributes::default(),
            content: FetchedContent::Secret(SecretContent {
                value: SecretBytes::new(b"MIIA".to_vec()),
                content_type: Some("application/x-pkcs12".to_owned()),
                backs_certificate: true,
            }),
        };
        pfx_as_it_is(template, &BTreeMap::from([(reference, Arc::new(object))]))
    }

    #[test]
    fn the_base64_text_of_a_certificates_pfx_is_a_warning_in_a_template_and_as_a_value() {
        let text = template::text("{{ secret('web-tls') }}").expect("a template");
        assert!(matches!(&told(&text)[..], [told @ Notice::PfxInTemplate { .. }] if told.is_warning()));
        let combined = |form: SecretForm| {
            let value = CombinedValue {
                key: "TLS".to_owned(),
                reference: text.references().first().expect("one").clone(),
                form,
            };
            template::combined(CombinedFormat::Json, vec![value]).expect("a template")
        };
        for form in [SecretForm::default(), SecretEncoding::Utf8.into()] {
            let told = told(&combined(form));
            assert!(matches!(&told[..], [told @ Notice::PfxInValues { .. }] if told.is_warning()));
            assert!(told[0].to_string().contains("`TLS`"), "{}", told[0]);
            let hint = told[0].hint().expect("a hint");
            assert!(
                hint.contains("name: web-tls") && hint.contains("content: bundle"),
                "{hint}"
            );
        }
        assert_eq!(told(&combined(SecretEncoding::Base64.into())), []);
    }
}
