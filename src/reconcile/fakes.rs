//! A vault, a volume and a clock in memory, for the tests of the loop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use crate::domain::answers::PasswordFile;
use crate::domain::desired::{
    AdminSpec, Content, FileSpec, IdentitySpec, Layout, ObjectSpec, OnStart, PathTemplate, PerObject,
    RefreshSpec, SecretForm, SelectionRule, SelectionSpec, SyncSpec, VersionPolicy, VolumeSpec, Wanted,
};
use crate::domain::hook::Outbox;
use crate::domain::mode::FileMode;
use crate::domain::object::{ObjectId, ObjectKind, ObjectName, Source, VaultId, VersionId, VersionSelector};
use crate::domain::path::RelativePath;
use crate::domain::payload::{
    FileBytes, FileRecord, Observation, ObservedFile, Payload, Publication, RefusedName,
};
use crate::domain::secret::SecretBytes;
use crate::ports::{PasswordFiles, Volume, VolumeFailure, VolumeFailureKind};

use super::asking::{AskLimits, Asking, Patience};
use super::pass::Pass;
use super::passwords::PasswordReads;
use super::renders::Renders;
use super::uptime::Uptime;

mod sync;
mod vault;

pub(super) use sync::{Report, Sync, Turn};
pub(super) use vault::FakeVault;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A volume in memory, with the rules of the real one and a switch that breaks it.
#[derive(Debug, Default)]
pub(super) struct FakeVolume {
    files: Mutex<BTreeMap<RelativePath, (Vec<u8>, ObservedFile)>>,
    records_lost: Mutex<bool>,
    outbox: Mutex<Outbox>,
    hidden: Mutex<bool>,
    taken: Mutex<BTreeSet<String>>,
    rendered: Mutex<Vec<String>>,
    declared: Mutex<Option<VolumeSpec>>,
    /// When a set was replaced that is still kept.
    replaced: Mutex<Option<Instant>>,
    pub(super) broken: Mutex<bool>,
    /// Whether no call ever comes back.
    pub(super) hangs: Mutex<bool>,
}

impl FakeVolume {
    /// The text at a path, if it is published.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let path = RelativePath::parse(path).expect("a valid path");
        let files = lock(&self.files);
        files
            .get(&path)
            .map(|(bytes, _)| String::from_utf8(bytes.clone()).expect("text"))
    }

    /// The text and the record of every file.
    pub(super) fn all(&self) -> BTreeMap<RelativePath, (String, FileRecord)> {
        let files = lock(&self.files);
        let shown = files.iter().map(|(path, (bytes, found))| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            (path.clone(), (text, found.record.as_ref().clone()))
        });
        shown.collect()
    }

    /// Forgets what was published, and leaves the files.
    pub(super) fn lose_records(&self) {
        *lock(&self.records_lost) = true;
    }

    /// Changes what is recorded of each file.
    pub(super) fn edit_records(&self, edit: impl Fn(&mut FileRecord)) {
        lock(&self.files)
            .values_mut()
            .for_each(|(_, found)| edit(Arc::make_mut(&mut found.record)));
    }

    /// Somebody removes a file.
    pub(super) fn lose(&self, path: &str) {
        let path = RelativePath::parse(path).expect("a valid path");
        lock(&self.files).remove(&path);
    }

    /// Makes the volume unreadable, or readable again.
    pub(super) fn hide(&self, hidden: bool) {
        *lock(&self.hidden) = hidden;
    }

    /// Puts something foreign at a name, or takes it away.
    pub(super) fn take_name(&self, name: &str, taken: bool) {
        let mut names = lock(&self.taken);
        if taken {
            names.insert(name.to_owned());
        } else {
            names.remove(name);
        }
    }

    /// The paths whose bytes were handed over, not kept as they are, since the last call of this.
    pub(super) fn take_rendered(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.rendered))
    }

    /// Whether a replaced set is kept.
    pub(super) fn keeps_replaced(&self) -> bool {
        lock(&self.replaced).is_some()
    }

    /// What the specification last said of the volume, if it was exchanged.
    pub(super) fn declared(&self) -> Option<VolumeSpec> {
        lock(&self.declared).clone()
    }

    async fn answers(&self) {
        let hangs = *lock(&self.hangs);
        if hangs {
            std::future::pending::<()>().await;
        }
    }

    fn taken_names(&self) -> Vec<RefusedName> {
        let refused = |name: &String| RefusedName {
            name: name.clone(),
            found: "a directory".into(),
        };
        lock(&self.taken).iter().map(refused).collect()
    }

    fn check(broken: bool) -> Result<(), VolumeFailure> {
        if !broken {
            return Ok(());
        }
        Err(VolumeFailure::new(
            VolumeFailureKind::Full,
            "write",
            "/mnt/akv",
            "make room",
            std::io::Error::from(std::io::ErrorKind::StorageFull),
        ))
    }
}

