//! Payloads, and what a reader shall find of them.

use std::sync::Arc;

use serde_json::json;
use time::macros::datetime;

use super::volume::Files;
use crate::domain::desired::{Content, SecretForm};
use crate::domain::hook::{Outbox, Telling};
use crate::domain::mode::FileMode;
use crate::domain::object::{ObjectId, ObjectKind, ObjectName, Source, VaultId, VersionId, VersionSelector};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, FileRecord, Input, InputRecord, Payload, PayloadFile, Validity};
use crate::domain::secret::SecretBytes;

pub(in crate::volume::tests) fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).expect("valid path")
}

/// The record of a version, told apart by `version`.
pub(in crate::volume::tests) fn record(version: u8) -> Arc<FileRecord> {
    let source = Source {
        object: ObjectId {
            vault: VaultId::named("app"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse("db-password").expect("valid"),
        },
        version: VersionSelector::Latest,
    };
    let record = FileRecord {
        content: Content::Secret(SecretForm::default()),
        inputs: vec![InputRecord {
            input: Input::Object(source),
            version: VersionId::parse(&format!("{version:032x}")).expect("valid"),
            digest: None,
            confirmed: None,
        }],
        validity: Validity::default(),
        fetched: datetime!(2026-11-23 05:48:45 UTC),
        selected: None,
    };
    Arc::new(record)
}

/// A file to be written, version 1.
pub(in crate::volume::tests) fn file(bytes: &str, mode: u32) -> PayloadFile {
    PayloadFile {
        bytes: FileBytes::Write(SecretBytes::from(bytes.to_owned())),
        mode: FileMode::from_bits(mode),
        record: record(1),
    }
}

/// A payload of files to be written: path, bytes, mode.
pub(in crate::volume::tests) fn payload(files: &[(&str, &str, u32)]) -> Payload {
    let files = files
        .iter()
        .map(|(name, bytes, mode)| (path(name), file(bytes, *mode)));
    Payload {
        files: files.collect(),
        ..Payload::default()
    }
}

/// The same payload with every file kept.
pub(in crate::volume::tests) fn kept(payload: &Payload) -> Payload {
    let mut kept = payload.clone();
    for (path, file) in &mut kept.files {
        file.bytes = FileBytes::Published(path.clone());
    }
    kept
}

/// What a reader shall find of a payload whose files are all to be written.
pub(in crate::volume::tests) fn expected(payload: &Payload) -> Files {
    let files = payload.files.iter().map(|(path, file)| match &file.bytes {
        FileBytes::Write(bytes) => (path.to_string(), (bytes.expose().to_vec(), file.mode.bits())),
        FileBytes::Published(_) => panic!("the bytes of {path} are not known"),
    });
    files.collect()
}

/// The same payload with something to be told.
pub(in crate::volume::tests) fn telling(payload: &Payload, note: &str) -> Payload {
    Payload {
        telling: Telling::only(Outbox::from(vec![json!({ "note": note })])),
        ..payload.clone()
    }
}

/// Paths as texts.
pub(in crate::volume::tests) fn texts(paths: &[RelativePath]) -> Vec<&str> {
    paths.iter().map(RelativePath::as_str).collect()
}

/// The payload with every record that of `version`.
pub(in crate::volume::tests) fn at_version(payload: &Payload, version: u8) -> Payload {
    let mut payload = payload.clone();
    for file in payload.files.values_mut() {
        file.record = record(version);
    }
    payload
}

/// The payload with every file of this mode.
pub(in crate::volume::tests) fn with_mode(payload: &Payload, mode: u32) -> Payload {
    let mut payload = payload.clone();
    for file in payload.files.values_mut() {
        file.mode = FileMode::from_bits(mode);
    }
    payload
}

/// Files, taken from `payload` by what is published at another path: where to, where from.
pub(in crate::volume::tests) fn moved(payload: &Payload, sources: &[(&str, &str)]) -> Payload {
    let mut moved = Payload::default();
    for (to, at) in sources {
        let mut file = payload.files[&path(at)].clone();
        file.bytes = FileBytes::Published(path(at));
        moved.files.insert(path(to), file);
    }
    moved
}
