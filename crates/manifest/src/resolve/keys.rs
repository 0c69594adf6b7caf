//! Public parts of keys.

use super::objects::{Asked, Objects};
use crate::field::Located;
use crate::wire::{self, KeyEntry};
use domain::desired::{Content, KeyFormat, ObjectSpec};
use domain::object::ObjectKind;

impl Objects<'_> {
    pub(super) fn key(&mut self, entry: &Located<KeyEntry>) -> Option<ObjectSpec> {
        let wire = &entry.value;
        let asked = self.wanted(Asked {
            kind: ObjectKind::Key,
            entry: entry.mark,
            vault: &wire.vault,
            name: wire.name.parse(self.sink),
            version: &wire.version,
            history: &wire.history,
        });
        let placed = self.path_or_name(&wire.path, wire.name.given());
        let history = asked.as_ref().and_then(|(_, history)| *history);
        let content = match wire.format.value() {
            Some(wire::KeyFormat::Pem) | None => Content::Key(KeyFormat::Pem),
            Some(wire::KeyFormat::Der) => Content::Key(KeyFormat::Der),
            Some(wire::KeyFormat::Jwk) => Content::Key(KeyFormat::Jwk),
            Some(wire::KeyFormat::Ssh) => Content::Key(KeyFormat::Ssh),
            Some(wire::KeyFormat::Metadata) => Content::Metadata,
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
}