impl Volume for FakeVolume {
    async fn observe(&self) -> Result<Observation, VolumeFailure> {
        self.answers().await;
        FakeVolume::check(*lock(&self.hidden))?;
        if *lock(&self.records_lost) {
            return Ok(Observation {
                records_lost: true,
                ..Observation::default()
            });
        }
        let files = lock(&self.files);
        let found = files
            .iter()
            .map(|(path, (_, found))| (path.clone(), found.clone()));
        let is_published = |refused: &RefusedName| files.keys().any(|path| refused.covers(path));
        Ok(Observation {
            files: found.collect(),
            refused: self.taken_names().into_iter().filter(is_published).collect(),
            outbox: lock(&self.outbox).clone(),
            is_new: files.is_empty(),
            ..Observation::default()
        })
    }

    async fn refused(&self, paths: BTreeSet<RelativePath>) -> Result<Vec<RefusedName>, VolumeFailure> {
        let mut refused = self.taken_names();
        refused.retain(|refused| paths.iter().any(|path| refused.covers(path)));
        Ok(refused)
    }

    async fn publish(&self, payload: Payload) -> Result<Publication, VolumeFailure> {
        FakeVolume::check(*lock(&self.broken))?;
        *lock(&self.records_lost) = false;
        let mut files = lock(&self.files);
        let mut publication = Publication::default();
        let mut next = BTreeMap::new();
        for (path, file) in &payload.files {
            let earlier = files.get(path).map(|(bytes, _)| bytes.clone());
            let bytes = match &file.bytes {
                FileBytes::Write(bytes) => {
                    lock(&self.rendered).push(path.to_string());
                    bytes.expose().to_vec()
                }
                FileBytes::Published(at) => files.get(at).expect("a kept file is there").0.clone(),
            };
            if earlier.as_ref() != Some(&bytes) {
                publication.written.push(path.clone());
            }
            let found = ObservedFile {
                record: Arc::clone(&file.record),
                mode: file.mode,
                owner_matches: true,
            };
            next.insert(path.clone(), (bytes, found));
        }
        publication.removed = files
            .keys()
            .filter(|path| !next.contains_key(*path))
            .cloned()
            .collect();
        if !(files.is_empty() || publication.written.is_empty()) {
            *lock(&self.replaced) = Some(Instant::now());
        }
        *files = next;
        *lock(&self.outbox) = payload.telling.outbox(publication.changed());
        publication.refused = self.taken_names();
        Ok(publication)
    }

    async fn declare(&self, spec: VolumeSpec) -> Result<(), VolumeFailure> {
        FakeVolume::check(*lock(&self.hidden))?;
        *lock(&self.declared) = Some(spec);
        Ok(())
    }

    async fn tidy(&self, kept: Duration) -> Result<Option<Duration>, VolumeFailure> {
        self.answers().await;
        let mut replaced = lock(&self.replaced);
        let left = replaced.and_then(|at| kept.checked_sub(at.elapsed()));
        let left = left.filter(|left| !left.is_zero());
        if left.is_none() {
            *replaced = None;
        }
        Ok(left)
    }

    /// No call of it waits, so none is ever left under way.
    async fn idle(&self) {}
}

/// A version id made of a number.
pub(super) fn version_id(number: u32) -> VersionId {
    VersionId::parse(&format!("{number:032x}")).expect("32 digits")
}

