//! A vault in memory whose secrets a test sets and breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use time::OffsetDateTime;

use super::{lock, version_id};
use crate::domain::failure::{Failure, Reason};
use crate::domain::fetched::{Attributes, FetchedContent, FetchedObject, SecretContent};
use crate::domain::listed::{ListedObject, ListedVersion};
use crate::domain::object::{ObjectId, ObjectName, Source, VaultId, VersionId, VersionSelector};
use crate::domain::secret::SecretBytes;
use crate::ports::{Attempts, Vault};

/// A vault whose secrets a test sets and breaks.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct FakeVault {
    secrets: Mutex<BTreeMap<String, Held>>,
    calls: Mutex<Vec<Source>>,
    lists: Mutex<Vec<String>>,
    list_refusal: Mutex<Option<(Reason, Option<Duration>)>>,
    hidden: Mutex<BTreeSet<String>>,
    delays: Mutex<BTreeMap<String, Duration>>,
    silent_lists: Mutex<bool>,
}

#[derive(Debug, Clone)]
enum Held {
    /// Oldest first.
    Versions(Vec<Version>, BTreeMap<String, String>),
    Refused(Reason, Option<Duration>),
    Silent,
}

#[derive(Debug, Clone)]
struct Version {
    id: VersionId,
    value: String,
    enabled: bool,
    created: OffsetDateTime,
}

impl FakeVault {
    /// Puts a value in, as version `version`, which becomes the current one; it is made at second `version`.
    pub(in crate::reconcile) fn set(&self, name: &str, value: &str, version: u32) {
        self.set_at(name, value, version, i64::from(version));
    }

    /// The same, made at some second.
    pub(in crate::reconcile) fn set_at(&self, name: &str, value: &str, version: u32, second: i64) {
        let version = Version {
            id: version_id(version),
            value: value.to_owned(),
            enabled: true,
            created: OffsetDateTime::from_unix_timestamp(second).expect("in range"),
        };
        let mut secrets = lock(&self.secrets);
        let held = secrets.entry(name.to_owned()).or_insert(Held::Silent);
        if !matches!(held, Held::Versions(..)) {
            *held = Held::Versions(Vec::new(), BTreeMap::new());
        }
        if let Held::Versions(versions, _) = held {
            versions.retain(|known| known.id != version.id);
            versions.push(version);
        }
    }

    /// Enables or disables a version.
    pub(in crate::reconcile) fn enable(&self, name: &str, version: u32, enabled: bool) {
        if let Some(Held::Versions(versions, _)) = lock(&self.secrets).get_mut(name) {
            for known in versions
                .iter_mut()
                .filter(|known| known.id == version_id(version))
            {
                known.enabled = enabled;
            }
        }
    }

    /// Gives a secret a tag.
    pub(in crate::reconcile) fn tag(&self, name: &str, key: &str, value: &str) {
        if let Some(Held::Versions(_, tags)) = lock(&self.secrets).get_mut(name) {
            tags.insert(key.to_owned(), value.to_owned());
        }
    }

    /// Takes a secret away.
    pub(in crate::reconcile) fn delete(&self, name: &str) {
        lock(&self.secrets).remove(name);
    }

    /// Lets each fetch of it fail.
    pub(in crate::reconcile) fn refuse(&self, name: &str, reason: Reason, retry_after: Option<Duration>) {
        lock(&self.secrets).insert(name.to_owned(), Held::Refused(reason, retry_after));
    }

    /// Never answers for it.
    pub(in crate::reconcile) fn silence(&self, name: &str) {
        lock(&self.secrets).insert(name.to_owned(), Held::Silent);
    }

    /// Answers for it after so long.
    pub(in crate::reconcile) fn delay(&self, name: &str, delay: Duration) {
        lock(&self.delays).insert(name.to_owned(), delay);
    }

    /// Never answers to a list.
    pub(in crate::reconcile) fn silence_lists(&self) {
        *lock(&self.silent_lists) = true;
    }

    /// Lets every list fail, or work again.
    pub(in crate::reconcile) fn refuse_lists(&self, reason: Option<Reason>) {
        *lock(&self.list_refusal) = reason.map(|reason| (reason, None));
    }

    /// Throttles every list, and says how long to wait.
    pub(in crate::reconcile) fn throttle_lists(&self, retry_after: Duration) {
        *lock(&self.list_refusal) = Some((Reason::Throttled, Some(retry_after)));
    }

