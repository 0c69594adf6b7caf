//! Files made of several objects.

use std::sync::Arc;

use super::objects::Objects;
use super::secrets::encoding;
use crate::field::{Located, Optional};
use crate::problem::{Code, Mark, Problem};
use crate::wire::{self, TemplateEntry, TemplateValue};
use domain::desired::{CombinedFormat, CombinedValue, Reference, SecretForm, Template, TemplateSpec, Wanted};
use domain::object::{ObjectId, ObjectKind, VaultId};
use domain::placeholder::Placeholder;
use render::template::{self, TemplateProblem};

impl Objects<'_> {
    pub(super) fn template(&mut self, entry: &Located<TemplateEntry>) -> Option<TemplateSpec> {
        let wire = &entry.value;
        let placed = self.path(&wire.path);
        let template = self.body(entry);
        let (mode, group) = (self.mode(&wire.mode), self.together(&wire.together, &wire.group));
        let interval = self.interval(&wire.interval);
        if let Some((path, mark)) = &placed {
            self.claim(path, *mark);
        }
        let (template, mark) = template?;
        let inputs = self.inputs(&template, mark);
        Some(TemplateSpec {
            path: placed?.0,
            template: Arc::new(template),
            inputs: inputs?,
            mode,
            required: wire.required.value().unwrap_or(true),
            group,
            interval,
        })
    }

    /// What is put together, and where the manifest says so.
    fn body(&self, entry: &Located<TemplateEntry>) -> Option<(Template, Mark)> {
        let wire = &entry.value;
        match (&wire.template, &wire.format) {
            (Optional::Absent, Optional::Absent) => {
                let problem = Problem::new(Code::EitherKey, "an entry has either `template` or `format`");
                let hint = "add `template` with a text, or `format` and `values`";
                self.sink.push(problem.at(entry.mark).hint(hint));
                None
            }
            (Optional::Given(text), Optional::Absent) => {
                let message = "`values` is for entries with `format`";
                self.refuse_key(Code::EitherKey, wire.values.mark(), message, "remove it");
                let source = text.parse(self.sink)?;
                let checked = self.checked(template::text(&source.0), text.mark)?;
                self.warn_of_variables(&checked.0, &source.0, text.mark);
                Some(checked)
            }
            (Optional::Absent, Optional::Given(format)) => {
                if wire.values.is_absent() {
                    let problem = Problem::new(Code::MissingKey, "`values` is missing").at(entry.mark);
                    self.sink
                        .push(problem.hint("add the key `values`, a list of keys and secrets"));
                }
                let values = wire.values.given()?;
                if values.value.is_empty() {
                    super::refuse_empty_list(values.mark, "values", self.sink);
                }
                let given = wire.values.elements().map(|value| self.value(value));
                // Collected first: each value is read, whether or not an earlier one was a problem.
                let given: Vec<_> = given.collect();
                let usable = given.into_iter().collect::<Option<Vec<_>>>()?;
                self.checked(template::combined(format_of(format.value), usable), values.mark)
            }
            (Optional::Given(_), Optional::Given(format)) => {
                let problem = Problem::new(Code::EitherKey, "an entry has either `template` or `format`");
                self.sink
                    .push(problem.at(format.mark).hint("remove one of the two"));
                None
            }
            _ => None,
        }
    }

    /// A variable in a text that names no object: who writes an object's name knows what a template fills in.
    fn warn_of_variables(&self, template: &Template, text: &str, mark: Mark) {
        let mut placeholders = (1..).zip(text.lines()).filter_map(|(number, line)| {
            let placeholder = Placeholder::in_value(line)?;
            placeholder.is_variable().then_some((number, placeholder))
        });
        let Some((line, placeholder)) = placeholders.next().filter(|_| template.references().is_empty())
        else {
            return;
        };
        let problem = Problem::placeholder(&placeholder, &"this template");
        let hint = "akv-sync replaces no variables, and writes it as it stands: write `{{ secret(\"NAME\") }}` for a secret's value";
        self.sink
            .warn(problem.at(mark.line_of_text(line).unwrap_or(mark)).hint(hint));
    }

    fn value(&self, value: &Located<TemplateValue>) -> Option<CombinedValue> {
        let wire = &value.value;
        let key = wire.key.parse(self.sink);
        let vault = self.vaults.choose(&wire.vault, value.mark, self.sink);
        self.refuse_hsm(ObjectKind::Secret, vault.as_ref(), value.mark);
        let form = SecretForm {
            encoding: encoding(&wire.encoding),
            property: wire.property.parse(self.sink),
            trim: wire.trim.value().unwrap_or(false),
            newline: false,
        };
        let name = wire.secret.parse(self.sink);
        Some(CombinedValue {
            key: key?.0,
            reference: Reference {
                kind: ObjectKind::Secret,
                vault: Some(vault?.name),
                name: name?,
            },
            form,
        })
    }

    fn checked(
        &self,
        template: Result<Template, Vec<TemplateProblem>>,
        mark: Mark,
    ) -> Option<(Template, Mark)> {
        let problems = match template {
            Ok(template) => return Some((template, mark)),
            Err(problems) => problems,
        };
        for TemplateProblem { line, message, hint } in problems {
            let (mark, message) = match (line, line.and_then(|line| mark.line_of_text(line))) {
                (_, Some(mark)) => (mark, message),
                (Some(line), None) => (mark, format!("line {line} of this template: {message}")),
                (None, None) => (mark, message),
            };
            self.sink
                .push(Problem::new(Code::InvalidTemplate, message).at(mark).hint(hint));
        }
        None
    }

    /// The object and version behind each reference.
    fn inputs(&self, template: &Template, mark: Mark) -> Option<Vec<(Reference, Wanted)>> {
        let inputs = template.references().iter().map(|reference| {
            let vault = self.vault_of(reference, mark);
            self.refuse_hsm(reference.kind, vault.as_ref(), mark);
            let object = ObjectId {
                vault: vault?,
                kind: reference.kind,
                name: reference.name.clone(),
            };
            Some((reference.clone(), self.needed(object, mark)?))
        });
        // Each is looked at, so that every problem is told.
        inputs.collect::<Vec<_>>().into_iter().collect()
    }

    fn vault_of(&self, reference: &Reference, mark: Mark) -> Option<VaultId> {
        self.vaults.named(reference.vault.as_ref(), mark, self.sink)
    }
}

const fn format_of(format: wire::CombinedFormat) -> CombinedFormat {
    match format {
        wire::CombinedFormat::Dotenv => CombinedFormat::Dotenv,
        wire::CombinedFormat::Properties => CombinedFormat::Properties,
        wire::CombinedFormat::Json => CombinedFormat::Json,
        wire::CombinedFormat::Yaml => CombinedFormat::Yaml,
    }
}