/// The source of a secret of the vault `app`.
pub(super) fn latest(name: &str) -> Source {
    Source {
        object: ObjectId {
            vault: VaultId::named("app"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse(name).expect("valid"),
        },
        version: VersionSelector::Latest,
    }
}

/// A required secret, written to one path of the same name.
pub(super) fn secret(name: &str) -> ObjectSpec {
    let wanted = Wanted {
        object: latest(name).object,
        version: VersionPolicy::Latest,
    };
    let file = FileSpec {
        path: RelativePath::parse(name).expect("valid"),
        content: Content::Secret(SecretForm::default()),
        mode: FileMode::from_bits(0o440),
    };
    ObjectSpec {
        wanted,
        history: None,
        required: true,
        group: None,
        interval: Duration::from_mins(2),
        files: vec![file],
    }
}

/// A required selection of the vault `app` by prefix, into `picked/`.
pub(super) fn select(prefix: &str) -> SelectionSpec {
    SelectionSpec {
        vault: VaultId::named("app"),
        rule: SelectionRule {
            prefix: Some(prefix.to_owned()),
            ..SelectionRule::default()
        },
        limit: 10,
        may_be_empty: false,
        path: PathTemplate::parse("picked/{suffix}").expect("valid"),
        form: SecretForm::default(),
        mode: FileMode::from_bits(0o440),
        required: true,
        group: None,
        interval: Duration::from_mins(2),
    }
}

/// A specification with these objects and an interval of two minutes.
pub(super) fn spec(objects: Vec<ObjectSpec>) -> SyncSpec {
    SyncSpec {
        identity: IdentitySpec::default(),
        vaults: Vec::new(),
        volume: VolumeSpec {
            path: PathBuf::from("/mnt/akv"),
            layout: Layout::Atomic,
            dir_mode: FileMode::from_bits(0o750),
            owner: None,
            group: None,
        },
        refresh: RefreshSpec {
            interval: Duration::from_mins(2),
            on_start: OnStart::Fresh,
        },
        objects,
        selections: Vec::new(),
        templates: Vec::new(),
        hooks: Vec::new(),
        admin: AdminSpec::default(),
        per_object: PerObject::default(),
    }
}

/// Password files in memory.
#[derive(Debug, Default)]
pub(super) struct FakePasswords(pub(super) Mutex<BTreeMap<PathBuf, String>>);

impl PasswordFiles for FakePasswords {
    fn read(&self, path: &Path) -> std::io::Result<PasswordFile> {
        let found = lock(&self.0).get(path).cloned();
        let password = found.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        let number = password
            .bytes()
            .fold(0_u128, |number, byte| number << 8 | u128::from(byte));
        Ok(PasswordFile {
            version: VersionId::parse(&format!("{number:032x}")).expect("a short password"),
            password: SecretBytes::from(password),
        })
    }
}

/// A vault, a volume, and processes between them.
pub(super) struct Bench {
    pub(super) vault: Arc<FakeVault>,
    pub(super) volume: Arc<FakeVolume>,
    pub(super) passwords: Arc<FakePasswords>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            vault: Arc::default(),
            volume: Arc::default(),
            passwords: Arc::default(),
        }
    }

    /// With secrets of these names, each of the value `one` in version 1.
    pub(super) fn holding(names: &[&str]) -> Self {
        let bench = Self::new();
        for name in names {
            bench.vault.set(name, "one", 1);
        }
        bench
    }

    /// With a secret of so many versions: version 1 is of the value `v1`, and so on.
    pub(super) fn with_versions(name: &str, count: u32) -> Self {
        let bench = Self::new();
        for version in 1..=count {
            bench.vault.set(name, &format!("v{version}"), version);
        }
        bench
    }

    /// A process that begins now: what is published is all that it knows.
    pub(super) fn reconciler(&self, spec: SyncSpec) -> Sync {
        Sync::new(self.pass(spec))
    }

    /// What such a process takes passes with.
    pub(super) fn pass(&self, spec: SyncSpec) -> Pass<FakeVault, Arc<FakeVolume>> {
        let passwords = PasswordReads::new(Arc::clone(&self.passwords) as Arc<dyn PasswordFiles>);
        let limits = AskLimits::default();
        Pass {
            spec: Arc::new(spec),
            volume: Arc::clone(&self.volume),
            asking: Asking::new(
                Arc::clone(&self.vault),
                Arc::new(passwords),
                limits,
                Patience::Short,
            ),
            renders: Renders::new(),
            clock: Arc::new(OffsetDateTime::UNIX_EPOCH),
            jitter: Arc::new(0.5),
            uptime: Uptime::start(),
            confirm: false,
        }
    }
}
