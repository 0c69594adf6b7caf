//! What an entry is, as a label says it.

use crate::domain::entry::EntryId;
use crate::domain::object::ObjectKind;

/// One of a closed set.
pub(super) const fn of(id: &EntryId) -> &'static str {
    match id {
        EntryId::Object(source) => match source.object.kind {
            ObjectKind::Secret => "secret",
            ObjectKind::Certificate => "certificate",
            ObjectKind::Key => "key",
        },
        EntryId::Template(_) => "template",
        EntryId::Selection { .. } => "selection",
    }
}
