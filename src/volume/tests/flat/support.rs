//! A volume with the layout `flat` in a temporary directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::domain::payload::Payload;
use crate::domain::spec::Layout;
use crate::ports::{Volume as _, VolumeFailure};
use crate::volume::StepObserver;
use crate::volume::flat::{FlatVolume, Step};
use crate::volume::tests::support::{TestVolume, names};
use crate::volume::tree;

/// A test volume whose specification says `flat`.
pub(super) struct FlatTest(TestVolume);

impl FlatTest {
    pub(super) fn new() -> Self {
        Self::of(TestVolume::new())
    }

    pub(super) fn on_disk() -> Self {
        Self::of(TestVolume::on_disk())
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Self::of(TestVolume::at(path))
    }

    fn of(mut test: TestVolume) -> Self {
        test.spec.layout = Layout::Flat;
        Self(test)
    }

    /// Opens it with a clock so far ahead of the files' stamps that each file is read once.
    pub(super) fn open(&self) -> FlatVolume {
        let later = OffsetDateTime::now_utc() + time::Duration::minutes(1);
        FlatVolume::open(&self.spec, Arc::new(later)).expect("opens")
    }

    pub(super) fn open_observed(&self, steps: impl StepObserver<Step> + 'static) -> FlatVolume {
        let later = OffsetDateTime::now_utc() + time::Duration::minutes(1);
        FlatVolume::open_observed(&self.spec, Arc::new(later), Arc::new(steps)).expect("opens")
    }

    /// Publishes with a volume of its own.
    pub(super) fn publish(&self, payload: &Payload) {
        self.open().publish(payload).expect("publishes");
    }

    /// Why it cannot be published to.
    pub(super) fn refusal(&self, payload: &Payload) -> VolumeFailure {
        self.open().publish(payload).expect_err("must not publish")
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.root().join("..akv-sync.json")
    }

    pub(super) fn state(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.state_file()).expect("readable")).expect("JSON")
    }

    /// Fails unless the root holds the state file, the files of `payload` and the directories on the way to them, all
    /// of them real, and nothing else.
    pub(super) fn assert_tidy(&self, payload: &Payload) {
        let mut expected: BTreeMap<String, &str> = BTreeMap::new();
        for directory in tree::directories(payload.files.keys()) {
            expected.insert(directory.to_owned(), "directory");
        }
        for path in payload.files.keys() {
            expected.insert(path.to_string(), "file");
        }
        expected.insert("..akv-sync.json".to_owned(), "file");
        assert_eq!(self.everything(), expected);
        assert!(self.state().get("intent").is_none(), "the intent is not done");
        let recorded = self.state()["files"].as_object().expect("files").clone();
        let recorded: BTreeSet<_> = recorded.into_iter().map(|(path, _)| path).collect();
        assert_eq!(recorded, payload.files.keys().map(ToString::to_string).collect());
    }

    /// Every entry below the root, and what it is.
    pub(super) fn everything(&self) -> BTreeMap<String, &'static str> {
        let mut found = BTreeMap::new();
        let mut pending = vec![String::new()];
        while let Some(directory) = pending.pop() {
            for name in names(&self.root().join(&directory)) {
                let path = if directory.is_empty() {
                    name
                } else {
                    format!("{directory}/{name}")
                };
                let metadata = fs::symlink_metadata(self.root().join(&path)).expect("there");
                let kind = if metadata.is_dir() {
                    pending.push(path.clone());
                    "directory"
                } else if metadata.is_file() {
                    "file"
                } else {
                    "something else"
                };
                found.insert(path, kind);
            }
        }
        found
    }
}

impl Deref for FlatTest {
    type Target = TestVolume;
    fn deref(&self) -> &TestVolume {
        &self.0
    }
}

impl DerefMut for FlatTest {
    fn deref_mut(&mut self) -> &mut TestVolume {
        &mut self.0
    }
}
