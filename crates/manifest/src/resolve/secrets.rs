//! Secrets, by name or by rule.

use std::collections::BTreeMap;

use super::objects::{Asked, ObjectSpecs, Objects};
use crate::field::{Located, Optional};
use crate::problem::{Code, Problem};
use crate::wire::{self, SecretContent, SecretEntry, Select};
use domain::desired::{Content, ObjectSpec, SecretEncoding, SecretForm, SelectionRule, SelectionSpec};
use domain::object::ObjectKind;

impl Objects<'_> {
    pub(super) fn secret(&mut self, entry: &Located<SecretEntry>, specs: &mut ObjectSpecs) {
        let SecretEntry { name, select, .. } = &entry.value;
        match (name, select) {
            (Optional::Absent, Optional::Absent) => {
                let problem = Problem::new(Code::MissingKey, "`name` is missing").at(entry.mark);
                self.sink
                    .push(problem.hint("add the key `name`, or `select` for many secrets by one rule"));
            }
            (Optional::Given(_), Optional::Given(select)) => {
                let problem = Problem::new(Code::EitherKey, "an entry has either `name` or `select`");
                self.sink
                    .push(problem.at(select.mark).hint("remove one of the two"));
            }
            (_, Optional::Absent) => specs.objects.extend(self.named_secret(entry)),
            (_, Optional::Given(select)) => specs.selections.extend(self.selection(entry, select)),
            (_, Optional::Invalid) => {}
        }
    }

    fn named_secret(&mut self, entry: &Located<SecretEntry>) -> Option<ObjectSpec> {
        let wire = &entry.value;
        self.refuse_key(
            Code::SelectKey,
            wire.path_template.mark(),
            "`pathTemplate` is for entries with `select`",
            "write `path`",
        );
        let asked = self.wanted(Asked {
            kind: ObjectKind::Secret,
            entry: entry.mark,
            vault: &wire.vault,
            name: wire.name.parse(self.sink),
            version: &wire.version,
            history: &wire.history,
        });
        let placed = self.path_or_name(&wire.path, wire.name.given());
        let history = asked.as_ref().and_then(|(_, history)| *history);
        let content = match wire.content.value() {
            Some(SecretContent::Value) | None => Content::Secret(self.form(wire)),
            Some(SecretContent::Metadata) => {
                self.refuse_form(wire);
                Content::Metadata
            }
        };
        let file = self.file(placed, &wire.mode, Some(content), history);
        let (group, interval) = (
            self.together(&wire.together, &wire.group),
            self.interval(&wire.interval),
        );
        let (wanted, history) = asked?;
        Some(ObjectSpec {
            wanted,
            history,
            required: wire.required.value().unwrap_or(true),
            group,
            interval,
            files: vec![file?],
        })
    }

    fn form(&self, wire: &SecretEntry) -> SecretForm {
        SecretForm {
            encoding: encoding(&wire.encoding),
            property: wire.property.parse(self.sink),
            trim: wire.trim.value().unwrap_or(false),
            newline: wire.newline.value().unwrap_or(false),
        }
    }

    /// Records what is about a value where none is written.
    fn refuse_form(&self, wire: &SecretEntry) {
        let marks = [
            wire.encoding.mark(),
            wire.property.mark(),
            wire.trim.mark(),
            wire.newline.mark(),
        ];
        let message = "this key is about the value, and `content: metadata` writes none";
        for mark in marks {
            self.refuse_key(Code::ContentKey, mark, message, "remove it");
        }
    }

    fn selection(&mut self, entry: &Located<SecretEntry>, select: &Located<Select>) -> Option<SelectionSpec> {
        let wire = &entry.value;
        let message = "this key is for entries with `name`";
        let hint =
            "remove it; a selection follows the latest versions, and `pathTemplate` says where they go";
        let misplaced = [
            wire.path.mark(),
            wire.version.mark(),
            wire.history.mark(),
            wire.content.mark(),
        ];
        for mark in misplaced {
            self.refuse_key(Code::SelectKey, mark, message, hint);
        }
        if wire.path_template.is_absent() {
            let problem = Problem::new(Code::MissingKey, "`pathTemplate` is missing").at(entry.mark);
            self.sink
                .push(problem.hint("add the key `pathTemplate`, such as `app/{name}`"));
        }
        let vault = self.vaults.choose(&wire.vault, entry.mark, self.sink);
        self.refuse_hsm(ObjectKind::Secret, vault.as_ref(), entry.mark);
        let rule = self.rule(select);
        let limit = super::or_default::<crate::scalar::SelectLimit>(
            &select.value.limit,
            wire::DEFAULT_SELECT_LIMIT,
            self.sink,
        );
        let (form, mode, group) = (
            self.form(wire),
            self.mode(&wire.mode),
            self.together(&wire.together, &wire.group),
        );
        let interval = self.interval(&wire.interval);
        let path = wire.path_template.parse(self.sink);
        Some(SelectionSpec {
            vault: vault?,
            rule,
            limit: limit.0.get().into(),
            may_be_empty: select.value.may_be_empty.value().unwrap_or(false),
            path: path?,
            form,
            mode,
            required: wire.required.value().unwrap_or(true),
            group,
            interval,
        })
    }

    fn rule(&self, select: &Located<Select>) -> SelectionRule {
        let Select {
            prefix, glob, tag, ..
        } = &select.value;
        if prefix.is_absent() && glob.is_absent() && tag.is_absent() {
            let problem = Problem::new(Code::MissingKey, "`select` has no condition").at(select.mark);
            self.sink
                .push(problem.hint("add `prefix`, `glob` or `tag`; `glob: \"*\"` picks every secret"));
        }
        let tag = tag.parse(self.sink).map(|tag| (tag.key, tag.value));
        SelectionRule {
            prefix: prefix.parse(self.sink).map(|prefix| prefix.0),
            glob: glob.parse(self.sink).map(|glob| glob.0),
            tags: tag.into_iter().collect::<BTreeMap<_, _>>(),
        }
    }
}

/// The encoding that the manifest names.
pub(super) fn encoding(encoding: &Optional<wire::Encoding>) -> Option<SecretEncoding> {
    encoding.value().map(|encoding| match encoding {
        wire::Encoding::Utf8 => SecretEncoding::Utf8,
        wire::Encoding::Base64 => SecretEncoding::Base64,
        wire::Encoding::Hex => SecretEncoding::Hex,
    })
}
