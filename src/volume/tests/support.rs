//! A volume in a temporary directory, and what a reader sees of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::domain::mode::FileMode;
use crate::domain::object::{
    ObjectId, ObjectKind, ObjectName, Source, VaultName, VersionId, VersionSelector,
};
use crate::domain::path::RelativePath;
use crate::domain::payload::{FileBytes, FileRecord, Input, InputRecord, Payload, PayloadFile, Validity};
use crate::domain::secret::SecretBytes;
use crate::domain::spec::{Content, Layout, SecretForm, VolumeSpec};
use crate::ports::{Volume as _, VolumeFailure};
use crate::volume::StepObserver;
use crate::volume::atomic::{AtomicVolume, Step};

/// Directory of a test volume, and the specification that it is opened with.
pub(super) struct TestVolume {
    _above: Option<TempDir>,
    pub(super) spec: VolumeSpec,
}

impl TestVolume {
    /// In memory where there is a memory file system: the many volumes of a test need not wait for a disk.
    pub(super) fn new() -> Self {
        Self::in_directory(TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()))
    }

    /// In the directory for temporary files, which usually is on a disk.
    pub(super) fn on_disk() -> Self {
        Self::in_directory(TempDir::new())
    }

    fn in_directory(above: std::io::Result<TempDir>) -> Self {
        let above = above.expect("temporary directory");
        let path = above.path().join("akv");
        fs::create_dir(&path).expect("root");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("root mode");
        Self {
            _above: Some(above),
            ..Self::at(path)
        }
    }

    /// A volume in a directory that somebody else made.
    pub(super) fn at(path: PathBuf) -> Self {
        let spec = VolumeSpec {
            path,
            layout: Layout::Atomic,
            dir_mode: FileMode::from_bits(0o755),
            owner: None,
            group: None,
        };
        Self { _above: None, spec }
    }

    pub(super) fn root(&self) -> &Path {
        &self.spec.path
    }

    /// A path beside the root, outside the volume.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.root().with_file_name(name)
    }

    /// Opens it with a clock so far ahead of the files' stamps that each file is read once.
    pub(super) fn open(&self) -> AtomicVolume {
        let later = OffsetDateTime::now_utc() + time::Duration::minutes(1);
        AtomicVolume::open(&self.spec, Arc::new(later)).expect("opens")
    }

    /// Why it cannot be opened.
    pub(super) fn refusal(&self) -> VolumeFailure {
        let clock = Arc::new(OffsetDateTime::UNIX_EPOCH);
        AtomicVolume::open(&self.spec, clock).expect_err("must not open")
    }

    pub(super) fn open_observed(&self, steps: impl StepObserver<Step> + 'static) -> AtomicVolume {
        let clock = Arc::new(OffsetDateTime::now_utc());
        AtomicVolume::open_observed(&self.spec, clock, Arc::new(steps)).expect("opens")
    }

    /// The generation that is published.
    pub(super) fn generation(&self) -> PathBuf {
        let name = fs::read_link(self.root().join("..data")).expect("..data");
        self.root().join(name)
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.generation().join("..akv-sync.json")
    }

    /// What a reader finds under the user-visible names: path to bytes and mode.
    pub(super) fn visible(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(self.root()).expect("root") {
            let name = entry.expect("entry").file_name().into_string().expect("UTF-8");
            // Between commit and clean-up a link to a name that is gone leads nowhere, which is how a reader sees it.
            if !name.starts_with("..") && self.root().join(&name).exists() {
                collect(&self.root().join(&name), &name, &mut found);
            }
        }
        found
    }

    /// What a reader finds that resolves `..data` once.
    pub(super) fn files_of_generation(&self) -> BTreeMap<String, (Vec<u8>, u32)> {
        let generation = self.generation();
        let mut files = BTreeMap::new();
        for name in names(&generation) {
            if !name.starts_with("..") {
                collect(&generation.join(&name), &name, &mut files);
            }
        }
        files
    }

    /// Fails unless the root holds `..data`, one generation and the links of `payload`, and the generation holds
    /// the state file and the files of `payload`, and there is nothing else.
    pub(super) fn assert_tidy(&self, payload: &Payload) {
        let mut expected: BTreeSet<String> = payload
            .files
            .keys()
            .map(|path| path.first_element().to_owned())
            .collect();
        for name in &expected {
            let target = fs::read_link(self.root().join(name)).expect("link");
            assert_eq!(target, Path::new("..data").join(name));
        }
        let generation = self.generation();
        expected.insert("..data".to_owned());
        expected.insert(
            generation
                .file_name()
                .expect("name")
                .to_string_lossy()
                .into_owned(),
        );
        assert_eq!(names(self.root()), expected);

        let mut files = BTreeMap::new();
        for name in names(&generation) {
            collect(&generation.join(&name), &name, &mut files);
        }
        let mut expected: BTreeSet<_> = payload.files.keys().map(ToString::to_string).collect();
        expected.insert("..akv-sync.json".to_owned());
        assert_eq!(files.into_keys().collect::<BTreeSet<_>>(), expected);
    }

    /// Publishes with a volume of its own.
    pub(super) fn publish(&self, payload: &Payload) {
        self.open().publish(payload).expect("publishes");
    }
}