    /// Leaves a secret out of the lists, although it is there, or shows it again.
    pub(in crate::reconcile) fn hide(&self, name: &str, hidden: bool) {
        let mut names = lock(&self.hidden);
        if hidden {
            names.insert(name.to_owned());
        } else {
            names.remove(name);
        }
    }

    /// The sources asked for since the last call of this.
    pub(in crate::reconcile) fn take_calls(&self) -> Vec<Source> {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// The lists asked for since the last call of this.
    pub(in crate::reconcile) fn take_lists(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.lists))
    }

    fn list(&self, what: String) -> Result<(), Failure> {
        lock(&self.lists).push(what);
        let refusal = *lock(&self.list_refusal);
        refusal.map_or(Ok(()), |(reason, retry_after)| {
            Err(refused("the list", reason, retry_after))
        })
    }
}

fn refused(what: &str, reason: Reason, retry_after: Option<Duration>) -> Failure {
    Failure::new(reason, format!("{what} refused"), "mend it").after(retry_after)
}

impl Vault for FakeVault {
    async fn fetch(&self, source: &Source, attempts: &Attempts) -> Result<FetchedObject, Failure> {
        attempts.begin();
        lock(&self.calls).push(source.clone());
        let delay = lock(&self.delays).get(source.object.name.as_str()).copied();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let held = lock(&self.secrets).get(source.object.name.as_str()).cloned();
        let refused = |reason, retry_after| Err(refused(&source.to_string(), reason, retry_after));
        let (versions, tags) = match held {
            None => return refused(Reason::NotFound, None),
            Some(Held::Refused(reason, retry_after)) => return refused(reason, retry_after),
            Some(Held::Silent) => std::future::pending().await,
            Some(Held::Versions(versions, tags)) => (versions, tags),
        };
        let version = match &source.version {
            VersionSelector::Latest => versions.last(),
            VersionSelector::Exact(wanted) => versions.iter().find(|version| version.id == *wanted),
        };
        match version {
            None => refused(Reason::VersionNotFound, None),
            Some(version) if !version.enabled => refused(Reason::Disabled, None),
            Some(version) => Ok(FetchedObject {
                object: source.object.clone(),
                version: version.id.clone(),
                id: String::new(),
                attributes: Attributes {
                    created: Some(version.created),
                    tags,
                    ..Attributes::default()
                },
                content: FetchedContent::Secret(SecretContent {
                    value: SecretBytes::from(version.value.clone()),
                    content_type: None,
                    backs_certificate: false,
                }),
            }),
        }
    }

    async fn versions(&self, object: &ObjectId, attempts: &Attempts) -> Result<Vec<ListedVersion>, Failure> {
        attempts.begin();
        self.list(object.to_string())?;
        let held = lock(&self.secrets).get(object.name.as_str()).cloned();
        let mut versions = match held {
            None => return Ok(Vec::new()),
            Some(Held::Refused(reason, retry_after)) => {
                return Err(refused(&object.to_string(), reason, retry_after));
            }
            Some(Held::Silent) => std::future::pending().await,
            Some(Held::Versions(versions, _)) => versions,
        };
        // As the service does.
        versions.sort_by(|one, other| one.id.cmp(&other.id));
        let listed = |version: Version| ListedVersion {
            version: version.id,
            enabled: version.enabled,
            created: Some(version.created),
        };
        Ok(versions.into_iter().map(listed).collect())
    }

    async fn secrets(&self, vault: &VaultId, attempts: &Attempts) -> Result<Vec<ListedObject>, Failure> {
        attempts.begin();
        self.list(vault.to_string())?;
        if *lock(&self.silent_lists) {
            std::future::pending::<()>().await;
        }
        let hidden = lock(&self.hidden).clone();
        let secrets = lock(&self.secrets).clone();
        let shown = secrets.into_iter().filter(|(name, _)| !hidden.contains(name));
        let listed = shown.map(|(name, held)| {
            let (enabled, tags) = match held {
                Held::Versions(versions, tags) => (versions.last().is_none_or(|last| last.enabled), tags),
                Held::Refused(..) | Held::Silent => (true, BTreeMap::new()),
            };
            ListedObject {
                name: ObjectName::parse(&name).expect("valid"),
                enabled,
                managed: false,
                tags,
            }
        });
        Ok(listed.collect())
    }
}
