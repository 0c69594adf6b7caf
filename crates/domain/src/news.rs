//! Whether an answer is news: something that the volume does not have, or that somebody has to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::answers::Answer;
use super::attribute_digest::AttributeDigest;
use super::desired::Content;
use super::failure::Failure;
use super::fetched::FetchedObject;
use super::object::{ObjectId, VersionId};
use super::payload::{FileRecord, Input, InputRecord, Observation};
use super::query::Query;

/// What the volume is made of.
#[derive(Debug, Default)]
pub struct Baseline {
    objects: BTreeMap<ObjectId, Vec<Made>>,
    files: BTreeMap<PathBuf, BTreeSet<VersionId>>,
}

/// A file that is made of an object.
#[derive(Debug)]
struct Made {
    content: Content,
    version: VersionId,
    digest: Option<AttributeDigest>,
}

impl Baseline {
    /// Takes what a volume has.
    pub fn new(observed: &Observation) -> Self {
        let mut baseline = Self::default();
        for file in observed.files.values() {
            for input in &file.record.inputs {
                baseline.note(&file.record, input);
            }
        }
        baseline
    }

    fn note(&mut self, record: &FileRecord, input: &InputRecord) {
        match &input.input {
            Input::Object(source) => {
                let made = Made {
                    content: record.content.clone(),
                    version: input.version.clone(),
                    digest: input.digest.clone(),
                };
                // Most objects are in one file.
                let all = self.objects.entry(source.object.clone());
                all.or_insert_with(|| Vec::with_capacity(1)).push(made);
            }
            Input::File(path) => {
                let versions = self.files.entry(path.clone()).or_default();
                versions.insert(input.version.clone());
            }
        }
    }

    /// Whether an answer says something that the volume does not show. A failure has to be told, and a list may lead to
    /// other questions.
    pub fn is_news(&self, query: &Query, answer: &Result<Answer, Failure>) -> bool {
        match answer {
            Ok(Answer::Object(object)) => self.is_new_version(object),
            Ok(Answer::File(file)) => match query {
                Query::File(path) => self.is_new_password(path, &file.version),
                _ => true,
            },
            Ok(Answer::Versions(_) | Answer::Secrets(_)) | Err(_) => true,
        }
    }

    fn is_new_version(&self, object: &FetchedObject) -> bool {
        let mut made = self.objects.get(&object.object).into_iter().flatten();
        let mut same = made
            .by_ref()
            .filter(|made| made.version == object.version)
            .peekable();
        same.peek().is_none() || same.any(|made| made.digest != AttributeDigest::of(&made.content, object))
    }

    fn is_new_password(&self, path: &Path, version: &VersionId) -> bool {
        !self
            .files
            .get(path)
            .is_some_and(|versions| versions.contains(version))
    }
}