/// Names in a directory.
pub(super) fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("directory");
    entries
        .map(|entry| entry.expect("entry").file_name().into_string().expect("UTF-8"))
        .collect()
}

fn collect(path: &Path, name: &str, found: &mut BTreeMap<String, (Vec<u8>, u32)>) {
    let metadata = fs::metadata(path).expect("readable");
    if metadata.is_dir() {
        for child in names(path) {
            collect(&path.join(&child), &format!("{name}/{child}"), found);
        }
    } else {
        let mode = metadata.permissions().mode() & 0o7777;
        found.insert(name.to_owned(), (fs::read(path).expect("readable"), mode));
    }
}

pub(super) fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).expect("valid path")
}

/// The record of a version, told apart by `version`.
pub(super) fn record(version: u8) -> FileRecord {
    let source = Source {
        object: ObjectId {
            vault: VaultName::parse("app").expect("valid"),
            kind: ObjectKind::Secret,
            name: ObjectName::parse("db-password").expect("valid"),
        },
        version: VersionSelector::Latest,
    };
    FileRecord {
        content: Content::Secret(SecretForm::default()),
        inputs: vec![InputRecord {
            input: Input::Object(source),
            version: VersionId::parse(&format!("{version:032x}")).expect("valid"),
        }],
        validity: Validity::default(),
        fetched: datetime!(2026-11-23 05:48:45 UTC),
    }
}

/// A file to be written, version 1.
pub(super) fn file(bytes: &str, mode: u32) -> PayloadFile {
    PayloadFile {
        bytes: FileBytes::Write(SecretBytes::from(bytes.to_owned())),
        mode: FileMode::from_bits(mode),
        record: record(1),
    }
}

/// A payload of files to be written: path, bytes, mode.
pub(super) fn payload(files: &[(&str, &str, u32)]) -> Payload {
    let files = files
        .iter()
        .map(|(name, bytes, mode)| (path(name), file(bytes, *mode)));
    Payload {
        files: files.collect(),
    }
}

/// The same payload with every file kept.
pub(super) fn kept(payload: &Payload) -> Payload {
    let mut kept = payload.clone();
    for (path, file) in &mut kept.files {
        file.bytes = FileBytes::Published(path.clone());
    }
    kept
}

/// What a reader shall find of a payload whose files are all to be written.
pub(super) fn expected(payload: &Payload) -> BTreeMap<String, (Vec<u8>, u32)> {
    let files = payload.files.iter().map(|(path, file)| match &file.bytes {
        FileBytes::Write(bytes) => (path.to_string(), (bytes.expose().to_vec(), file.mode.bits())),
        FileBytes::Published(_) => panic!("the bytes of {path} are not known"),
    });
    files.collect()
}

/// Paths as texts.
pub(super) fn texts(paths: &[RelativePath]) -> Vec<&str> {
    paths.iter().map(RelativePath::as_str).collect()
}

/// Everything that tells whether something was touched: the name, kind, inode, mode and times of each entry of
/// the volume.
pub(super) fn fingerprint(root: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let mut lines = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let found = fs::symlink_metadata(&path).expect("there");
        lines.push(format!(
            "{} {:o} {} {}.{} {}.{}",
            path.display(),
            found.mode(),
            found.ino(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec()
        ));
        if found.is_dir() {
            pending.extend(names(&path).into_iter().map(|name| path.join(name)));
        }
    }
    lines.sort();
    lines
}
