//! What a pass asks of the outside, and what it was told.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::fetched::FetchedObject;
use super::listed::{ListedObject, ListedVersion};
use super::object::{ObjectId, Source, VaultId, VersionId, VersionSelector};
use super::payload::Input;
use super::secret::SecretBytes;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// A version of an object.
    Object(Source),
    /// The list of an object's versions.
    Versions(ObjectId),
    /// The list of a vault's secrets.
    Secrets(VaultId),
    /// A password file, absolute path.
    File(PathBuf),
}

impl Query {
    /// The vault that is asked, if one is.
    pub const fn vault(&self) -> Option<&VaultId> {
        match self {
            Self::Object(source) => Some(&source.object.vault),
            Self::Versions(object) => Some(&object.vault),
            Self::Secrets(vault) => Some(vault),
            Self::File(_) => None,
        }
    }
}

impl From<&Input> for Query {
    fn from(input: &Input) -> Self {
        match input {
            Input::Object(source) => Self::Object(source.clone()),
            Input::File(path) => Self::File(path.clone()),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(source) => write!(f, "{source}"),
            Self::Versions(object) => write!(f, "the versions of {object}"),
            Self::Secrets(vault) => write!(f, "the list of secrets of {vault}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

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
    Object(Box<FetchedObject>),
    /// Every version of an object.
    Versions(Vec<ListedVersion>),
    /// Every secret of a vault.
    Secrets(Vec<ListedObject>),
    /// A password.
    File(PasswordFile),
}

type Told<K, V> = BTreeMap<K, Result<V, Failure>>;

/// Everything that a pass was told so far.
#[derive(Debug, Default)]
pub struct Known {
    objects: Told<Source, FetchedObject>,
    versions: Told<ObjectId, Vec<ListedVersion>>,
    secrets: Told<VaultId, Vec<ListedObject>>,
    files: Told<PathBuf, PasswordFile>,
}

impl Known {
    /// Takes the answer to a question. One of another sort than the question's is dropped.
    pub fn learn(&mut self, query: Query, answer: Result<Answer, Failure>) {
        match (query, answer) {
            (Query::Object(source), Ok(Answer::Object(object))) => {
                self.objects.insert(source, Ok(*object));
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

    /// What was told of an object; `None` when it was not asked for.
    ///
    /// The current version, fetched as such, is also the answer to the question for its identifier.
    pub fn object(&self, source: &Source) -> Option<Result<&FetchedObject, &Failure>> {
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

    /// The questions that were asked, each with its failure if that was the answer.
    pub fn outcomes(&self) -> BTreeMap<Query, Option<Failure>> {
        fn of<K: Clone, V>(
            told: &Told<K, V>,
            query: fn(K) -> Query,
        ) -> impl Iterator<Item = (Query, Option<Failure>)> {
            told.iter()
                .map(move |(key, answer)| (query(key.clone()), answer.as_ref().err().cloned()))
        }
        of(&self.objects, Query::Object)
            .chain(of(&self.versions, Query::Versions))
            .chain(of(&self.secrets, Query::Secrets))
            .chain(of(&self.files, Query::File))
            .collect()
    }
}

/// The last lists that came back whole, and which versions were the current ones. Where a list fails, or is not due,
/// they stand in for it.
#[derive(Debug, Default)]
pub struct Remembered {
    current: BTreeMap<ObjectId, VersionId>,
    versions: BTreeMap<ObjectId, Vec<ListedVersion>>,
    secrets: BTreeMap<VaultId, Vec<ListedObject>>,
}

impl Remembered {
    /// Takes over what a pass was told.
    pub fn update(&mut self, known: Known) {
        let Known {
            objects,
            versions,
            secrets,
            ..
        } = known;
        for (source, told) in objects {
            if let (VersionSelector::Latest, Ok(object)) = (&source.version, told) {
                self.current.insert(source.object, object.version);
            }
        }
        let whole = |(key, list): (_, Result<_, Failure>)| Some((key, list.ok()?));
        self.versions.extend(versions.into_iter().filter_map(whole));
        let whole = |(key, list): (_, Result<_, Failure>)| Some((key, list.ok()?));
        self.secrets.extend(secrets.into_iter().filter_map(whole));
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
