//! What a pass was told: answers that arrived, and those that are remembered.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::fetched::FetchedObject;
use super::listed::{ListedObject, ListedVersion};
use super::object::{ObjectId, Source, VaultId, VersionId, VersionSelector};
use super::payload::Input;
use super::query::Query;
use super::secret::SecretBytes;

/// The content of a password file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordFile {
    /// A keyed digest of the password, in the form of a version: it tells whether the password changed.
    pub version: VersionId,
    /// The password.
    pub password: SecretBytes,
}

/// What came back to one question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A version of an object.
    Object(Arc<FetchedObject>),
    /// Every version of an object.
    Versions(Vec<ListedVersion>),
    /// Every secret of a vault.
    Secrets(Vec<ListedObject>),
    /// A password.
    File(PasswordFile),
}

type Outcome<T> = Result<T, Failure>;

/// Answers that arrived and are not used up. The values in them are in memory no longer than something waits for them.
#[derive(Debug, Default)]
pub struct Answers {
    objects: BTreeMap<Source, Outcome<Arc<FetchedObject>>>,
    versions: BTreeMap<ObjectId, Outcome<Vec<ListedVersion>>>,
    secrets: BTreeMap<VaultId, Outcome<Vec<ListedObject>>>,
    files: BTreeMap<PathBuf, Outcome<PasswordFile>>,
}

impl Answers {
    /// Takes the answer to a question, in place of an earlier one. One of another sort than the question's is dropped.
    pub fn learn(&mut self, query: Query, answer: Outcome<Answer>) {
        match (query, answer) {
            (Query::Object(source), Ok(Answer::Object(object))) => {
                self.objects.insert(source, Ok(object));
            }
            (Query::Object(source), Err(failure)) => {
                self.objects.insert(source, Err(failure));
            }
            (Query::Versions(object), Ok(Answer::Versions(versions))) => {
                self.versions.insert(object, Ok(versions));
            }
            (Query::Versions(object), Err(failure)) => {
                self.versions.insert(object, Err(failure));
            }
            (Query::Secrets(vault), Ok(Answer::Secrets(secrets))) => {
                self.secrets.insert(vault, Ok(secrets));
            }
            (Query::Secrets(vault), Err(failure)) => {
                self.secrets.insert(vault, Err(failure));
            }
            (Query::File(path), Ok(Answer::File(file))) => {
                self.files.insert(path, Ok(file));
            }
            (Query::File(path), Err(failure)) => {
                self.files.insert(path, Err(failure));
            }
            (_, Ok(_)) => {}
        }
    }

    /// Lets go of all answers but these.
    pub fn retain(&mut self, keep: impl Fn(&Query) -> bool) {
        self.objects
            .retain(|source, _| keep(&Query::Object(source.clone())));
        self.versions
            .retain(|object, _| keep(&Query::Versions(object.clone())));
        self.secrets
            .retain(|vault, _| keep(&Query::Secrets(vault.clone())));
        self.files.retain(|path, _| keep(&Query::File(path.clone())));
    }

    /// What was told of an object; `None` when it was not answered.
    ///
    /// The current version, fetched as such, is also the answer to the question for its identifier.
    pub fn object(&self, source: &Source) -> Option<Result<&Arc<FetchedObject>, &Failure>> {
        if let Some(answer) = self.objects.get(source) {
            return Some(answer.as_ref());
        }
        let VersionSelector::Exact(wanted) = &source.version else {
            return None;
        };
        let current = Source {
            object: source.object.clone(),
            version: VersionSelector::Latest,
        };
        match self.objects.get(&current) {
            Some(Ok(object)) if object.version == *wanted => Some(Ok(object)),
            _ => None,
        }
    }

    /// What was told of an object's versions.
    pub fn versions(&self, object: &ObjectId) -> Option<Result<&[ListedVersion], &Failure>> {
        let answer = self.versions.get(object)?;
        Some(answer.as_ref().map(Vec::as_slice))
    }

    /// What was told of a vault's secrets.
    pub fn secrets(&self, vault: &VaultId) -> Option<Result<&[ListedObject], &Failure>> {
        let answer = self.secrets.get(vault)?;
        Some(answer.as_ref().map(Vec::as_slice))
    }

    /// What was told of a password file.
    pub fn file(&self, path: &Path) -> Option<Result<&PasswordFile, &Failure>> {
        self.files.get(path).map(Result::as_ref)
    }

    /// Whether the question was answered, if only by a failure.
    pub fn has(&self, query: &Query) -> bool {
        match query {
            Query::Object(source) => self.object(source).is_some(),
            Query::Versions(object) => self.versions.contains_key(object),
            Query::Secrets(vault) => self.secrets.contains_key(vault),
            Query::File(path) => self.files.contains_key(path),
        }
    }

    /// The version of an input, as far as it was told.
    pub fn version(&self, input: &Input) -> Option<Result<&VersionId, &Failure>> {
        match input {
            Input::Object(source) => self.object(source).map(|told| told.map(|object| &object.version)),
            Input::File(path) => self.file(path).map(|told| told.map(|file| &file.version)),
        }
    }

    /// What is worth remembering of them: lists, and which versions are the current ones. No value.
    pub fn lists(&self) -> Lists {
        let current = self.objects.iter().filter_map(|(source, told)| {
            let current = source.version == VersionSelector::Latest;
            let told = told.as_ref().ok().filter(|_| current)?;
            Some((source.object.clone(), told.version.clone()))
        });
        let versions = self.versions.iter();
        let secrets = self.secrets.iter();
        Lists {
            current: current.collect(),
            versions: versions
                .filter_map(|(key, list)| Some((key.clone(), list.as_ref().ok()?.clone())))
                .collect(),
            secrets: secrets
                .filter_map(|(key, list)| Some((key.clone(), list.as_ref().ok()?.clone())))
                .collect(),
        }
    }
}

/// The last lists that came back whole, and which versions were the current ones. Where a list fails, or is not due,
/// they stand in for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    current: BTreeMap<ObjectId, VersionId>,
    versions: BTreeMap<ObjectId, Vec<ListedVersion>>,
    secrets: BTreeMap<VaultId, Vec<ListedObject>>,
}

impl Lists {
    /// Takes newer ones over.
    pub fn update(&mut self, newer: Self) {
        self.current.extend(newer.current);
        self.versions.extend(newer.versions);
        self.secrets.extend(newer.secrets);
    }

    /// Lets go of what nobody asks for any more.
    pub fn retain(&mut self, is_asked: impl Fn(&Query) -> bool) {
        let current = |object: &ObjectId| {
            Query::Object(Source {
                object: object.clone(),
                version: VersionSelector::Latest,
            })
        };
        self.current.retain(|object, _| is_asked(&current(object)));
        self.versions
            .retain(|object, _| is_asked(&Query::Versions(object.clone())));
        self.secrets
            .retain(|vault, _| is_asked(&Query::Secrets(vault.clone())));
    }

    /// The version that was an object's current one when it was fetched last.
    pub fn current(&self, object: &ObjectId) -> Option<&VersionId> {
        self.current.get(object)
    }

    /// The last list of an object's versions.
    pub fn versions(&self, object: &ObjectId) -> Option<&[ListedVersion]> {
        self.versions.get(object).map(Vec::as_slice)
    }

    /// The last list of a vault's secrets.
    pub fn secrets(&self, vault: &VaultId) -> Option<&[ListedObject]> {
        self.secrets.get(vault).map(Vec::as_slice)
    }
}
